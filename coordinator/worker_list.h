// coordinator/worker_list.h: the workers for people: who is there, who is not heard of, what runs.
#pragma once

#include <map>
#include <string>

#include "base/instant.h"
#include "core/state.h"

namespace trawl::coordinator {

/// A JSON list, by name: `name`; `state` (`ready`, `leaving`, `silent`: it gets nothing new until
/// it is heard again; `away`: not connected, and it may still run what it had); `address` ("" on
/// this machine); `slots`; `attempts` (that hold one, or may); `waiting` (that follow one of them);
/// `heard_s`, how long ago it was heard (null on this machine, where nobody asks). `addresses` are
/// those of connected workers.
std::string worker_list(const core::Runtime& runtime,
                        const std::map<core::WorkerId, std::string>& addresses, Instant at);

}  // namespace trawl::coordinator
