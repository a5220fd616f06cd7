// coordinator/coordinator.h: the coordinator's process: opens the state folder, runs the loop.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/instant.h"

namespace trawl::coordinator {

struct CoordinatorOptions {
  std::string home;                         // the state folder, absolute
  Duration stop_grace{};                    // between SIGTERM and SIGKILL
  std::optional<Duration> leave_when_idle;  // absent: it stays
  std::function<void()> on_ready;           // once clients can connect
};

/// Runs until it is told to stop, or is idle for long enough. kConflict: another coordinator has
/// the folder; the other codes as they come from the database and the socket.
Result<void> run_coordinator(const CoordinatorOptions& options);

}  // namespace trawl::coordinator
