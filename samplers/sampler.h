// samplers/sampler.h: where trials' parameters come from.
//
// A sampler of this floor is a pure function of (search space, seed, trial index): random, Sobol
// and grid look at nothing else, so any trial can be proposed at any time, in any order, and again
// after a crash. Model-based samplers will see completed and pending trials through update() of the
// same contract (docs/architecture.md, Samplers).
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "sweep/job.h"

namespace trawl::samplers {

/// The parameters of trial `index` (from 0), or nothing when the space has no such trial (a grid
/// that is exhausted). Cost is O(number of hyperparameters), whatever the size of the space.
/// kBayesian is not served yet and draws as kRandom does; the job file's reader says so.
std::optional<ParameterSet> suggest(const SweepSpec& sweep, std::int64_t index);

/// How many distinct trials the sampler can give: the number of a grid's combinations (saturating
/// at 2^63 - 1), or nothing where there is no end.
std::optional<std::int64_t> trial_count(const SweepSpec& sweep);

}  // namespace trawl::samplers
