// worker/nursery.h: the process that makes keepers. It is forked from the worker while that is
// small, so that keepers are small too, and is a subreaper: what a killed keeper leaves below it
// lands here and is killed.
//
// Nursery and keepers see the worker's end by their sockets, however it came, and end with all that
// is below them.
#pragma once

#include <sys/types.h>

#include "base/error.h"
#include "worker/keeper_message.h"

namespace trawl::worker {

struct Nursery {
  pid_t pid{};
  Descriptor socket;  // takes KeeperWanted, gives KeeperGone; ends with the nursery
};

/// Forks a nursery. It and its keepers keep `kept` open (-1: none), which says that they live.
/// Best called before the first thread: a later nursery starts with the memory of a grown worker.
Result<Nursery> start_nursery(int kept);

}  // namespace trawl::worker
