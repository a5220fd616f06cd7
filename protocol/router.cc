#include <array>
#include <cerrno>
#include <cstdlib>
#include <deque>
#include <netdb.h>
#include <sys/socket.h>
#include <unordered_map>
#include <zmq.h>

#include <fmt/format.h>

#include "base/assert.h"
#include "protocol/admission.h"
#include "protocol/codec.h"
#include "protocol/inflow_guard.h"
#include "protocol/socket.h"
#include "protocol/zmq_parts.h"

namespace trawl::protocol {
namespace {

constexpr int kQueuedMax = 256;  // messages of one TCP connection; then TCP makes it wait

/// A part of a message, closed with its scope.
class Part {
 public:
  explicit Part(void* socket) {
    zmq_msg_init(&message_);
    is_there_ = zmq_msg_recv(&message_, socket, ZMQ_DONTWAIT) >= 0;
  }
  ~Part() { zmq_msg_close(&message_); }
  Part(const Part&) = delete;
  Part& operator=(const Part&) = delete;

  bool is_there() const { return is_there_; }
  bool has_more() const { return zmq_msg_more(&message_) != 0; }
  std::size_t size() const { return zmq_msg_size(&message_); }
  std::string text() {
    return {static_cast<const char*>(zmq_msg_data(&message_)), zmq_msg_size(&message_)};
  }
  /// Of the connection; null where it does not have it. (A peer's name has properties too, but
  /// not always.)
  const char* property(const char* name) { return zmq_msg_gets(&message_, name); }

 private:
  zmq_msg_t message_{};
  bool is_there_;
};

// On the Unix socket ZeroMQ gives "localhost:<uid>:<gid>:<pid>", on TCP the host's address in
// digits.
bool is_local(const char* peer_address) {
  return peer_address != nullptr && std::string_view(peer_address).starts_with("localhost:");
}

// Whether `descriptor` is still a connection with that host ("" for the local socket).
bool leads_to(int descriptor, const std::string& address) {
  sockaddr_storage other{};
  socklen_t size = sizeof other;
  auto* plain = reinterpret_cast<sockaddr*>(&other);
  if (getpeername(descriptor, plain, &size) != 0) return false;
  if (other.ss_family == AF_UNIX) return address.empty();
  std::array<char, NI_MAXHOST> digits{};
  return getnameinfo(plain, size, digits.data(), digits.size(), nullptr, 0, NI_NUMERICHOST) == 0 &&
         address == zmq::plain_host(digits.data());
}

/// The last so many that were dropped. What they had sent before may still wait here, and is
/// ignored; a name that goes on longer than that has come back (a peer of ours cannot: ZeroMQ makes
/// its name anew for each connection).
class Dropped {
 public:
  void add(const std::string& peer) {
    constexpr std::size_t kPeersMax = 1024;
    if (!ignored_.insert_or_assign(peer, 0).second) return;
    order_.push_back(peer);
    if (order_.size() <= kPeersMax) return;
    ignored_.erase(order_.front());
    order_.pop_front();
  }
  bool may_ignore(const std::string& peer) {
    if (ignored_.empty()) return false;
    const auto found = ignored_.find(peer);
    return found != ignored_.end() && ++found->second <= 2 * kQueuedMax;
  }

 private:
  std::unordered_map<std::string, int> ignored_;  // messages since
  std::deque<std::string> order_;
};

std::string last_endpoint(void* socket) {
  std::array<char, 256> text{};
  std::size_t size = text.size();
  return zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, text.data(), &size) == 0 ? text.data() : "";
}

}  // namespace

struct Router::Handles {
  zmq::Context context;
  std::unique_ptr<Admission> admission;  // may be null
  Dropped dropped;
  void* socket = zmq_socket(context.handle, ZMQ_ROUTER);
  std::unique_ptr<InflowGuard> guard;  // may be null
  // The admission goes after the socket that it answers for, and before the context.
  ~Handles() {
    guard.reset();
    zmq_close(socket);
  }
};

Router::Router(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}
Router::~Router() = default;

Result<std::unique_ptr<Router>> Router::bind(const std::string& endpoint) {
  constexpr int kLingerMs = 1000;  // the last answers go out, unless their reader is stuck
  auto handles = std::make_unique<Handles>();
  zmq::prepare(handles->socket, kFrameBytesMax);
  zmq::set(handles->socket, ZMQ_LINGER, kLingerMs);
  if (zmq_bind(handles->socket, endpoint.c_str()) != 0) {
    const int number = errno;
    const auto code = number == EADDRINUSE ? ErrorCode::kConflict : ErrorCode::kSystem;
    return fail(code, fmt::format("cannot listen on {}: {}", endpoint, zmq_strerror(number)));
  }
  return std::unique_ptr<Router>(new Router(std::move(handles)));
}

// ZeroMQ copies a socket's options when it binds: what is set here holds for the address that
// follows, and not for the Unix socket that is bound already.
Result<TcpAddress> Router::listen(const TcpAddress& address, const ClusterKeys& keys) {
  constexpr int kBacklog = 4096;
  TRAWL_ASSERT(handles_->admission == nullptr);
  auto admission = Admission::open(handles_->context.handle, keys);
  if (!admission) return tl::unexpected(admission.error());
  handles_->admission = *std::move(admission);
  void* socket = handles_->socket;
  zmq::prepare_tcp(socket);
  zmq::set(socket, ZMQ_BACKLOG, kBacklog);
  zmq::set(socket, ZMQ_RCVHWM, kQueuedMax);
  const auto message_bytes_max = static_cast<std::int64_t>(kInboundBytesMax);
  zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_bytes_max, sizeof message_bytes_max);
  zmq::set(socket, ZMQ_CURVE_SERVER, 1);
  zmq::set(socket, ZMQ_CURVE_SECRETKEY, keys.coordinator.secret_key);
  zmq::set(socket, ZMQ_ZAP_DOMAIN, std::string(kZapDomain));
  handles_->guard = std::make_unique<InflowGuard>(handles_->context.handle, socket);
  if (zmq_bind(socket, endpoint_of(address).c_str()) != 0) {
    const int number = errno;
    const auto code = number == EADDRINUSE ? ErrorCode::kConflict : ErrorCode::kSystem;
    return fail(code,
                fmt::format("cannot listen on {}: {}", to_string(address), zmq_strerror(number)));
  }
  const std::string bound = last_endpoint(socket);
  const auto port = parse_tcp_address(std::string_view(bound).substr(bound.find("//") + 2));
  if (!port) return fail(ErrorCode::kSystem, "ZeroMQ does not say where it listens: " + bound);
  return TcpAddress{address.host, port->port};
}

std::optional<Received> Router::receive() {
  if (handles_->admission != nullptr) handles_->admission->answer();
  const auto count_delivered = [this](const Received& received, const Part& part) {
    const bool is_tcp = handles_->guard != nullptr && received.role != Role::kLocal;
    if (is_tcp) handles_->guard->delivered(received.descriptor, part.size());
  };
  constexpr int kSkippedMax = 1000;  // so that a flood of one peer does not keep the caller here
  for (int skipped = 0; skipped < kSkippedMax; ++skipped) {
    Part peer(handles_->socket);
    if (!peer.is_there()) return std::nullopt;
    Received received;
    received.peer = peer.text();
    Part body(handles_->socket);
    const char* address = body.property("Peer-Address");
    const char* user_id = body.property("User-Id");
    received.role = role_of_user_id(user_id);
    if (user_id != nullptr && address != nullptr) received.address = zmq::plain_host(address);
    if (const char* number = body.property("__fd")) received.descriptor = std::atoi(number);
    // Ours have one part. Those of others are nobody's, and empty, which no message is.
    if (!body.has_more()) received.frame = body.text();
    count_delivered(received, body);
    for (bool has_more = body.has_more(); has_more;) {
      Part further(handles_->socket);
      count_delivered(received, further);
      has_more = further.has_more();
    }
    // On TCP everybody has been asked for a key. This line is the second bolt.
    if (user_id == nullptr && !is_local(address)) continue;
    if (!handles_->dropped.may_ignore(received.peer)) return received;
  }
  return std::nullopt;
}

void Router::send(const std::string& peer, std::string_view frame) {
  if (zmq_send(handles_->socket, peer.data(), peer.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) return;
  zmq_send(handles_->socket, frame.data(), frame.size(), ZMQ_DONTWAIT);
}

// A ROUTER has no call to end one of its connections. But each message knows the descriptor that it
// came on (ZMQ_SRCFD), and a shutdown() is to ZeroMQ's I/O thread as if the other side had hung up:
// it closes the descriptor and forgets the peer, also where it had stopped reading because too much
// waited here. Only that thread closes descriptors, so it may have closed this one, and the system
// may have given the number away: then it most likely is no socket (which shutdown() does not
// touch), or leads to another host. What is left, that in the microsecond between the question and
// the shutdown the number becomes another connection, costs that peer a reconnection, which it
// makes by itself.
void Router::drop(const Received& received) {
  handles_->dropped.add(received.peer);
  if (received.descriptor < 0 || !leads_to(received.descriptor, received.address)) return;
  shutdown(received.descriptor, SHUT_RDWR);
}

std::optional<Router::Refusal> Router::next_refusal() {
  if (handles_->admission == nullptr) return std::nullopt;
  if (auto address = handles_->admission->next_refused()) {
    return Refusal{*std::move(address), "was refused: its key is not one of this cluster's"};
  }
  if (auto address = handles_->guard->next_ended()) {
    return Refusal{
        *std::move(address),
        fmt::format("is disconnected: it sent {} MiB and more that could not be read, as "
                    "no worker or client does",
                    static_cast<double>(InflowGuard::kHeldBytesMax) / (1 << 20))};
  }
  return std::nullopt;
}

void Waiter::add(const Router& router) {
  items_.push_back({router.handles_->socket, -1});
  const auto& admission = router.handles_->admission;
  if (admission != nullptr) items_.push_back({admission->socket(), -1});
}

}  // namespace trawl::protocol
