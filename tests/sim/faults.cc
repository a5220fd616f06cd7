#include "tests/sim/faults.h"

#include "tests/sim/world.h"

namespace trawl::sim {

Faults::Faults(World& world, std::uint64_t seed) : world_(world), chance_(seed, Purpose::kFault) {
  const Profile& profile = world.profile;
  if (profile.breaks_links) {
    kinds_.emplace_back([this] { world_.network.break_link(some_worker()); });
  }
  if (profile.crashes_workers) {
    kinds_.emplace_back([this] { world_.workers[some_worker()].crash(); });
  }
  if (profile.crashes_agents) {
    kinds_.emplace_back([this] { world_.workers[some_worker()].crash_agent(); });
  }
  if (profile.cuts_network) {
    kinds_.emplace_back([this] { world_.network.cut(some_worker(), true, true, some_time()); });
    kinds_.emplace_back([this] {
      const bool up = chance_.one_in(2);
      world_.network.cut(some_worker(), up, !up, some_time());
    });
  }
  if (profile.freezes) {
    kinds_.emplace_back([this] { world_.workers[some_worker()].freeze(some_time()); });
    kinds_.emplace_back([this] { world_.coordinator.freeze(some_time()); });
  }
  if (profile.stalls_disks) {
    kinds_.emplace_back([this] { world_.workers[some_worker()].stall_disk(some_time()); });
    kinds_.emplace_back([this] { world_.coordinator.stall_disk(some_time()); });
    kinds_.emplace_back([this] { world_.coordinator.fail_disk(); });
  }
  if (profile.crashes_coordinator) {
    kinds_.emplace_back([this] { world_.coordinator.crash(); });
  }
  if (profile.crashes_workers && profile.crashes_coordinator) {
    kinds_.emplace_back([this] {
      world_.coordinator.crash();
      for (WorkerHost& worker : world_.workers) worker.crash();
    });
  }
}

void Faults::start() {
  if (kinds_.empty()) return;
  Duration when{0};
  for (std::int64_t i = 0; i < world_.profile.fault_count; ++i) {
    when += chance_.between(Duration{0}, world_.profile.fault_interval_max);
    world_.timeline.after(when, [this] { strike(); });
    ++left_count_;
  }
}

void Faults::strike() {
  --left_count_;
  const std::int64_t last = static_cast<std::int64_t>(kinds_.size()) - 1;
  kinds_[static_cast<std::size_t>(chance_.between(0, last))]();
}

Duration Faults::some_time() {
  return chance_.between(Duration{1}, world_.profile.trouble_max);
}

std::size_t Faults::some_worker() {
  return static_cast<std::size_t>(chance_.between(0, world_.profile.worker_count - 1));
}

}  // namespace trawl::sim
