// coordinator/tracking_server.h: the coordinator's tracking address: an HTTP server with the MLflow
// API over all jobs.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "coordinator/coordinator.h"
#include "coordinator/store.h"
#include "tracking/server.h"

namespace trawl::coordinator {

class TrackingServer {
 public:
  /// Serves when it returns. `store` outlives it. kConflict: the port is taken; kInvalid: the
  /// address is not one of this machine, or the token's file is spoilt; kSystem.
  static Result<std::unique_ptr<TrackingServer>> start(Store* store, const std::string& home,
                                                       const TrackingAddress& address);

  /// What clients set MLFLOW_TRACKING_URI to.
  const std::string& uri() const { return uri_; }

 private:
  TrackingServer(std::unique_ptr<tracking::Server> server, std::string uri)
      : server_(std::move(server)), uri_(std::move(uri)) {}

  std::unique_ptr<tracking::Server> server_;
  std::string uri_;
};

}  // namespace trawl::coordinator
