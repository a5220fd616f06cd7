// tests/unit/samplers/grid_test.cc: every combination once, in file order, without listing them.
#include "samplers/grid.h"

#include <limits>
#include <set>

#include <catch2/catch.hpp>

#include "tests/unit/samplers/sampler_support.h"

namespace trawl::samplers {
namespace {

std::vector<std::string> all_of(const SearchSpace& space) {
  std::vector<std::string> texts;
  for (std::int64_t index = 0; const auto set = combination(space, index); ++index) {
    texts.push_back(json_text({*set}));
  }
  return texts;
}

}  // namespace

TEST_CASE("a grid changes the first name slowest, in file order", "[samplers]") {
  const SearchSpace space = {
      {"b", numbers({2, 1})},
      {"a", Choice{{{std::string("x")}, {0.5}, {std::int64_t{0}}}}},
  };
  CHECK(all_of(space) == std::vector<std::string>{R"({"b":2,"a":"x"})", R"({"b":2,"a":0.5})",
                                                  R"({"b":2,"a":0})", R"({"b":1,"a":"x"})",
                                                  R"({"b":1,"a":0.5})", R"({"b":1,"a":0})"});
}

TEST_CASE("a conditional option runs through its own combinations before the next", "[samplers]") {
  const SearchSpace innermost = {{"w", numbers({8, 9})}};
  const SearchSpace tree = {{"kind", Choice{{{std::string("tree")}}}},
                            {"d", Choice{{{std::int64_t{1}}, {innermost}}}}};
  const SearchSpace space = {{"model", Choice{{{tree}, {std::string("linear")}}}},
                             {"s", numbers({0, 1})}};
  CHECK(all_of(space) == std::vector<std::string>{
                             R"({"model":{"kind":"tree","d":1},"s":0})",
                             R"({"model":{"kind":"tree","d":1},"s":1})",
                             R"({"model":{"kind":"tree","d":{"w":8}},"s":0})",
                             R"({"model":{"kind":"tree","d":{"w":8}},"s":1})",
                             R"({"model":{"kind":"tree","d":{"w":9}},"s":0})",
                             R"({"model":{"kind":"tree","d":{"w":9}},"s":1})",
                             R"({"model":"linear","s":0})",
                             R"({"model":"linear","s":1})",
                         });
}

TEST_CASE("a grid gives each combination exactly once", "[samplers]") {
  const SearchSpace inner = {{"p", numbers({1, 2, 3})}, {"q", numbers({4, 5})}};
  const SearchSpace space = {{"a", numbers({1, 2, 3, 4, 5})},
                             {"m", Choice{{{std::string("none")}, {inner}}}},
                             {"b", numbers({1, 2, 3})}};
  const auto texts = all_of(space);
  CHECK(texts.size() == 5 * 7 * 3);
  CHECK(std::set(texts.begin(), texts.end()).size() == texts.size());
  CHECK(combination_count(space) == 5 * 7 * 3);
}

TEST_CASE("2^40 combinations cost nothing", "[samplers]") {
  SearchSpace space;
  for (std::size_t i = 0; i < 40; ++i) space.push_back({numbered("x", i), numbers({0, 1})});
  CHECK(combination_count(space) == std::int64_t{1} << 40);
  const std::int64_t index = (std::int64_t{1} << 39) + 5;
  const auto set = combination(space, index).value();
  for (std::size_t i = 0; i < 40; ++i) {
    CHECK(set[i].value == Value{(index >> (39 - i)) & 1});
  }
  CHECK(combination(space, (std::int64_t{1} << 40) - 1).has_value());
  CHECK_FALSE(combination(space, std::int64_t{1} << 40).has_value());
}

TEST_CASE("a grid past 2^63 combinations says so and still counts right", "[samplers]") {
  SearchSpace space;
  for (std::size_t i = 0; i < 100; ++i) space.push_back({numbered("x", i), numbers({0, 1})});
  CHECK(combination_count(space) == std::numeric_limits<std::int64_t>::max());
  const auto set = combination(space, 6).value();
  CHECK(set[96].value == Value{std::int64_t{0}});
  CHECK(set[97].value == Value{std::int64_t{1}});
  CHECK(set[98].value == Value{std::int64_t{1}});
  CHECK(set[99].value == Value{std::int64_t{0}});
  // Also where one option alone has more than can be counted.
  const SearchSpace nested = {{"m", Choice{{{space}, {std::string("last")}}}},
                              {"y", space[0].distribution}};
  CHECK(combination_count(nested) == std::numeric_limits<std::int64_t>::max());
  CHECK(combination(nested, 1).value()[1].value == Value{std::int64_t{1}});
}

}  // namespace trawl::samplers
