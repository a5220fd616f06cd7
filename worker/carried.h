// worker/carried.h: what a worker must know to go on with an attempt that an earlier process of it
// started. It lies in the keeper's memory beside the command, so that it costs no write to a disk.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"
#include "core/message.h"

namespace trawl::worker {

struct Carried {
  core::LaunchOrder order;
  std::string token;             // of its tracking endpoint; letters and digits
  std::int64_t start_time_ms{};  // of its run, since the Unix epoch
  bool of_shell{};               // a shell runs the command
  std::string jobs_folder;       // where its folder is (worker/attempt_folder.h)
  friend bool operator==(const Carried&, const Carried&) = default;
};

std::string encode(const Carried& carried);

/// kInvalid: damaged; kUnavailable: written by a build that speaks another protocol version.
Result<Carried> decode_carried(std::string_view bytes);

}  // namespace trawl::worker
