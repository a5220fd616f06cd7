// tests/sim/profile.h: what kind of world a seed is: how big, how slow, how broken. Seeds differ in
// kind as well as in detail (some have no faults, some only one sort, some a very slow disk), since
// a fault that is always there hides others.
#pragma once

#include <cstdint>

#include "base/instant.h"
#include "core/coordinator.h"

namespace trawl::sim {

/// What is done to a seed's world.
enum class Torture {
  kSeed,         // what its profile says
  kEveryRecord,  // the coordinator is killed at each record of its journal, and nothing else
};

struct Profile {
  std::int64_t worker_count{};
  std::int64_t slot_count_max{};
  core::CoordinatorOptions options;

  /// Workers on other machines: leases, and a network that loses, repeats and reorders. Otherwise
  /// all is on one machine: links keep their order, and a worker's end is noticed.
  bool is_cluster{};

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

  std::int64_t repeat_one_in{};  // messages that arrive twice; 0: none
  std::int64_t lose_one_in{};    // messages that do not arrive; 0: none. In a cluster
  bool reorders{};               // in a cluster
  double clock_skew_max{};       // how much faster or slower a worker's clock may run. In a cluster
  std::int64_t job_count{};
  std::int64_t trial_count_max{};  // of a sweep
  Duration submit_interval_max{};
  std::int64_t cancel_count{};

  std::int64_t fault_count{};
  Duration fault_interval_max{};
  Duration trouble_max{};  // how long a cut, a freeze or a disk that takes nothing lasts
  bool breaks_links{};
  bool crashes_workers{};  // the machine, with all that runs on it
  bool crashes_agents{};   // the worker's process alone; its trials go on
  bool crashes_coordinator{};
  bool cuts_network{};  // one direction or both. In a cluster
  bool freezes{};       // SIGSTOP: a worker's process or the coordinator
  bool stalls_disks{};  // nothing becomes durable meanwhile
  bool crashes_at_every_record{};

  /// Nothing keeps a message or a write longer than the bounds above say.
  bool is_punctual() const { return !is_cluster && !freezes && !stalls_disks && !crashes_agents; }
};

Profile profile_of(std::uint64_t seed, Torture torture);

/// Reaping, signalling and other things that a kernel does take no longer than this.
constexpr Duration kKernelDelayMax = std::chrono::milliseconds(5);

/// Trials whose worker's process is gone wait for the next one so long.
constexpr Duration kTakeoverMax = std::chrono::seconds(60);

/// With every link up and nobody crashing, the processes of an attempt that was told to stop are
/// gone after this much.
Duration stop_time_max(const Profile& profile);

}  // namespace trawl::sim
