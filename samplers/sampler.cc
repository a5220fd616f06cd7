// samplers/sampler.cc: which sampler a rule means, and the two sources of uniform numbers.
//
// Behaviour matched: Azure ML v2 sampling_algorithm (random with its rules random and sobol, grid).
#include "samplers/sampler.h"

#include "base/assert.h"
#include "base/random.h"
#include "samplers/draw.h"
#include "samplers/grid.h"
#include "samplers/numeric/sobol.h"
#include "samplers/purposes.h"

namespace trawl::samplers {
namespace {

double random_uniform(const Place& place, std::uint64_t index) {
  return CounterRandom({place.space, index, kDrawPurpose + place.position}).uniform();
}

ParameterSet random_point(const SweepSpec& sweep, std::uint64_t index) {
  return draw(sweep.search_space, sweep.sampling.seed,
              [index](const Place& place) { return random_uniform(place, index); });
}

ParameterSet sobol_point(const SweepSpec& sweep, std::uint64_t index) {
  const std::uint64_t seed = sweep.sampling.seed;
  return draw(sweep.search_space, seed, [seed, index](const Place& place) {
    if (place.dimension >= kSobolDimensionCount) return random_uniform(place, index);
    return scrambled_sobol(seed, index, place.dimension);
  });
}

}  // namespace

std::optional<ParameterSet> suggest(const SweepSpec& sweep, std::int64_t index) {
  TRAWL_ASSERT(index >= 0);
  const auto unsigned_index = static_cast<std::uint64_t>(index);
  switch (sweep.sampling.rule) {
    case SamplingRule::kGrid:
      return combination(sweep.search_space, index);
    case SamplingRule::kSobol:
      return sobol_point(sweep, unsigned_index);
    case SamplingRule::kRandom:
    case SamplingRule::kBayesian:
      break;
  }
  return random_point(sweep, unsigned_index);
}

std::optional<std::int64_t> trial_count(const SweepSpec& sweep) {
  if (sweep.sampling.rule != SamplingRule::kGrid) return std::nullopt;
  return combination_count(sweep.search_space);
}

}  // namespace trawl::samplers
