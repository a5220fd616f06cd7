// tracking/server.h: the HTTP server that clients log to. It owns sockets and threads, finds the
// session by the prefix /t/<trial>, or takes the root session where there is no prefix, asks it
// whether the token is right, and leaves the rest to it.
//
// An idle keep-alive connection costs a descriptor and about 100 bytes, no thread: one thread
// watches all of them, and a connection holds a pool thread only from the first byte of a request
// until it has been quiet for a moment. So 400 trials at 1 Hz are served by a handful of threads.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "tracking/session.h"
#include "tracking/trial_session.h"

namespace trawl::tracking {

struct ServerSettings {
  std::string address = "127.0.0.1";  // to listen at: an IPv4 or IPv6 address in digits
  int port = 0;                       // 0: the system chooses
  /// A socket that listens already, from open_socket(), to serve instead of `address` and `port`.
  /// It stays the caller's: closed by the server's end is only the server's own copy. -1: none.
  int socket = -1;
  /// Hosts that a request to the root session may name, beyond localhost and private addresses;
  /// "*" allows any. A page of another site must not reach it through a name of its own that
  /// resolves here.
  std::vector<std::string> allowed_hosts = {};
  /// Threads are started as requests need them, up to this many, and end after some idle seconds.
  /// A request that waits for its commit or for a slow upload holds one.
  int thread_count_max = 64;
  int connection_count_max = 4096;  // a further one is closed at once; clients try again
  std::size_t json_bytes_max = std::size_t{64}
                               << 20;  // a longer JSON body is 400; artifacts stream
};

/// A socket that listens at the settings' address and port: connections wait in it until a server
/// serves it. Whoever has a copy keeps the port. Errors as Server::start's.
Result<int> open_socket(const ServerSettings& settings);

/// All functions may be called from any thread.
class Server {
 public:
  /// Listens when it returns. `root`, if there is one, serves what has no prefix. kConflict: the
  /// port is taken; kInvalid: the address is none; kSystem: the machine refused.
  static Result<std::unique_ptr<Server>> start(ServerSettings settings,
                                               std::unique_ptr<Session> root = nullptr);

  /// Not yet serving: sessions that are added before serve() are there for the first request.
  explicit Server(ServerSettings settings, std::unique_ptr<Session> root = nullptr);

  /// Once. Errors as start's.
  Result<void> serve();

  /// Stops accepting, lets requests in flight finish, closes all connections.
  ~Server();

  int port() const;  // once it serves

  /// From now on /t/<trial>/ is served. kConflict: that trial has a session already; else the
  /// errors of TrialSession::open.
  Result<void> add_session(TrialSettings settings);

  /// From now on /t/<trial>/ is unknown (404); returns when its requests in flight have been
  /// answered and its sink is no longer called. An unknown trial is ignored.
  void remove_session(std::string_view trial);

 private:
  class Shell;

  std::unique_ptr<Shell> shell_;
};

}  // namespace trawl::tracking
