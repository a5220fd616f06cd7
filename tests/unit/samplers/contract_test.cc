// tests/unit/samplers/contract_test.cc: what every sampler must keep, run over all of them: answers
// that depend on (sweep, index) alone, names in order, values within the support.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include <catch2/catch.hpp>

#include "tests/unit/samplers/sampler_support.h"

namespace trawl::samplers {
namespace {

constexpr double kE = std::numbers::e;

SearchSpace every_distribution() {
  const SearchSpace inner = {{"kind", Choice{{{std::string("svm")}}}},
                             {"c", LogUniform{-3, 3, kE}},
                             {"kernel", Choice{{{std::string("rbf")}, {SearchSpace{}}}}}};
  return {{"choice", Choice{{{std::int64_t{16}}, {0.5}, {std::string("adam")}}}},
          {"model", Choice{{{std::string("tree")}, {inner}}}},
          {"randint", RandInt{7}},
          {"uniform", Uniform{-1, 2}},
          {"quniform", QUniform{0, 1, 0.1}},
          {"loguniform", LogUniform{-6, -1, kE}},
          {"qloguniform", QLogUniform{0, 4, 2, kE}},
          {"normal", Normal{10, 3}},
          {"qnormal", QNormal{0, 5, 2}},
          {"lognormal", LogNormal{0, 1, 10}},
          {"qlognormal", QLogNormal{1, 1, 0.5, 2}}};
}

SearchSpace choices_only() {
  const SearchSpace inner = {{"depth", numbers({1, 2, 3})}, {"leaf", numbers({4, 5})}};
  return {{"a", numbers({1, 2})},
          {"model", Choice{{{std::string("linear")}, {inner}}}},
          {"b", Choice{{{0.1}, {0.2}, {0.3}}}}};
}

SweepSpec sweep_for(SamplingRule rule) {
  return sweep_of(rule == SamplingRule::kGrid ? choices_only() : every_distribution(), rule, 42);
}

bool is_multiple(double value, double q) {
  return std::nearbyint(value / q) * q == value;
}

// True where `distribution` can give `value`.
struct Supports {
  const Value& value;

  double number() const { return number_of(value); }
  bool between(double low, double high) const { return number() >= low && number() <= high; }

  bool operator()(const Choice& d) const {
    return std::ranges::any_of(d.options, [this](const ChoiceOption& option) {
      const auto* space = std::get_if<SearchSpace>(&option.data);
      if (space) return is_of(*space);
      if (const auto* integer = std::get_if<std::int64_t>(&option.data)) {
        return value == Value{*integer};
      }
      if (const auto* real = std::get_if<double>(&option.data)) return value == Value{*real};
      return value == Value{std::get<std::string>(option.data)};
    });
  }
  bool operator()(const RandInt& d) const {
    const auto drawn = std::get<std::int64_t>(value.data);
    return drawn >= 0 && drawn < d.upper;
  }
  bool operator()(const Uniform& d) const { return between(d.min_value, d.max_value); }
  bool operator()(const QUniform& d) const {
    return between(d.min_value - d.q / 2, d.max_value + d.q / 2) && is_multiple(number(), d.q);
  }
  bool operator()(const LogUniform& d) const {
    return between(std::pow(d.base, d.min_value), std::pow(d.base, d.max_value));
  }
  bool operator()(const QLogUniform& d) const {
    return is_multiple(number(), d.q) && between(std::pow(d.base, d.min_value) - d.q / 2,
                                                 std::pow(d.base, d.max_value) + d.q / 2);
  }
  bool operator()(const Normal&) const { return std::isfinite(number()); }
  bool operator()(const QNormal& d) const { return is_multiple(number(), d.q); }
  bool operator()(const LogNormal&) const { return std::isfinite(number()) && number() > 0; }
  bool operator()(const QLogNormal& d) const { return is_multiple(number(), d.q) && number() >= 0; }

  bool is_of(const SearchSpace& space) const {
    const auto* mapping = std::get_if<std::vector<NamedValue>>(&value.data);
    return mapping &&
           std::ranges::equal(*mapping, space, [](const auto& drawn, const auto& wanted) {
             return drawn.name == wanted.name &&
                    std::visit(Supports{drawn.value}, wanted.distribution);
           });
  }
};

}  // namespace

TEST_CASE("a trial's parameters depend on the sweep and its index alone", "[samplers]") {
  const auto rule = GENERATE(SamplingRule::kRandom, SamplingRule::kSobol, SamplingRule::kGrid,
                             SamplingRule::kBayesian);
  const SweepSpec sweep = sweep_for(rule);
  std::vector<ParameterSet> forward;
  for (std::int64_t index = 0; index < 40; ++index) {
    forward.push_back(suggest(sweep, index).value());
  }
  for (std::int64_t index = 39; index >= 0; --index) {
    CHECK(suggest(sweep, index) == forward[static_cast<std::size_t>(index)]);
  }
}

TEST_CASE("names come in file order and values within their distributions", "[samplers]") {
  const auto rule = GENERATE(SamplingRule::kRandom, SamplingRule::kSobol, SamplingRule::kGrid,
                             SamplingRule::kBayesian);
  const SweepSpec sweep = sweep_for(rule);
  const std::int64_t count = trial_count(sweep).value_or(2000);
  for (std::int64_t index = 0; index < count; ++index) {
    const Value drawn{suggest(sweep, index).value()};
    INFO("trial " << index << ": " << json_text(drawn));
    CHECK(Supports{drawn}.is_of(sweep.search_space));
  }
}

TEST_CASE("only a grid has an end", "[samplers]") {
  CHECK(trial_count(sweep_for(SamplingRule::kGrid)) == 2 * (1 + 3 * 2) * 3);
  for (const auto rule : {SamplingRule::kRandom, SamplingRule::kSobol, SamplingRule::kBayesian}) {
    CHECK_FALSE(trial_count(sweep_for(rule)).has_value());
    CHECK(suggest(sweep_for(rule), std::int64_t{1} << 31).has_value());
    CHECK(suggest(sweep_for(rule), std::numeric_limits<std::int64_t>::max()).has_value());
  }
}

TEST_CASE("a space without hyperparameters gives trials without parameters", "[samplers]") {
  for (const auto rule : {SamplingRule::kRandom, SamplingRule::kSobol, SamplingRule::kGrid}) {
    CHECK(suggest(sweep_of({}, rule), 0).value().empty());
  }
  CHECK(trial_count(sweep_of({}, SamplingRule::kGrid)) == 1);
  CHECK_FALSE(suggest(sweep_of({}, SamplingRule::kGrid), 1).has_value());
}

TEST_CASE("another seed gives other trials, the same seed the same", "[samplers]") {
  const SearchSpace space = {{"x", Uniform{0, 1}}, {"y", Normal{0, 1}}};
  for (const auto rule : {SamplingRule::kRandom, SamplingRule::kSobol}) {
    for (std::int64_t index = 0; index < 20; ++index) {
      CHECK(suggest(sweep_of(space, rule, 1), index) == suggest(sweep_of(space, rule, 1), index));
      CHECK(suggest(sweep_of(space, rule, 1), index) != suggest(sweep_of(space, rule, 2), index));
      CHECK(suggest(sweep_of(space, rule, 1), index) !=
            suggest(sweep_of(space, rule, 1), index + 1));
    }
  }
}

TEST_CASE("a hyperparameter added at the end leaves the others' values alone", "[samplers]") {
  for (const auto rule : {SamplingRule::kRandom, SamplingRule::kSobol}) {
    SweepSpec sweep = sweep_of(every_distribution(), rule);
    const auto before = suggest(sweep, 17).value();
    sweep.search_space.push_back({"new", Uniform{0, 1}});
    auto after = suggest(sweep, 17).value();
    REQUIRE(after.size() == before.size() + 1);
    after.pop_back();
    CHECK(after == before);
  }
}

TEST_CASE("what is inside a choice changes nobody else's random numbers", "[samplers]") {
  const auto space = [](const SearchSpace& first, const SearchSpace& second) {
    return SearchSpace{{"model", Choice{{{first}, {second}}}}, {"x", Uniform{0, 1}}};
  };
  const SearchSpace one = {{"a", Uniform{0, 1}}};
  const SearchSpace two = {{"a", Uniform{0, 1}}, {"b", Uniform{0, 1}}};
  const auto lean = sweep_of(space(one, one), SamplingRule::kRandom);
  const auto rich = sweep_of(space(two, one), SamplingRule::kRandom);
  for (std::int64_t index = 0; index < 50; ++index) {
    const auto lean_set = suggest(lean, index).value();
    const auto rich_set = suggest(rich, index).value();
    CHECK(lean_set[1] == rich_set[1]);
    const auto& lean_model = std::get<std::vector<NamedValue>>(lean_set[0].value.data);
    const auto& rich_model = std::get<std::vector<NamedValue>>(rich_set[0].value.data);
    CHECK(lean_model[0] == rich_model[0]);
  }
}

TEST_CASE("members of different options and of different levels have numbers of their own",
          "[samplers]") {
  const SearchSpace inner = {{"a", Uniform{0, 1}}};
  const SearchSpace space = {{"a", Uniform{0, 1}},
                             {"m", Choice{{{inner}}}},
                             {"n", Choice{{{SearchSpace{{"m", Choice{{{inner}}}}}}}}}};
  for (const auto rule : {SamplingRule::kRandom, SamplingRule::kSobol}) {
    const auto drawn = suggest(sweep_of(space, rule), 3).value();
    const auto outer = drawn[0].value;
    const auto middle = std::get<std::vector<NamedValue>>(drawn[1].value.data)[0].value;
    const auto nested = std::get<std::vector<NamedValue>>(drawn[2].value.data)[0].value;
    const auto deepest = std::get<std::vector<NamedValue>>(nested.data)[0].value;
    CHECK_FALSE(outer == middle);
    CHECK_FALSE(middle == deepest);
    CHECK_FALSE(outer == deepest);
  }
}

TEST_CASE("values are pinned, so that a resumed sweep goes on with the same trials", "[samplers]") {
  const auto text = [](SamplingRule rule) {
    return json_text({suggest(sweep_of(every_distribution(), rule, 42), 5).value()});
  };
  CHECK(text(SamplingRule::kRandom) ==
        R"({"choice":16,"model":{"kind":"svm","c":13.98000179228503,"kernel":"rbf"},)"
        R"("randint":5,"uniform":0.4771054385915553,"quniform":0.8,)"
        R"("loguniform":0.23309825962331537,"qloguniform":8,)"
        R"("normal":10.819905217980404,"qnormal":6,)"
        R"("lognormal":17.363945266196644,"qlognormal":10.5})");
  CHECK(text(SamplingRule::kSobol) ==
        R"({"choice":0.5,"model":{"kind":"svm","c":0.27907663491092033,"kernel":{}},)"
        R"("randint":6,"uniform":0.30759351481159525,"quniform":0.1,)"
        R"("loguniform":0.0034236912400938424,"qloguniform":24,)"
        R"("normal":11.957981938563629,"qnormal":-2,)"
        R"("lognormal":0.36437512269111527,"qlognormal":3.0})");
}

}  // namespace trawl::samplers
