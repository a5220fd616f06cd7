// worker/endpoint.h: gives each attempt its tracking endpoint: a token of its own, and a sink that
// puts what its script logs into the spool.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/error.h"
#include "core/message.h"
#include "tracking/server.h"
#include "tracking/token.h"
#include "worker/spool.h"

namespace trawl::worker {

/// What an attempt's processes need to reach their endpoint.
struct EndpointAccess {
  std::string uri;
  std::string token;
};

/// One thread uses it; the server's own threads call the sinks.
class Endpoint {
 public:
  static Result<std::unique_ptr<Endpoint>> start(Spool* spool);
  ~Endpoint();

  Result<EndpointAccess> open(const core::LaunchOrder& order, const std::string& artifacts_folder,
                              const std::string& log_path);

  /// Waits for the attempt's requests in flight.
  void close(const core::LaunchOrder& order);

 private:
  class SpoolSink;
  explicit Endpoint(Spool* spool);

  Spool* spool_;
  const std::string user_;                                   // who runs this
  std::map<std::string, std::unique_ptr<SpoolSink>> sinks_;  // by trial name; outlive the server
  std::unique_ptr<tracking::Server> server_;
};

using tracking::random_hex;

}  // namespace trawl::worker
