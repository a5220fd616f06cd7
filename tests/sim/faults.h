// tests/sim/faults.h: what goes wrong, and when: links break, the network is cut, machines,
// workers' processes and the coordinator die or are frozen, disks take nothing or fail. A seed has
// a budget of faults, so that its run ends.
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
  bool are_over() const { return left_count_ == 0; }

 private:
  void strike();
  std::size_t some_worker();
  Duration some_time();

  World& world_;
  Chance chance_;
  std::vector<std::function<void()>> kinds_;  // that this seed allows
  std::int64_t left_count_ = 0;
};

}  // namespace trawl::sim
