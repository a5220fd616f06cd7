// protocol/socket.h: the ZeroMQ sockets that we use: one ROUTER on the coordinator's side, a DEALER
// on a worker's or client's, and waiting on them together with plain descriptors.
//
// One thread owns a socket and everything made from it. Sends never block: a message that the other
// side cannot take is dropped, and the protocol above repeats it after the next Hello.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "base/instant.h"
#include "protocol/keys.h"
#include "protocol/tcp_address.h"

namespace trawl::protocol {

/// A larger frame than this ends the TCP connection that it comes on, unread.
inline constexpr std::size_t kInboundBytesMax = std::size_t{2} << 20;

/// A message and the connection it came on.
struct Received {
  std::string peer;  // opaque; what send() takes
  std::string frame;
  Role role = Role::kLocal;  // what its key allows
  std::string address;       // the other host's, in digits; "" for the local socket
  int descriptor = -1;       // of the connection, for drop()
};

/// The coordinator's end.
class Router {
 public:
  /// A connection that was ended without its messages having been seen.
  struct Refusal {
    std::string address;  // the other host's, in digits
    std::string why;      // the end of a sentence
  };

  /// `endpoint` as ZeroMQ writes it, e.g. ipc:///path/to/socket. Whoever can reach it is
  /// Role::kLocal. kConflict where the transport can tell that it is taken; on ipc it cannot, and
  /// the state folder's lock does.
  static Result<std::unique_ptr<Router>> bind(const std::string& endpoint);
  ~Router();
  Router(const Router&) = delete;
  Router& operator=(const Router&) = delete;

  /// Serves TCP too, encrypted and to the owners of `keys` alone; once at most. `address` has its
  /// host in digits, port 0 lets the system choose; the answer has the port. kConflict: it is
  /// taken; kSystem: this host has no such address, or the port is not for this user.
  Result<TcpAddress> listen(const TcpAddress& address, const ClusterKeys& keys);

  /// The next message, or nothing when none waits. New connections are admitted here, so a Router
  /// must be read when its Waiter says so.
  std::optional<Received> receive();
  void send(const std::string& peer, std::string_view frame);

  /// Ends the connection that `received` came on. What its peer had sent before is never seen.
  void drop(const Received& received);

  /// Those since the last call, oldest first; beyond a hundred they are not kept.
  std::optional<Refusal> next_refusal();

 private:
  friend class Waiter;
  struct Handles;
  explicit Router(std::unique_ptr<Handles> handles);
  std::unique_ptr<Handles> handles_;
};

/// A worker's or a client's end. Connects in the background, and again whenever the link breaks.
class Dealer {
 public:
  enum class Change {
    kUp,
    kDown,
    kUnreachable,  // nobody listens there, or no packet comes back; it is tried again
    kRefused,      // whoever listens there ended the handshake; it is tried again after 0.5 to 30 s
  };

  /// Over TCP, `keys` are needed.
  static Result<std::unique_ptr<Dealer>> connect(const std::string& endpoint,
                                                 std::optional<PeerKeys> keys = std::nullopt);
  ~Dealer();
  Dealer(const Dealer&) = delete;
  Dealer& operator=(const Dealer&) = delete;

  std::optional<std::string> receive();
  void send(std::string_view frame);

  /// What has happened to the link since the last call, oldest first. Tries to connect where that
  /// is due, so a Dealer must be asked when its Waiter says so.
  std::optional<Change> next_change();

  /// After kRefused: what the other side did, as the end of a sentence that begins with its
  /// address.
  const std::string& refusal() const;

  /// Ends the link, where there is one (no kDown tells of that), and makes a new one. For an owner
  /// that has not heard from the other side for too long: TCP may not know for a minute.
  void reconnect();

 private:
  friend class Waiter;
  struct Handles;
  explicit Dealer(std::unique_ptr<Handles> handles);
  std::unique_ptr<Handles> handles_;
};

/// Waits until one of the things added can be read.
class Waiter {
 public:
  void add(const Router& router);  // its messages and its new connections
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
