// worker/endpoint.h: gives each attempt its tracking endpoint: a token of its own, and a sink that
// puts what its script logs into the spool.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "base/error.h"
#include "core/message.h"
#include "tracking/server.h"
#include "tracking/token.h"
#include "worker/spool.h"

namespace trawl::worker {

/// What an attempt's processes need to reach their endpoint, and what makes it the same again.
struct EndpointAccess {
  std::string uri;
  std::string token;
  std::int64_t start_time_ms{};  // of the run, since the Unix epoch
};

struct EndpointPlace {
  std::string artifacts_folder;
  std::string log_path;  // warnings are appended here
};

/// One thread uses it; the server's own threads call the sinks.
class Endpoint {
 public:
  /// The settings' socket listens already (tracking::open_socket()) and stays the caller's. Nothing
  /// is answered before serve().
  Endpoint(Spool* spool, tracking::ServerSettings settings);
  ~Endpoint();

  /// Once; what was reopened before is there for the first request.
  Result<void> serve();

  /// After serve().
  Result<EndpointAccess> open(const core::LaunchOrder& order, const EndpointPlace& place);

  /// The same as an earlier process of this worker opened it, at the same socket: with the token
  /// and the start of then, and what the spool has of the attempt.
  Result<void> reopen(const core::LaunchOrder& order, const EndpointPlace& place,
                      const EndpointAccess& access);

  /// Waits for the attempt's requests in flight. Nothing happens where it has no session, or
  /// another attempt of its trial has.
  void close(const core::LaunchOrder& order);

 private:
  class SpoolSink;

  Spool* spool_;
  const std::string user_;                                   // who runs this
  std::map<std::string, std::unique_ptr<SpoolSink>> sinks_;  // by trial name; outlive the server
  tracking::Server server_;
};

using tracking::random_hex;

}  // namespace trawl::worker
