// samplers/draw.cc: a choice takes one uniform number for the option and then draws the option's
// members, each at its own place; members of the other options are not drawn.
//
// Behaviour matched: Azure ML v2 conditional search spaces.
#include "samplers/draw.h"

#include <algorithm>

#include "base/assert.h"
#include "base/random.h"
#include "samplers/purposes.h"
#include "samplers/quantile.h"

namespace trawl::samplers {
namespace {

std::size_t own_dimension_count(const Hyperparameter& hyperparameter) {
  const auto* choice = std::get_if<Choice>(&hyperparameter.distribution);
  return choice && choice->options.size() == 1 ? 0 : 1;
}

std::size_t dimension_count(const Hyperparameter& hyperparameter) {
  std::size_t widest_option = 0;
  if (const auto* choice = std::get_if<Choice>(&hyperparameter.distribution)) {
    for (const ChoiceOption& option : choice->options) {
      const auto* space = std::get_if<SearchSpace>(&option.data);
      if (!space) continue;
      std::size_t width = 0;
      for (const Hyperparameter& member : *space) width += dimension_count(member);
      widest_option = std::max(widest_option, width);
    }
  }
  return own_dimension_count(hyperparameter) + widest_option;
}

class Walk {
 public:
  explicit Walk(const UniformAt& uniform_at) : uniform_at_(uniform_at) {}

  ParameterSet draw_space(const SearchSpace& space, Place place) const {
    ParameterSet parameters;
    for (const Hyperparameter& hyperparameter : space) {
      parameters.push_back({hyperparameter.name, draw_one(hyperparameter, place)});
      ++place.position;
      place.dimension += dimension_count(hyperparameter);
    }
    return parameters;
  }

 private:
  Value draw_one(const Hyperparameter& hyperparameter, const Place& place) const {
    const auto* choice = std::get_if<Choice>(&hyperparameter.distribution);
    if (!choice) return quantile(hyperparameter.distribution, uniform_at_(place));
    TRAWL_ASSERT(!choice->options.empty());
    const auto option_count = static_cast<std::int64_t>(choice->options.size());
    const std::int64_t chosen =
        option_count == 1 ? 0 : quantile_below(option_count, uniform_at_(place));
    const auto& data = choice->options[static_cast<std::size_t>(chosen)].data;
    if (const auto* space = std::get_if<SearchSpace>(&data)) {
      const RandomKey key{place.space, static_cast<std::uint64_t>(chosen),
                          kOptionPurpose + place.position};
      return {
          draw_space(*space, {.space = CounterRandom(key).bits(),
                              .position = 0,
                              .dimension = place.dimension + own_dimension_count(hyperparameter)})};
    }
    if (const auto* integer = std::get_if<std::int64_t>(&data)) return {*integer};
    if (const auto* number = std::get_if<double>(&data)) return {*number};
    return {std::get<std::string>(data)};
  }

  const UniformAt& uniform_at_;  // outlives the walk, which is one call
};

}  // namespace

ParameterSet draw(const SearchSpace& space, std::uint64_t seed, const UniformAt& uniform_at) {
  return Walk(uniform_at).draw_space(space, {.space = seed, .position = 0, .dimension = 0});
}

}  // namespace trawl::samplers
