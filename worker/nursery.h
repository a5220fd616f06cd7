// worker/nursery.h: the process that makes keepers. It is forked from the worker while that is
// small, so that keepers are small too, and is a subreaper: what a killed keeper leaves below it
// lands here and is killed. A keeper that is stopped goes on at once.
//
// Nursery and keepers see the worker's end by their sockets, however it came, and end with all that
// is below them.
#pragma once

#include <string>
#include <sys/types.h>

#include "base/error.h"
#include "worker/keeper_message.h"

namespace trawl::worker {

struct Nursery {
  pid_t pid{};
  Descriptor socket;  // takes KeeperWanted, gives KeeperGone; ends with the nursery
};

struct NurseryOptions {
  int kept = -1;       // a descriptor that it and its keepers keep open, to say that they live
  std::string cgroup;  // the worker's control group, where its keepers make theirs; empty: none
};

/// Forks a nursery. Best called before the first thread: a later one starts with the memory of a
/// grown worker.
Result<Nursery> start_nursery(const NurseryOptions& options);

/// The control group of a keeper; empty where the worker has none.
std::string keeper_cgroup(const NurseryOptions& options, std::uint64_t keeper);

}  // namespace trawl::worker
