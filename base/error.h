// base/error.h: expected failures as values. Bad input, a peer that is gone or a full disk is a
// Result; a defect of ours is TRAWL_ASSERT (base/assert.h); exceptions are a library's only and are
// caught in the one file that wraps it.
#pragma once

#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace trawl {

enum class ErrorCode {
  kInvalid,      // bad usage, an invalid file or value: exit 3
  kNotFound,     // no such job, trial, output: exit 4
  kUnavailable,  // the coordinator cannot be reached or refuses: exit 5
  kConflict,     // the name is taken, the state folder is held: exit 6
  kSystem,       // the machine refused: no permission, out of descriptors, a damaged file
  kFull,         // a disk has no room: the same can succeed later
};

/// What happened, to which named thing, where, and what to do next: one or more sentences that a
/// person reads.
struct Error {
  ErrorCode code{};
  std::string message;

  friend bool operator==(const Error&, const Error&) = default;
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
  return tl::unexpected<Error>(Error{code, std::move(message)});
}

/// `what: ` and the text of errno `number`, for a failed system call.
tl::unexpected<Error> fail_errno(const std::string& what, int number);

}  // namespace trawl
