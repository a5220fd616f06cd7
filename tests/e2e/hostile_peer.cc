// tests/e2e/hostile_peer.cc: a peer with a valid key that sends what no peer should, as fast as it
// can, for so many seconds:
//
//   hostile_peer KEY-FILE MODE SECONDS
//
// Modes: noise (random frames of 1 to 2,000 bytes), large (frames as large as they may be),
// oversized (larger), parts (messages of 256 MB in 4,000 parts), version (frames of another
// protocol version), hellos (a worker's name that no worker has).
//
// Reconnects whenever it is dropped. Prints how many messages it handed to ZeroMQ.
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <thread>
#include <vector>
#include <zmq.h>

#include "protocol/codec.h"
#include "protocol/key_file.h"
#include "protocol/socket.h"
#include "protocol/tcp_address.h"

namespace {

using trawl::protocol::KeyFile;

/// Sends, or does not where ZeroMQ's queue is full; true where it was sent.
using Send = std::function<bool(const std::string& bytes, int flags)>;

std::string noise(std::size_t size) {
  static std::mt19937_64 random{1};
  std::string bytes;
  bytes.reserve(size + sizeof(std::uint64_t));
  while (bytes.size() < size) {
    const std::uint64_t word = random();
    bytes.append(reinterpret_cast<const char*>(&word), sizeof word);
  }
  bytes.resize(size);
  return bytes;
}

bool send_noise(const Send& send) {
  static std::mt19937 random{1};
  return send(noise(1 + random() % 2000), 0);
}

bool send_large(const Send& send) {
  static const std::string frame = noise(trawl::protocol::kInboundBytesMax - 1000);
  return send(frame, 0);
}

bool send_oversized(const Send& send) {
  static const std::string frame = noise(trawl::protocol::kInboundBytesMax + 1000);
  return send(frame, 0);
}

// ZeroMQ hands on a message once it is whole, so this one has an end, far away.
bool send_parts(const Send& send) {
  constexpr int kParts = 4000;
  static const std::string part = noise(std::size_t{64} << 10);
  for (int count = 1; count < kParts; ++count) {
    if (!send(part, ZMQ_SNDMORE)) return false;
  }
  return send(part, 0);
}

bool send_version(const Send& send) {
  return send(std::string("TRWL\x09\x00\x01", 7) + noise(100), 0);
}

bool send_hello(const Send& send) {
  trawl::core::Hello hello;
  hello.worker_name = "../../etc";
  hello.slot_count = 1;
  return send(trawl::protocol::encode(trawl::core::FromWorker{{1, 1}, hello}), 0);
}

void* connected(void* context, const KeyFile& key) {
  constexpr int kQueued = 64;
  constexpr int kReconnectMs = 10;
  void* socket = zmq_socket(context, ZMQ_DEALER);
  const int none = 0;
  zmq_setsockopt(socket, ZMQ_LINGER, &none, sizeof none);
  zmq_setsockopt(socket, ZMQ_SNDHWM, &kQueued, sizeof kQueued);
  zmq_setsockopt(socket, ZMQ_RECONNECT_IVL, &kReconnectMs, sizeof kReconnectMs);
  zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, key.coordinator_key.c_str(), 40);
  zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, key.own.public_key.c_str(), 40);
  zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, key.own.secret_key.c_str(), 40);
  const auto address = trawl::protocol::parse_tcp_address(key.coordinator);
  if (!address || zmq_connect(socket, endpoint_of(*address).c_str()) != 0) {
    std::fprintf(stderr, "cannot connect: %s\n", zmq_strerror(zmq_errno()));
    std::exit(1);
  }
  return socket;
}

}  // namespace

int main(int argc, char** argv) {
  const std::map<std::string, bool (*)(const Send&)> modes = {
      {"noise", send_noise}, {"large", send_large},     {"oversized", send_oversized},
      {"parts", send_parts}, {"version", send_version}, {"hellos", send_hello}};
  if (argc != 4 || !modes.contains(argv[2])) {
    std::fprintf(stderr, "usage: hostile_peer KEY-FILE MODE SECONDS\n");
    return 2;
  }
  const auto key = trawl::protocol::read_key_file(argv[1]);
  if (!key) {
    std::fprintf(stderr, "%s\n", key.error().message.c_str());
    return 1;
  }
  void* context = zmq_ctx_new();
  void* socket = connected(context, *key);
  long long sent = 0;
  const Send send = [&](const std::string& bytes, int flags) {
    const bool is_sent = zmq_send(socket, bytes.data(), bytes.size(), flags | ZMQ_DONTWAIT) >= 0;
    sent += is_sent ? 1 : 0;
    return is_sent;
  };
  const auto until = std::chrono::steady_clock::now() +
                     std::chrono::milliseconds(static_cast<long>(1000 * std::atof(argv[3])));
  while (std::chrono::steady_clock::now() < until) {
    if (modes.at(argv[2])(send)) continue;
    zmq_pollitem_t writable{socket, 0, ZMQ_POLLOUT, 0};
    zmq_poll(&writable, 1, 10);
  }
  std::printf("%lld\n", sent);
  zmq_close(socket);
  zmq_ctx_term(context);
  return 0;
}
