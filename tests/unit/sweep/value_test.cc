// tests/unit/sweep/value_test.cc: how a value is written into commands, tables and JSON.
#include "sweep/value.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "sweep/objective.h"
#include "sweep/search_space.h"

namespace trawl {
namespace {

const Value kModel{
    std::vector<NamedValue>{{"kind", {std::string("svm")}},
                            {"c", {0.5}},
                            {"degree", {std::int64_t{3}}},
                            {"kernel", {std::vector<NamedValue>{{"gamma", {1e-5}}}}}}};

}  // namespace

TEST_CASE("numbers are written as Python prints them, strings as they are", "[sweep]") {
  CHECK(plain_text({std::int64_t{16}}) == "16");
  CHECK(plain_text({std::int64_t{-3}}) == "-3");
  CHECK(plain_text({0.5}) == "0.5");
  CHECK(plain_text({1e-5}) == "1e-05");
  CHECK(plain_text({3 * 0.1}) == "0.30000000000000004");
  CHECK(plain_text({std::string("a b's")}) == "a b's");
}

TEST_CASE("plain text has no quotes of the shell", "[sweep]") {
  CHECK(plain_text(kModel) == R"({"kind":"svm","c":0.5,"degree":3,"kernel":{"gamma":1e-05}})");
  CHECK(plain_text({std::string("adam")}) == "adam");
  CHECK(plain_text({100.0}) == "100.0");
}

TEST_CASE("JSON text keeps numbers numbers and escapes strings", "[sweep]") {
  CHECK(json_text({std::int64_t{7}}) == "7");
  CHECK(json_text({2.0}) == "2.0");
  CHECK(json_text({std::string("007")}) == R"("007")");
  CHECK(json_text({std::string("a\"b\\c\n\r\t\x01\x1f")}) == R"("a\"b\\c\n\r\t\u0001\u001f")");
  CHECK(json_text({std::string("caf\xC3\xA9")}) == "\"caf\xC3\xA9\"");
}

TEST_CASE("JSON text is JSON even for what JSON cannot say", "[sweep]") {
  CHECK(json_text({std::numeric_limits<double>::infinity()}) == "null");
  CHECK(json_text({std::nan("")}) == "null");
}

TEST_CASE("values are equal where kind and content are", "[sweep]") {
  CHECK(kModel == Value{kModel});
  CHECK_FALSE(Value{std::int64_t{1}} == Value{1.0});
  CHECK_FALSE(Value{std::string("1")} == Value{std::int64_t{1}});
  CHECK_FALSE(NamedValue{"a", {1.0}} == NamedValue{"b", {1.0}});
}

TEST_CASE("search spaces are equal where every nested distribution is", "[sweep]") {
  const auto space = [](double sigma) {
    const SearchSpace inner = {{"c", Normal{0, sigma}}};
    return SearchSpace{{"model", Choice{{{std::string("tree")}, {inner}}}}, {"n", RandInt{3}}};
  };
  CHECK(space(1) == space(1));
  CHECK_FALSE(space(1) == space(2));
  CHECK_FALSE(SearchSpace{{"x", Uniform{0, 1}}} == SearchSpace{{"x", LogUniform{0, 1, 10}}});
}

TEST_CASE("better follows the goal, and NaN is worse than every number", "[sweep]") {
  const double nan = std::nan("");
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(better(Goal::kMaximize, 2, 1));
  CHECK_FALSE(better(Goal::kMaximize, 1, 1));
  CHECK(better(Goal::kMinimize, 1, 2));
  CHECK_FALSE(better(Goal::kMinimize, 2, 1));
  for (const Goal goal : {Goal::kMinimize, Goal::kMaximize}) {
    CHECK(better(goal, infinity, nan));
    CHECK(better(goal, -infinity, nan));
    CHECK_FALSE(better(goal, nan, infinity));
    CHECK_FALSE(better(goal, nan, nan));
  }
}

}  // namespace trawl
