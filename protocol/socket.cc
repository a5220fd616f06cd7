#include "protocol/socket.h"

#include <cerrno>
#include <cstring>
#include <zmq.h>

#include <fmt/format.h>

#include "protocol/codec.h"

namespace trawl::protocol {
namespace {

constexpr int kQueuedMessagesMax = 200'000;  // a side; far above what a live peer leaves unread

struct Context {
  void* handle = zmq_ctx_new();
  Context() { zmq_ctx_set(handle, ZMQ_IO_THREADS, 1); }
  ~Context() { zmq_ctx_term(handle); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
};

void set(void* socket, int option, int value) {
  zmq_setsockopt(socket, option, &value, sizeof value);
}

void prepare(void* socket) {
  set(socket, ZMQ_LINGER, 0);
  set(socket, ZMQ_SNDHWM, kQueuedMessagesMax);
  set(socket, ZMQ_RCVHWM, kQueuedMessagesMax);
  const auto max_bytes = static_cast<std::int64_t>(kFrameBytesMax);
  zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &max_bytes, sizeof max_bytes);
}

std::optional<std::string> receive_part(void* socket) {
  zmq_msg_t message;
  zmq_msg_init(&message);
  std::optional<std::string> part;
  if (zmq_msg_recv(&message, socket, ZMQ_DONTWAIT) >= 0) {
    part.emplace(static_cast<const char*>(zmq_msg_data(&message)), zmq_msg_size(&message));
  }
  zmq_msg_close(&message);
  return part;
}

bool has_more(void* socket) {
  int more = 0;
  std::size_t size = sizeof more;
  zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &size);
  return more != 0;
}

// All parts of one message, or none.
std::vector<std::string> receive_message(void* socket) {
  std::vector<std::string> parts;
  auto part = receive_part(socket);
  while (part) {
    parts.push_back(std::move(*part));
    if (!has_more(socket)) break;
    part = receive_part(socket);
  }
  return parts;
}

}  // namespace

struct Router::Handles {
  Context context;
  void* socket = zmq_socket(context.handle, ZMQ_ROUTER);
  ~Handles() { zmq_close(socket); }
};

Router::Router(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}
Router::~Router() = default;

Result<std::unique_ptr<Router>> Router::bind(const std::string& endpoint) {
  constexpr int kLingerMs = 1000;  // the last answers go out, unless their reader is stuck
  auto handles = std::make_unique<Handles>();
  prepare(handles->socket);
  set(handles->socket, ZMQ_LINGER, kLingerMs);
  if (zmq_bind(handles->socket, endpoint.c_str()) != 0) {
    const int number = errno;
    const auto code = number == EADDRINUSE ? ErrorCode::kConflict : ErrorCode::kSystem;
    return fail(code, fmt::format("cannot listen on {}: {}", endpoint, zmq_strerror(number)));
  }
  return std::unique_ptr<Router>(new Router(std::move(handles)));
}

std::optional<Received> Router::receive() {
  while (true) {
    std::vector<std::string> parts = receive_message(handles_->socket);
    if (parts.empty()) return std::nullopt;
    if (parts.size() == 2) return Received{std::move(parts[0]), std::move(parts[1])};
    // A message of another shape is nobody's of ours: dropped.
  }
}

void Router::send(const std::string& peer, std::string_view frame) {
  if (zmq_send(handles_->socket, peer.data(), peer.size(), ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) return;
  zmq_send(handles_->socket, frame.data(), frame.size(), ZMQ_DONTWAIT);
}

struct Dealer::Handles {
  Context context;
  void* socket = zmq_socket(context.handle, ZMQ_DEALER);
  void* monitor = zmq_socket(context.handle, ZMQ_PAIR);
  ~Handles() {
    zmq_socket_monitor(socket, nullptr, 0);
    zmq_close(monitor);
    zmq_close(socket);
  }
};

Dealer::Dealer(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}
Dealer::~Dealer() = default;

Result<std::unique_ptr<Dealer>> Dealer::connect(const std::string& endpoint) {
  constexpr int kReconnectMs = 20;  // first try; doubles up to the next figure
  constexpr int kReconnectMsMax = 500;
  constexpr const char* kMonitor = "inproc://link";
  auto handles = std::make_unique<Handles>();
  void* socket = handles->socket;
  prepare(socket);
  set(socket, ZMQ_IMMEDIATE, 1);  // nothing is queued for a link that is not up
  set(socket, ZMQ_RECONNECT_IVL, kReconnectMs);
  set(socket, ZMQ_RECONNECT_IVL_MAX, kReconnectMsMax);
  set(handles->monitor, ZMQ_LINGER, 0);
  const bool watched =
      zmq_socket_monitor(socket, kMonitor,
                         ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_DISCONNECTED) == 0 &&
      zmq_connect(handles->monitor, kMonitor) == 0;
  if (!watched || zmq_connect(socket, endpoint.c_str()) != 0) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("cannot connect to {}: {}", endpoint, zmq_strerror(errno)));
  }
  return std::unique_ptr<Dealer>(new Dealer(std::move(handles)));
}

std::optional<std::string> Dealer::receive() {
  while (true) {
    std::vector<std::string> parts = receive_message(handles_->socket);
    if (parts.empty()) return std::nullopt;
    if (parts.size() == 1) return std::move(parts[0]);
  }
}

void Dealer::send(std::string_view frame) {
  zmq_send(handles_->socket, frame.data(), frame.size(), ZMQ_DONTWAIT);
}

std::optional<Dealer::Change> Dealer::next_change() {
  const std::vector<std::string> parts = receive_message(handles_->monitor);
  if (parts.empty() || parts[0].size() < sizeof(std::uint16_t)) return std::nullopt;
  std::uint16_t event = 0;
  std::memcpy(&event, parts[0].data(), sizeof event);
  return event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED ? Change::kUp : Change::kDown;
}

void Waiter::add(const Router& router) {
  items_.push_back({router.handles_->socket, -1});
}

void Waiter::add(const Dealer& dealer) {
  items_.push_back({dealer.handles_->socket, -1});
  items_.push_back({dealer.handles_->monitor, -1});
}

void Waiter::add(int descriptor) {
  items_.push_back({nullptr, descriptor});
}

void Waiter::wait(std::optional<Duration> timeout) const {
  std::vector<zmq_pollitem_t> polled;
  polled.reserve(items_.size());
  for (const Item& item : items_) polled.push_back({item.socket, item.descriptor, ZMQ_POLLIN, 0});
  constexpr std::int64_t kUsPerMs = 1000;
  // Rounded up, so that a timer is never early.
  const long timeout_ms =
      timeout ? static_cast<long>((std::max<std::int64_t>(timeout->count(), 0) + kUsPerMs - 1) /
                                  kUsPerMs)
              : -1;
  zmq_poll(polled.data(), static_cast<int>(polled.size()), timeout_ms);
}

}  // namespace trawl::protocol
