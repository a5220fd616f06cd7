#include "protocol/clock.h"

#include <chrono>
#include <ctime>

namespace trawl::protocol {

namespace {

// The steady clock of C++ stands still while the machine sleeps.
std::chrono::nanoseconds since_boot() {
  timespec time{};
  clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

Instant now() {
  static const auto wall = std::chrono::system_clock::now().time_since_epoch();
  static const auto start = since_boot();
  return {std::chrono::duration_cast<Duration>(wall + (since_boot() - start)).count()};
}

}  // namespace trawl::protocol
