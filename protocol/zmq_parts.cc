#include "protocol/zmq_parts.h"

#include <zmq.h>

namespace trawl::protocol::zmq {
namespace {

constexpr int kQueuedMessagesMax = 200'000;  // a side; far above what a live peer leaves unread

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

}  // namespace

Context::Context() : handle(zmq_ctx_new()) {
  zmq_ctx_set(handle, ZMQ_IO_THREADS, 1);
}

Context::~Context() {
  zmq_ctx_term(handle);
}

void set(void* socket, int option, int value) {
  zmq_setsockopt(socket, option, &value, sizeof value);
}

void set(void* socket, int option, const std::string& text) {
  zmq_setsockopt(socket, option, text.data(), text.size());
}

void prepare(void* socket, std::int64_t message_bytes_max) {
  set(socket, ZMQ_LINGER, 0);
  set(socket, ZMQ_SNDHWM, kQueuedMessagesMax);
  set(socket, ZMQ_RCVHWM, kQueuedMessagesMax);
  zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &message_bytes_max, sizeof message_bytes_max);
}

void prepare_tcp(void* socket) {
  constexpr int kIdleSeconds = 30;
  constexpr int kIntervalSeconds = 10;
  constexpr int kProbes = 3;
  constexpr int kUnsentMsMax = 60'000;
  // 5,000 workers that come back at once take 20 s to shake hands (240 a second).
  constexpr int kHandshakeMs = 60'000;
  set(socket, ZMQ_TCP_KEEPALIVE, 1);
  set(socket, ZMQ_TCP_KEEPALIVE_IDLE, kIdleSeconds);
  set(socket, ZMQ_TCP_KEEPALIVE_INTVL, kIntervalSeconds);
  set(socket, ZMQ_TCP_KEEPALIVE_CNT, kProbes);
  set(socket, ZMQ_TCP_MAXRT, kUnsentMsMax);
  set(socket, ZMQ_HANDSHAKE_IVL, kHandshakeMs);
  set(socket, ZMQ_IPV6, 1);
}

std::string plain_host(std::string_view host) {
  constexpr std::string_view kMapped = "::ffff:";
  if (host.starts_with(kMapped)) host.remove_prefix(kMapped.size());
  return std::string(host);
}

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

}  // namespace trawl::protocol::zmq
