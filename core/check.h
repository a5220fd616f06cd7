// core/check.h: re-derives the invariants of docs/architecture.md from the state alone. The
// simulator and the tests call it after every step.
#pragma once

#include <string>
#include <vector>

#include "core/coordinator.h"

namespace trawl::core {

/// One sentence for each invariant that does not hold; empty when all do.
std::vector<std::string> check(const Coordinator& coordinator);

}  // namespace trawl::core
