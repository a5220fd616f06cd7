// samplers/quantile.h: one uniform number becomes one value of a distribution, so that random and
// quasi-random samplers share every formula, and a better spread of u is a better spread of values.
#pragma once

#include <cstdint>

#include "sweep/search_space.h"
#include "sweep/value.h"

namespace trawl::samplers {

/// An integer in [0, count), count >= 1: floor(u * count). Beyond 2^52 not every one can come up.
std::int64_t quantile_below(std::int64_t count, double u);

/// The value at `u` (0 < u < 1) of any distribution but Choice, whose options may hold spaces. An
/// integer for RandInt, else a double, always finite: what would overflow becomes the largest
/// double.
Value quantile(const Distribution& distribution, double u);

}  // namespace trawl::samplers
