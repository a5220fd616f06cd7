// tracking/listener.h: accepts connections, watches the idle ones with one thread, and
// hands those with something to read to a pool. Knows nothing of HTTP.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "base/error.h"
#include "tracking/connection.h"
#include "tracking/server.h"
#include "tracking/thread_pool.h"

namespace trawl::tracking {

/// A descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  ~Descriptor();
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  int number() const { return number_; }

 private:
  int number_;
};

class Listener {
 public:
  /// Serves one request of a connection that has input; false ends the connection. Called from many
  /// threads, for one connection by one at a time.
  using Serve = std::function<bool(Connection& connection)>;

  /// kConflict: the port is taken; kInvalid: the address is none; kSystem: the machine refused.
  static Result<std::unique_ptr<Listener>> open(const ServerSettings& settings, Serve serve);

  /// Accepts no more, lets requests that have arrived whole finish, closes everything.
  ~Listener();

  int port() const { return port_; }

 private:
  Listener(const ServerSettings& settings, int socket, int port, Serve serve);

  void watch();
  void accept_all();
  void serve_while_busy(Connection& connection);
  bool watch_for_input(Connection& connection, int operation);
  void drop(Connection& connection);

  const ServerSettings settings_;
  const int port_;
  const Serve serve_;
  const Descriptor socket_;
  const Descriptor poll_;
  const Descriptor wake_;
  std::atomic<bool> stopping_{false};
  std::mutex mutex_;
  std::map<Connection*, std::unique_ptr<Connection>> connections_;  // guarded by mutex_
  std::thread watcher_;
  ThreadPool pool_;  // last: it ends first, and its threads use the rest
};

}  // namespace trawl::tracking
