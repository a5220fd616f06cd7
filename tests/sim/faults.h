// tests/sim/faults.h: what goes wrong, and when: links break, workers and the coordinator die, or
// everything at once. A seed has a budget of faults, so that its run ends.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "tests/sim/chance.h"

namespace trawl::sim {

struct World;

class Faults {
 public:
  Faults(World& world, std::uint64_t seed);

  void start();

 private:
  void strike();
  std::size_t some_worker();

  World& world_;
  Chance chance_;
  std::vector<std::function<void()>> kinds_;  // that this seed allows
};

}  // namespace trawl::sim
