// base/instant.h: time as data. Nothing here reads a clock; a shell does, and puts the instant into
// the event it hands to the core.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>

namespace trawl {

/// A length of time in microseconds.
using Duration = std::chrono::microseconds;

/// Microseconds since the Unix epoch, on a clock that never goes back within one process (the wall
/// clock at start plus the monotonic time since), so it serves both for people and for timers.
struct Instant {
  std::int64_t us{};

  friend auto operator<=>(const Instant&, const Instant&) = default;
  friend Instant operator+(Instant at, Duration by) { return {at.us + by.count()}; }
  friend Instant operator-(Instant at, Duration by) { return {at.us - by.count()}; }
  friend Duration operator-(Instant later, Instant earlier) {
    return Duration{later.us - earlier.us};
  }
};

/// Whole milliseconds since the Unix epoch: what MLflow and our tables hold.
inline std::int64_t epoch_ms(Instant at) {
  return at.us / 1000;
}

}  // namespace trawl
