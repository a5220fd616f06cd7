// tests/sim/world.h: one simulated world: a coordinator, its workers, their links and processes,
// the people who use it, and what goes wrong. Everything in it follows from one seed.
#pragma once

#include <cstdint>
#include <deque>

#include "tests/sim/checks.h"
#include "tests/sim/clients.h"
#include "tests/sim/coordinator_host.h"
#include "tests/sim/faults.h"
#include "tests/sim/history.h"
#include "tests/sim/network.h"
#include "tests/sim/profile.h"
#include "tests/sim/timeline.h"
#include "tests/sim/trace.h"
#include "tests/sim/worker_host.h"

namespace trawl::sim {

struct World {
  World(std::uint64_t seed, Torture torture, Echo echo);
  World(const World&) = delete;  // its parts know where it lies
  World& operator=(const World&) = delete;

  /// To the end, or to the first fault.
  void run();
  /// Everything that was asked for is done, and nothing more will go wrong.
  bool is_over() const;

  Profile profile;
  Timeline timeline;
  Trace trace;
  History history;
  Checks checks;
  Network network;
  CoordinatorHost coordinator;
  std::deque<WorkerHost> workers;
  Clients clients;
  Faults faults;
};

}  // namespace trawl::sim
