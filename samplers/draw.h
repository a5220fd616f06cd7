// samplers/draw.h: walks a search space and draws every hyperparameter from a source of uniform
// numbers. What random and Sobol share; they differ in the source alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include "sweep/search_space.h"
#include "sweep/value.h"

namespace trawl::samplers {

/// Which hyperparameter a uniform number is for, in two ways of counting.
///
/// (space, position) names it by its path alone: hyperparameters added after it, or anywhere inside
/// another one's options, do not change it. `dimension` numbers the hyperparameters of the whole
/// tree in file order with as few numbers as possible: constants (choices of one option) have none
/// of their own, and the options of a choice, of which one is drawn, share theirs. Hyperparameters
/// added after it do not change it.
struct Place {
  std::uint64_t space{};  // the seed for the search space itself, else a number of the option
  std::uint32_t position{};
  std::size_t dimension{};
};

/// A number in the open interval (0, 1).
using UniformAt = std::function<double(const Place&)>;

/// One set of parameters in file order. A conditional choice yields a mapping.
ParameterSet draw(const SearchSpace& space, std::uint64_t seed, const UniformAt& uniform_at);

}  // namespace trawl::samplers
