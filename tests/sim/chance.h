// tests/sim/chance.h: every choice of the simulator, as a function of (seed, purpose, item). Parts
// of the world draw from streams of their own, so a change in one does not reshuffle the others.
#pragma once

#include <cstdint>

#include "base/assert.h"
#include "base/instant.h"
#include "base/random.h"

namespace trawl::sim {

enum class Purpose : std::uint32_t {
  kProfile = 1,
  kJob,
  kProcess,
  kNetwork,
  kCommit,
  kWorker,
  kClient,
  kFault,
};

class Chance {
 public:
  Chance(std::uint64_t seed, Purpose purpose, std::uint64_t item = 0)
      : random_({seed, item, static_cast<std::uint32_t>(purpose)}) {}

  /// Uniform in [low, high], low <= high.
  std::int64_t between(std::int64_t low, std::int64_t high) {
    TRAWL_ASSERT(low <= high);
    return low +
           static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(high - low) + 1));
  }
  Duration between(Duration low, Duration high) {
    return Duration{between(low.count(), high.count())};
  }
  bool one_in(std::int64_t count) { return between(1, count) == 1; }
  double uniform() { return random_.uniform(); }

 private:
  CounterRandom random_;
};

}  // namespace trawl::sim
