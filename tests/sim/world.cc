#include "tests/sim/world.h"

namespace trawl::sim {
namespace {

constexpr std::int64_t kEventsMax = 200'000;  // runs have a few thousand

}  // namespace

World::World(std::uint64_t seed, Echo echo)
    : profile(profile_of(seed)),
      trace(echo),
      history(trace, profile.options),
      checks(*this),
      network(*this, seed),
      coordinator(*this, seed),
      clients(*this, seed),
      faults(*this, seed) {
  for (std::int64_t i = 0; i < profile.worker_count; ++i) {
    workers.emplace_back(*this, seed, static_cast<std::size_t>(i));
  }
}

void World::run() {
  coordinator.start();
  for (WorkerHost& worker : workers) worker.start();
  clients.start();
  faults.start();
  std::int64_t event_count = 0;
  while (trace.faults().empty() && timeline.run_next()) {
    checks.after_event();
    if (++event_count > kEventsMax) trace.fault("the run does not end");
  }
  if (trace.faults().empty()) checks.at_end();
}

}  // namespace trawl::sim
