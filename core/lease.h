// core/lease.h: how long a worker may go unheard, and what that makes of its attempts. The leases
// of Gray and Cheriton (1989, "Leases: an efficient fault-tolerant mechanism for distributed file
// cache consistency"), section 2, with attempts in place of cached files.
//
// A worker says a heartbeat every beat_interval() and its lease begins anew, by its own clock, at
// the moment at which it SENT what the coordinator has answered. When it is over, the worker ends
// its attempts: SIGTERM, and SIGKILL after the grace. The coordinator counts from the moment at
// which it RECEIVED something, which is later, and waits longer: for the grace, and for what clocks
// and kernels may differ. So an attempt has ended before the next one of its trial starts
// elsewhere. A coordinator that starts counts from its start, since it does not know whom the one
// before has answered.
//
// Clocks need not agree, only run at about the same rate, and the worker's must count while its
// machine sleeps.
#pragma once

#include "base/instant.h"

namespace trawl::core {

/// Between two heartbeats: the loss of a few in a row costs nothing.
constexpr Duration beat_interval(Duration lease) {
  constexpr int kBeats = 6;
  return lease / kBeats;
}

/// Unheard for so long, a worker gets nothing new, and makes a new connection.
constexpr Duration silence_max(Duration lease) {
  return lease / 2;
}

/// Unheard for so long, a worker has ended its attempts: its lease, the grace, and a margin for
/// clocks that run 5% apart and a kernel that takes its time to end a process.
constexpr Duration lease_wait(Duration lease, Duration grace) {
  constexpr int kClockShare = 20;
  constexpr Duration kKernelTime = std::chrono::seconds(1);
  return lease + grace + (lease + grace) / kClockShare + kKernelTime;
}

}  // namespace trawl::core
