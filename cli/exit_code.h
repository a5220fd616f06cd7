// cli/exit_code.h: what the process ends with; docs and --help name the same numbers.
#pragma once

#include <string_view>

#include "base/error.h"

namespace trawl::cli {

inline constexpr int kExitDone = 0;
inline constexpr int kExitFailed = 1;    // the job Failed
inline constexpr int kExitCanceled = 2;  // the job was Canceled
inline constexpr int kExitUsage = 3;     // bad usage or an invalid file
inline constexpr int kExitNotFound = 4;
inline constexpr int kExitUnavailable = 5;  // the coordinator cannot be reached or refuses
inline constexpr int kExitConflict = 6;     // name taken, state folder held
inline constexpr int kExitOutput = 74;      // the answer could not be written (EX_IOERR)
inline constexpr int kExitDetached = 130;   // Ctrl-C ended the watching, not the job

inline int exit_code(const Error& error) {
  switch (error.code) {
    case ErrorCode::kInvalid:
      return kExitUsage;
    case ErrorCode::kNotFound:
      return kExitNotFound;
    case ErrorCode::kConflict:
      return kExitConflict;
    case ErrorCode::kUnavailable:
    case ErrorCode::kSystem:
    case ErrorCode::kFull:
      return kExitUnavailable;
  }
  return kExitUnavailable;
}

/// Of a job that has ended with `status`.
inline int exit_code_of_status(std::string_view status) {
  if (status == "Completed") return kExitDone;
  return status == "Canceled" ? kExitCanceled : kExitFailed;
}

}  // namespace trawl::cli
