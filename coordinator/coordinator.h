// coordinator/coordinator.h: the coordinator's process: opens the state folder, runs the loop.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/instant.h"
#include "protocol/tcp_address.h"

namespace trawl::coordinator {

/// Where the MLflow API over all jobs is served.
struct TrackingAddress {
  std::string host;         // an IPv4 or IPv6 address in digits
  int port{};               // 0: the system chooses
  bool needs_token = true;  // false: whoever reaches it may do everything
};

struct CoordinatorOptions {
  std::string home;                         // the state folder, absolute
  Duration stop_grace{};                    // between SIGTERM and SIGKILL
  std::optional<Duration> leave_when_idle;  // absent: it stays
  std::optional<TrackingAddress> tracking;  // absent: the API is not served
  bool expects_job = false;  // whoever started it has one: the worker gets ready beside it
  std::optional<protocol::TcpAddress> listen;  // for other machines, in digits; absent: none
  Duration lease = std::chrono::seconds(60);  // how long other machines' workers may go unheard
  bool local_worker = true;  // whether to run a worker on this machine while there are jobs
  /// Once clients can connect; with the address at which other machines do, or "".
  std::function<void(const std::string& listen)> on_ready;
};

/// Runs until it is told to stop, or is idle for long enough. kConflict: another coordinator has
/// the folder, or the tracking port is taken; the other codes as they come from the database and
/// the sockets.
Result<void> run_coordinator(const CoordinatorOptions& options);

}  // namespace trawl::coordinator
