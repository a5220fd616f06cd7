// protocol/socket.h: the ZeroMQ sockets that we use: one ROUTER on the coordinator's side, a DEALER
// on a worker's or client's, and waiting on them together with plain descriptors.
//
// One thread owns a socket and everything made from it. Sends never block: a message that the other
// side cannot take is dropped, and the protocol above repeats it after the next Hello.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/instant.h"

namespace trawl::protocol {

/// A message and the connection it came on.
struct Received {
  std::string peer;  // opaque; what send() takes
  std::string frame;
};

/// The coordinator's end.
class Router {
 public:
  /// `endpoint` as ZeroMQ writes it, e.g. ipc:///path/to/socket. kConflict where the transport can
  /// tell that it is taken; on ipc it cannot, and the state folder's lock does.
  static Result<std::unique_ptr<Router>> bind(const std::string& endpoint);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  /// The next message, or nothing when none waits.
  std::optional<Received> receive();
  void send(const std::string& peer, std::string_view frame);

 private:
  friend class Waiter;
  struct Handles;
  explicit Router(std::unique_ptr<Handles> handles);
  std::unique_ptr<Handles> handles_;
};

/// A worker's or a client's end. Connects in the background, and again whenever the link breaks.
class Dealer {
 public:
  enum class Change { kUp, kDown };

  static Result<std::unique_ptr<Dealer>> connect(const std::string& endpoint);
  ~Dealer();
  Dealer(const Dealer&) = delete;
  Dealer& operator=(const Dealer&) = delete;

  std::optional<std::string> receive();
  void send(std::string_view frame);

  /// What has happened to the link since the last call, oldest first.
  std::optional<Change> next_change();

 private:
  friend class Waiter;
  struct Handles;
  explicit Dealer(std::unique_ptr<Handles> handles);
  std::unique_ptr<Handles> handles_;
};

/// Waits until one of the things added can be read.
class Waiter {
 public:
  void add(const Router& router);
  void add(const Dealer& dealer);  // its messages and its changes
  void add(int descriptor);

  /// Returns when something can be read, or after `timeout` (absent: never on its own). Spurious
  /// returns happen; the caller looks everywhere.
  void wait(std::optional<Duration> timeout) const;

 private:
  struct Item {
    void* socket = nullptr;
    int descriptor = -1;
  };
  std::vector<Item> items_;
};

}  // namespace trawl::protocol
