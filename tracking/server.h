// tracking/server.h: the HTTP server that trials on this machine log to. It owns sockets and
// threads, checks the token, finds the session by the prefix /t/<trial>, and leaves the rest to it.
//
// An idle keep-alive connection costs a descriptor and about 100 bytes, no thread: one thread
// watches all of them, and a connection holds a pool thread only from the first byte of a request
// until it has been quiet for a moment. So 400 trials at 1 Hz are served by a handful of threads.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "base/error.h"
#include "tracking/session.h"

namespace trawl::tracking {

struct ServerSettings {
  int port = 0;  // on 127.0.0.1; 0: the system chooses
  /// Threads are started as requests need them, up to this many, and end after some idle seconds.
  /// A request that waits for its commit or for a slow upload holds one.
  int thread_count_max = 64;
  int connection_count_max = 4096;  // a further one is closed at once; clients try again
  std::size_t json_bytes_max = std::size_t{64}
                               << 20;  // a longer JSON body is 400; artifacts stream
};

/// All functions may be called from any thread.
class Server {
 public:
  /// Listens when it returns. kConflict: the port is taken; kSystem: the machine refused.
  static Result<std::unique_ptr<Server>> start(ServerSettings settings);

  /// Stops accepting, lets requests in flight finish, closes all connections.
  ~Server();

  int port() const;

  /// From now on /t/<trial>/ is served. kConflict: that trial has a session already; else the
  /// errors of Session::open.
  Result<void> add_session(SessionSettings settings);

  /// From now on /t/<trial>/ is unknown (404); returns when its requests in flight have been
  /// answered and its sink is no longer called. An unknown trial is ignored.
  void remove_session(std::string_view trial);

 private:
  class Shell;

  explicit Server(std::unique_ptr<Shell> shell);

  std::unique_ptr<Shell> shell_;
};

}  // namespace trawl::tracking
