// samplers/grid.h: every combination of a space of choices, by number. Nothing is listed: a number
// is taken apart in a mixed radix, so a grid of 2^40 combinations costs as little as one of four.
#pragma once

#include <cstdint>
#include <optional>

#include "sweep/search_space.h"
#include "sweep/value.h"

namespace trawl::samplers {

/// The number of combinations of `space`, all of whose distributions are choices, nested ones too;
/// 2^63 - 1 if there are that many or more. A space without hyperparameters has one combination.
std::int64_t combination_count(const SearchSpace& space);

/// Combination `index` (>= 0), or nothing past the last. Order: the first name changes slowest,
/// options in file order; a conditional option runs through all its own combinations, in the same
/// order, before the next option comes.
std::optional<ParameterSet> combination(const SearchSpace& space, std::int64_t index);

}  // namespace trawl::samplers
