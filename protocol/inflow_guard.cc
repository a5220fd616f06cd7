#include "protocol/inflow_guard.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <limits>
#include <linux/tcp.h>
#include <netdb.h>
#include <netinet/in.h>
#include <string_view>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>
#include <vector>
#include <zmq.h>

#include "base/assert.h"
#include "protocol/zmq_parts.h"

namespace trawl::protocol {
namespace {

// A connection brings 100 to 200 MB a second (CURVE's arithmetic), so up to 1 MB between two looks.
constexpr long kLookMs = 5;
// Of each look; 16 take 25 us. So one of a few hundred connections is seen in time for certain.
constexpr std::size_t kConnectionsALook = 16;
// All are looked at where there is a sign: what is held takes memory.
constexpr std::int64_t kSignBytes = std::int64_t{1} << 20;

std::int64_t resident_bytes() {
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  long long all = 0;
  long long resident = 0;
  const bool is_read = std::fscanf(file, "%lld %lld", &all, &resident) == 2;
  std::fclose(file);
  static const long page_bytes = sysconf(_SC_PAGESIZE);
  return is_read ? resident * page_bytes : 0;
}

// How many bytes of the connection have been read by whoever has the descriptor; nothing where it
// is no TCP connection.
std::optional<std::uint64_t> bytes_read(int descriptor) {
  tcp_info info{};
  socklen_t size = sizeof info;
  int unread = 0;
  const bool is_known = getsockopt(descriptor, IPPROTO_TCP, TCP_INFO, &info, &size) == 0 &&
                        ioctl(descriptor, FIONREAD, &unread) == 0;
  if (!is_known) return std::nullopt;
  const auto waiting = static_cast<std::uint64_t>(unread);
  return info.tcpi_bytes_received - std::min<std::uint64_t>(info.tcpi_bytes_received, waiting);
}

// What a part takes on the wire: ZMTP 3.1's frame around CURVE's MESSAGE.
std::uint64_t wire_bytes(std::size_t part_bytes) {
  constexpr std::uint64_t kCurveBytes = 33;
  constexpr std::uint64_t kShortMax = 255;
  const std::uint64_t body = part_bytes + kCurveBytes;
  return body + (body > kShortMax ? 9 : 2);
}

std::string host_at(int descriptor) {
  sockaddr_storage other{};
  socklen_t size = sizeof other;
  auto* plain = reinterpret_cast<sockaddr*>(&other);
  std::array<char, NI_MAXHOST> digits{};
  const bool is_known =
      getpeername(descriptor, plain, &size) == 0 &&
      getnameinfo(plain, size, digits.data(), digits.size(), nullptr, 0, NI_NUMERICHOST) == 0;
  return is_known ? zmq::plain_host(digits.data()) : "an unknown address";
}

}  // namespace

InflowGuard::InflowGuard(void* context, void* router)
    : router_(router), events_(zmq_socket(context, ZMQ_PAIR)) {
  constexpr const char* kEvents = "inproc://router-events";
  const bool is_watched =
      pipe2(bell_, O_CLOEXEC) == 0 &&
      zmq_socket_monitor(router, kEvents, ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED) == 0 &&
      zmq_connect(events_, kEvents) == 0;
  TRAWL_ASSERT(is_watched);
  thread_ = std::thread([this] { run(); });
}

InflowGuard::~InflowGuard() {
  close(bell_[1]);
  thread_.join();
  close(bell_[0]);
  zmq_socket_monitor(router_, nullptr, 0);
  zmq_close(events_);
}

void InflowGuard::delivered(int descriptor, std::size_t part_bytes) {
  const std::lock_guard lock(mutex_);
  const auto connection = delivered_.find(descriptor);
  if (connection != delivered_.end()) connection->second += wire_bytes(part_bytes);
}

std::optional<std::string> InflowGuard::next_ended() {
  const std::lock_guard lock(mutex_);
  if (ended_.empty()) return std::nullopt;
  std::string address = std::move(ended_.front());
  ended_.pop_front();
  return address;
}

void InflowGuard::run() {
  bool has_connections = false;
  while (true) {
    std::array<zmq_pollitem_t, 2> items = {
        {{events_, 0, ZMQ_POLLIN, 0}, {nullptr, bell_[0], ZMQ_POLLIN, 0}}};
    zmq_poll(items.data(), items.size(), has_connections ? kLookMs : -1);
    if (items[1].revents != 0) return;
    take_events();
    const std::int64_t resident = resident_bytes();
    const bool is_sign = resident >= resident_bytes_ + kSignBytes;
    if (is_sign || resident < resident_bytes_) resident_bytes_ = resident;
    look(is_sign ? std::numeric_limits<std::size_t>::max() : kConnectionsALook);
    const std::lock_guard lock(mutex_);
    has_connections = !delivered_.empty();
  }
}

void InflowGuard::take_events() {
  while (true) {
    const std::vector<std::string> parts = zmq::receive_message(events_);
    std::uint16_t kind = 0;
    std::int32_t descriptor = -1;
    if (parts.empty()) return;
    if (parts.size() != 2 || parts[0].size() != sizeof kind + sizeof descriptor) continue;
    if (!parts[1].starts_with("tcp://")) continue;
    std::memcpy(&kind, parts[0].data(), sizeof kind);
    std::memcpy(&descriptor, parts[0].data() + sizeof kind, sizeof descriptor);
    const std::lock_guard lock(mutex_);
    if (kind == ZMQ_EVENT_ACCEPTED) delivered_[descriptor] = 0;
    if (kind == ZMQ_EVENT_DISCONNECTED) delivered_.erase(descriptor);
  }
}

// The descriptors are ZeroMQ's (see Router::drop for what that means): one that was measured here
// is the connection that holds so much, but for a microsecond.
void InflowGuard::look(std::size_t count_max) {
  constexpr std::size_t kEndedMax = 100;
  const std::lock_guard lock(mutex_);
  auto next = delivered_.upper_bound(looked_at_);
  for (std::size_t count = std::min(count_max, delivered_.size()); count > 0; --count) {
    if (next == delivered_.end()) next = delivered_.begin();
    const auto& [descriptor, delivered] = *next++;
    looked_at_ = descriptor;
    const auto read = bytes_read(descriptor);
    if (!read || *read < delivered + kHeldBytesMax) continue;
    if (ended_.size() < kEndedMax) ended_.push_back(host_at(descriptor));
    shutdown(descriptor, SHUT_RDWR);
  }
}

}  // namespace trawl::protocol
