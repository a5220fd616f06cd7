// core/status.h: the statuses of jobs and trials, spelled as Azure ML spells them.
#pragma once

#include <optional>
#include <string_view>

namespace trawl::core {

enum class Status {
  kQueued,
  kStarting,
  kRunning,
  kCancelRequested,
  kCompleted,
  kFailed,
  kCanceled,
};

/// "Queued", "Running", ...
std::string_view to_string(Status status);

/// True for the three that a job or trial never leaves.
bool is_terminal(Status status);

}  // namespace trawl::core
