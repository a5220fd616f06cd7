// core/command.h: what the coordinator's shell must do, in order, once the facts that were decided
// with them are on disk.
#pragma once

#include <cstdint>
#include <string>
#include <variant>

#include "base/error.h"
#include "base/instant.h"
#include "core/ids.h"
#include "core/message.h"

namespace trawl::core {

struct Send {
  WorkerId worker;
  ToWorker message;
  /// It may go before the facts are on disk (core/coordinator.h).
  bool is_free() const { return std::holds_alternative<HeartbeatSeen>(message.body); }
  friend bool operator==(const Send&, const Send&) = default;
};

/// Answers a client: the job's name, or why not.
struct Reply {
  RequestId request;
  Result<std::string> answer;
  friend bool operator==(const Reply& a, const Reply& b) {
    return a.request == b.request && a.answer == b.answer;
  }
};

/// Ask the job's sampler for trials `first` .. `first` + `count` - 1.
struct Suggest {
  JobId job;
  std::int64_t first{};
  std::int64_t count{};
  friend bool operator==(const Suggest&, const Suggest&) = default;
};

/// Fire the timer at `at`; replaces the one set before.
struct SetTimer {
  Instant at;
  friend bool operator==(const SetTimer&, const SetTimer&) = default;
};

/// A job has ended for good: what was kept of its submission may go.
struct DropSnapshot {
  std::string shell_environment;  // as in its CommandSpec, not empty
  friend bool operator==(const DropSnapshot&, const DropSnapshot&) = default;
};

/// The connection is out of date or its worker is lost: nothing is sent to it any more, and what it
/// says changes nothing.
struct Dismiss {
  WorkerId worker;
  friend bool operator==(const Dismiss&, const Dismiss&) = default;
};

/// For the log: what has happened to a worker, in words.
struct Tell {
  std::string sentence;
  friend bool operator==(const Tell&, const Tell&) = default;
};

using Command = std::variant<Send, Reply, Suggest, SetTimer, DropSnapshot, Dismiss, Tell>;

}  // namespace trawl::core
