// worker/oom_counter.h: how often the kernel has killed for want of memory where this process
// counts. A process that was killed so and one that somebody killed look alike (SIGKILL); the
// counter tells them apart.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "worker/keeper_message.h"

namespace trawl::worker {

class OomCounter {
 public:
  /// Opens the counter of the memory cgroup that this process is in (v2: of the nearest one above
  /// that has one; v1), or else that of the whole machine.
  OomCounter();

  /// So many so far; 0 if there is no counter. A read of a cgroup's takes a microsecond, of the
  /// machine's 50.
  std::int64_t read() const;

 private:
  Descriptor file_;
};

/// The number after `oom_kill` in a file of "name number" lines; 0 if it has none.
std::int64_t oom_kills_in(std::string_view text);

/// The file with the counter for a process whose /proc/self/cgroup and /proc/self/mountinfo hold
/// these texts; for v2 the first of the paths upwards that `exists`. Empty if there is none.
std::string oom_counter_path(std::string_view cgroups, std::string_view mounts,
                             bool (*exists)(const std::string&));

}  // namespace trawl::worker
