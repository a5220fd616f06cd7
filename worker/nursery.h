// worker/nursery.h: the process that makes keepers. It is forked from the worker while that is
// small, so that keepers are small too, and is a subreaper: what a killed keeper leaves below it
// lands here and is killed. A keeper that is stopped goes on at once.
//
// Nursery and keepers see the worker's end by their sockets, however it came. Where trials may be
// taken over, the next worker connects to the nursery (worker/handover.h), which gives it a socket
// to each keeper that has something to tell, and the descriptors that it holds for it. The nursery
// ends when it has neither a worker nor a keeper.
#pragma once

#include <string>
#include <sys/types.h>

#include "base/error.h"
#include "base/instant.h"
#include "worker/keeper_message.h"
#include "worker/limits.h"

namespace trawl::worker {

struct Nursery {
  pid_t pid{};
  Descriptor socket;  // takes NurseryRequest, gives NurserySays; ends with the nursery
};

/// The descriptors stay the caller's.
struct NurseryOptions {
  int kept = -1;  // a descriptor that it and its keepers keep open, to say that they live
  std::string cgroup =
      {};  // the worker's control group, where its keepers make theirs; empty: none
  std::string folder =
      {};               // the worker's own, where its successor finds the nursery; empty: nowhere
  Duration takeover{};  // how long attempts wait for another worker; zero: they end with theirs
  int tracking = -1;    // the socket where their clients log, kept for the next worker
};

/// Forks a nursery. Best called before the first thread: a later one starts with the memory of a
/// grown worker. `limits` is for it and its keepers; `listener` is where the next worker connects
/// (worker/handover.h), or -1. Both stay the caller's.
Result<Nursery> start_nursery(const NurseryOptions& options, const Limits& limits, int listener);

/// The control group of a keeper; empty where the worker has none.
std::string keeper_cgroup(const NurseryOptions& options, std::uint64_t keeper);

}  // namespace trawl::worker
