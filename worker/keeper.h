// worker/keeper.h: the process above an attempt. It starts the attempt's first process and is the
// subreaper of all that this starts, so that everything below it belongs to the attempt, whatever
// sessions, groups or double forks were made. It runs one attempt at a time, many in its life.
//
// An attempt has ended when no process is left below the keeper:
//   - its leader ends by itself: what is left is killed;
//   - kTerminate: SIGTERM to all; what is left, also after the leader, goes on until kKill;
//   - the worker's end of the socket closes, however the worker ended, and no other worker has
//     taken the keeper over within the time of the limits: all is killed, and the keeper ends.
//     Where that time is zero, or the nursery is gone, through which another would come, at once;
//   - the lease of the limits is over, with or without a worker, moving or frozen: all is killed.
// It waits for the kernel's word (SIGCHLD, a socket, a timer), never for a time of its own.
//
// The last attempt that it ran is told again to a worker that takes it over, however it ended: what
// its own worker was told may have died with it.
#pragma once

#include <string>

#include "worker/keeper_message.h"
#include "worker/limits.h"

namespace trawl::worker {

struct KeeperPlace {
  Descriptor worker;   // gives KeeperRequest, takes KeeperReply
  Descriptor nursery;  // gives AnotherWorker
  const Limits* limits{};
  std::string cgroup;  // its own control group, for what a walk cannot end; empty: none
};

/// Makes the calling process a keeper, and returns when its work is over. The process has one
/// thread, every signal blocked, default dispositions, and nothing but closing descriptors
/// (O_CLOEXEC) above standard error.
void run_keeper(KeeperPlace place);

}  // namespace trawl::worker
