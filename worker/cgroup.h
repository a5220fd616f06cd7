// worker/cgroup.h: control groups (v2) of keepers, where the system lets one be made: a net below
// the walk over process trees. The kernel kills a whole group at one stroke, also what forks faster
// than a walk sees it or belongs to another user, and a group outlives its worker, nursery and
// keepers, so that the next worker finds what they left.
#pragma once

#include <string>

namespace trawl::worker {

/// Kills and removes the group that the file `record` names (an earlier worker's), makes a new one
/// below this process's, and notes it in `record`. Empty where none can be made.
std::string make_worker_cgroup(const std::string& record);

/// The group that `record` names, which an earlier worker made and whose keepers go on; empty where
/// it is not there.
std::string worker_cgroup(const std::string& record);

/// Makes the group `path`. False where that is refused.
bool make_cgroup(const std::string& path);

/// Puts this process into the group. False where that is refused.
bool enter_cgroup(const std::string& path);

/// Kills every process in the group and below it. False where that is refused.
bool kill_cgroup(const std::string& path);

/// Kills what is in the group and the groups below it, and removes them; waits a second at most for
/// what the kernel does not let go. Nothing happens where there is no such group.
void remove_cgroup(const std::string& path);

}  // namespace trawl::worker
