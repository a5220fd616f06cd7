// protocol/clock.h: the shells' clock. The pure floors get their time from here, inside events.
#pragma once

#include "base/instant.h"

namespace trawl::protocol {

/// The wall clock at the process's first call plus the time since boot that has passed since: never
/// goes back, counts while the machine sleeps, and a jump of the wall clock does not move it.
Instant now();

}  // namespace trawl::protocol
