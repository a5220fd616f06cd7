#include "protocol/clock.h"

#include <chrono>

namespace trawl::protocol {

Instant now() {
  using std::chrono::steady_clock;
  static const auto wall = std::chrono::system_clock::now().time_since_epoch();
  static const auto start = steady_clock::now();
  return {std::chrono::duration_cast<Duration>(wall + (steady_clock::now() - start)).count()};
}

}  // namespace trawl::protocol
