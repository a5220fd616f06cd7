// tests/sim/profile.h: what kind of world a seed is: how big, how slow, how broken. Seeds differ in
// kind as well as in detail (some have no faults, some only one sort, some a very slow disk), since
// a fault that is always there hides others.
#pragma once

#include <cstdint>

#include "base/instant.h"
#include "core/coordinator.h"

namespace trawl::sim {

struct Profile {
  std::int64_t worker_count{};
  std::int64_t slot_count_max{};
  core::CoordinatorOptions options;

  // Every delay is uniform between 0 and its bound.
  Duration link_delay_max{};
  Duration commit_delay_max{};
  Duration spool_delay_max{};
  Duration spawn_delay_max{};
  Duration suggest_delay_max{};
  Duration reconnect_delay_max{};
  Duration coordinator_down_max{};
  Duration worker_down_max{};
  Duration run_time_max{};

  std::int64_t repeat_one_in{};  // messages that arrive twice in a row; 0: none
  std::int64_t job_count{};
  Duration submit_interval_max{};
  std::int64_t cancel_count{};

  std::int64_t fault_count{};
  Duration fault_interval_max{};
  bool breaks_links{};
  bool crashes_workers{};
  bool crashes_coordinator{};
};

Profile profile_of(std::uint64_t seed);

/// Reaping, signalling and other things that a kernel does take no longer than this.
constexpr Duration kKernelDelayMax = std::chrono::milliseconds(5);

/// With every link up and nobody crashing, the processes of an attempt that was told to stop are
/// gone after this much.
Duration stop_time_max(const Profile& profile);

}  // namespace trawl::sim
