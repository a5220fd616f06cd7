// samplers/grid.cc: mixed radix over the tree: a space multiplies its hyperparameters, a choice
// adds its options.
//
// Behaviour matched: Azure ML v2 grid sampling (all combinations of choices); the order is ours,
// Azure documents none.
#include "samplers/grid.h"

#include <limits>

#include "base/assert.h"

namespace trawl::samplers {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

std::int64_t saturating_sum(std::int64_t a, std::int64_t b) {
  return a > kMost - b ? kMost : a + b;
}

std::int64_t saturating_product(std::int64_t a, std::int64_t b) {
  return b != 0 && a > kMost / b ? kMost : a * b;
}

std::int64_t count_of(const ChoiceOption& option) {
  const auto* space = std::get_if<SearchSpace>(&option.data);
  return space ? combination_count(*space) : 1;
}

const Choice& choice_of(const Hyperparameter& hyperparameter) {
  const auto* choice = std::get_if<Choice>(&hyperparameter.distribution);
  TRAWL_ASSERT(choice != nullptr);  // the job file's check refuses anything else in a grid
  TRAWL_ASSERT(!choice->options.empty());
  return *choice;
}

std::int64_t count_of(const Choice& choice) {
  std::int64_t count = 0;
  for (const ChoiceOption& option : choice.options) count = saturating_sum(count, count_of(option));
  return count;
}

// index < count_of(choice).
Value value_at(const Choice& choice, std::int64_t index) {
  auto option = choice.options.begin();
  for (; index >= count_of(*option); ++option) index -= count_of(*option);
  if (const auto* space = std::get_if<SearchSpace>(&option->data)) {
    return {combination(*space, index).value()};
  }
  if (const auto* integer = std::get_if<std::int64_t>(&option->data)) return {*integer};
  if (const auto* number = std::get_if<double>(&option->data)) return {*number};
  return {std::get<std::string>(option->data)};
}

}  // namespace

std::int64_t combination_count(const SearchSpace& space) {
  std::int64_t count = 1;
  for (const Hyperparameter& hyperparameter : space) {
    count = saturating_product(count, count_of(choice_of(hyperparameter)));
  }
  return count;
}

std::optional<ParameterSet> combination(const SearchSpace& space, std::int64_t index) {
  TRAWL_ASSERT(index >= 0);
  if (index >= combination_count(space)) return std::nullopt;
  ParameterSet parameters(space.size());
  for (std::size_t i = space.size(); i-- > 0;) {
    const Choice& choice = choice_of(space[i]);
    const std::int64_t count = count_of(choice);
    parameters[i] = {space[i].name, value_at(choice, index % count)};
    index /= count;
  }
  return parameters;
}

}  // namespace trawl::samplers
