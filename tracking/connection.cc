// tracking/connection.cc: see connection.h.
#include "tracking/connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace trawl::tracking {
namespace {

constexpr std::size_t kBlockBytes = 16 << 10;
constexpr std::size_t kGatherBytesMax = 256 << 10;  // more leaves before the answer is complete
// How long a peer may pause within a request or an answer. A stopped process holds a thread so
// long.
constexpr std::chrono::milliseconds kPauseMax = std::chrono::seconds{60};

bool wait_for(int descriptor, short events, std::chrono::milliseconds patience) {
  pollfd waited{descriptor, events, 0};
  int ready = 0;
  do {
    ready = poll(&waited, 1, static_cast<int>(patience.count()));
  } while (ready < 0 && errno == EINTR);
  return ready > 0;
}

}  // namespace

Connection::~Connection() {
  close(descriptor_);
}

bool Connection::has_input(std::chrono::milliseconds patience) const {
  return input_used_ < input_.size() || wait_for(descriptor_, POLLIN, patience);
}

bool Connection::is_readable() const {
  return has_input(kPauseMax);
}

bool Connection::fill() {
  input_.resize(kBlockBytes);
  input_used_ = 0;
  ssize_t received = -1;
  while (!has_ended_) {
    received = recv(descriptor_, input_.data(), input_.size(), MSG_DONTWAIT);
    if (received > 0) break;
    const bool again = received < 0 && (errno == EAGAIN || errno == EINTR);
    if (!again || !wait_for(descriptor_, POLLIN, kPauseMax)) has_ended_ = true;
  }
  input_.resize(static_cast<std::size_t>(std::max<ssize_t>(received, 0)));
  return !input_.empty();
}

ssize_t Connection::read(char* data, size_t size) {
  if (input_used_ == input_.size() && !fill()) return 0;
  const std::size_t count = std::min(size, input_.size() - input_used_);
  std::memcpy(data, input_.data() + input_used_, count);
  input_used_ += count;
  return static_cast<ssize_t>(count);
}

ssize_t Connection::write(const char* data, size_t size) {
  if (has_ended_) return -1;
  output_.append(data, size);
  if (output_.size() > kGatherBytesMax && !flush()) return -1;
  return static_cast<ssize_t>(size);
}

bool Connection::flush() {
  std::size_t sent = 0;
  while (sent < output_.size() && !has_ended_) {
    const ssize_t count = send(descriptor_, output_.data() + sent, output_.size() - sent,
                               MSG_DONTWAIT | MSG_NOSIGNAL);
    if (count > 0) {
      sent += static_cast<std::size_t>(count);
      continue;
    }
    const bool again = errno == EAGAIN || errno == EINTR;
    if (!again || !wait_for(descriptor_, POLLOUT, kPauseMax)) has_ended_ = true;
  }
  output_.clear();
  return !has_ended_;
}

void Connection::release_buffers() {
  std::string().swap(input_);
  input_used_ = 0;
  std::string().swap(output_);
}

// Every peer is on this machine and proves itself by its token, so nothing asks for these.
void Connection::get_remote_ip_and_port(std::string& ip, int& port) const {
  ip = "127.0.0.1";
  port = 0;
}

void Connection::get_local_ip_and_port(std::string& ip, int& port) const {
  ip = "127.0.0.1";
  port = 0;
}

}  // namespace trawl::tracking
