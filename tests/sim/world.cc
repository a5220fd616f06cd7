#include "tests/sim/world.h"

#include <algorithm>

#include <fmt/format.h>

namespace trawl::sim {
namespace {

constexpr std::int64_t kEventsMax = 200'000;  // runs have a few thousand

}  // namespace

World::World(std::uint64_t seed, Torture torture, Echo echo)
    : profile(profile_of(seed, torture)),
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
  while (trace.faults().empty() && !is_over() && timeline.run_next()) {
    checks.after_event();
    if (++event_count > kEventsMax)
      trace.fault(fmt::format("the run does not end: at {} s", timeline.now().us / 1e6));
  }
  if (trace.faults().empty()) checks.at_end();
}

// Heartbeats never end by themselves.
bool World::is_over() const {
  return faults.are_over() && clients.are_done() && coordinator.is_up() &&
         history.unfinished_count() == 0 &&
         std::ranges::all_of(workers, [](const WorkerHost& worker) { return worker.is_done(); });
}

}  // namespace trawl::sim
