// worker/cgroup_path.h: where the control groups of this process are in the file system.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace trawl::worker {

struct CgroupPath {
  std::string mount;  // where the hierarchy is mounted
  std::string group;  // of the process, below the mount; starts with '/' or is empty
  std::string path() const { return mount + group; }
};

/// The process's group in the hierarchy of `controller` (v1), or in the unified one (v2) where that
/// is empty, from the texts of /proc/self/cgroup and /proc/self/mountinfo. nullopt if it is not
/// mounted here or the mount does not show the group.
std::optional<CgroupPath> cgroup_path(std::string_view cgroups, std::string_view mounts,
                                      std::string_view controller);

/// The text of a small file below /proc; empty if it cannot be read.
std::string read_small_file(const std::string& path);

}  // namespace trawl::worker
