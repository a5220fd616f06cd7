// protocol/inflow_guard.h: bounds what one TCP connection can make a router hold. ZeroMQ bounds a
// message's parts in size and whole messages in number, but not the parts of a message that never
// ends, and no bytes in all. So a thread watches how many bytes of each connection have come out of
// the kernel and not yet out of the router, and ends the connection that has too many. Internal to
// protocol.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

namespace trawl::protocol {

class InflowGuard {
 public:
  /// Of one connection: the largest message and an eighth of one more. A worker's backlog is far
  /// below.
  static constexpr std::size_t kHeldBytesMax = std::size_t{2304} << 10;

  /// Watches the TCP connections that `router`, a ZeroMQ socket of `context`, will accept. Before
  /// `router` is closed, this must have ended.
  InflowGuard(void* context, void* router);
  ~InflowGuard();
  InflowGuard(const InflowGuard&) = delete;
  InflowGuard& operator=(const InflowGuard&) = delete;

  /// A part of a message came out of the router. The router's thread.
  void delivered(int descriptor, std::size_t part_bytes);

  /// The addresses of those whose connection was ended, oldest first; beyond a hundred they are not
  /// kept.
  std::optional<std::string> next_ended();

 private:
  void run();
  void take_events();
  void look(std::size_t count_max);

  void* const router_;
  void* const events_;  // the router's monitor
  int bell_[2];         // a pipe: its end tells the thread to end
  std::mutex mutex_;
  std::map<int, std::uint64_t> delivered_;  // bytes on the wire, by descriptor
  int looked_at_ = -1;                      // the last one
  std::deque<std::string> ended_;
  std::int64_t resident_bytes_ = 0;  // of this process, when it was last looked at
  std::thread thread_;
};

}  // namespace trawl::protocol
