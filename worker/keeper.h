// worker/keeper.h: the process above an attempt. It starts the attempt's first process and is the
// subreaper of all that this starts, so that everything below it belongs to the attempt, whatever
// sessions, groups or double forks were made. It runs one attempt at a time, many in its life.
//
// An attempt has ended when no process is left below the keeper:
//   - its leader ends by itself: what is left is killed;
//   - kTerminate: SIGTERM to all; what is left, also after the leader, goes on until kKill;
//   - the worker's end of the socket closes, however the worker ended: all is killed, and the
//     keeper ends.
// It waits for the kernel's word (SIGCHLD, the socket), never for a time.
#pragma once

#include <string>

namespace trawl::worker {

/// Makes the calling process a keeper that obeys `socket`, and returns when its work is over. The
/// process has one thread, every signal blocked, default dispositions, and nothing but closing
/// descriptors (O_CLOEXEC) above standard error. `cgroup`, its own control group or empty, is
/// entered and used for what a walk cannot end.
void run_keeper(int socket, const std::string& cgroup);

}  // namespace trawl::worker
