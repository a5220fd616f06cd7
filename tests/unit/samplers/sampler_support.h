// tests/unit/samplers/sampler_support.h: sweeps in one line, and one column of many trials.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "samplers/sampler.h"

namespace trawl::samplers {

inline SweepSpec sweep_of(SearchSpace space, SamplingRule rule, std::uint64_t seed = 1) {
  SweepSpec sweep;
  sweep.search_space = std::move(space);
  sweep.sampling = {rule, seed};
  return sweep;
}

/// An integer or a float as a double.
inline double number_of(const Value& value) {
  const auto* integer = std::get_if<std::int64_t>(&value.data);
  return integer ? static_cast<double>(*integer) : std::get<double>(value.data);
}

/// Hyperparameter `position` of trials 0 to count - 1, as numbers.
inline std::vector<double> column(const SweepSpec& sweep, std::size_t position,
                                  std::int64_t count) {
  std::vector<double> values;
  for (std::int64_t index = 0; index < count; ++index) {
    values.push_back(number_of(suggest(sweep, index).value().at(position).value));
  }
  return values;
}

/// "x7" of "x" and 7.
inline std::string numbered(std::string name, std::size_t number) {
  return name.append(std::to_string(number));
}

/// A choice of numbers.
inline Choice numbers(const std::vector<std::int64_t>& values) {
  // Assigned in place: g++ 12 warns of a moved variant's other members (maybe-uninitialized).
  Choice choice{std::vector<ChoiceOption>(values.size())};
  for (std::size_t i = 0; i < values.size(); ++i) choice.options[i].data = values[i];
  return choice;
}

}  // namespace trawl::samplers
