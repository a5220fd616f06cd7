// tests/unit/sweep/truncation_selection_test.cc: truncation selection, on the contract's example
// and at its edges.
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "tests/unit/sweep/policy_support.h"

namespace trawl {
namespace {

using Trials = std::vector<std::size_t>;
const double kNan = std::nan("");

Policy truncation(int percentage) {
  return {TruncationSelection{percentage}};
}

// `count` trials of five equal reports: 0, 1, 2, ...
Reports ascending(std::size_t count) {
  Reports reports;
  for (std::size_t i = 0; i < count; ++i) {
    const auto value = static_cast<double>(i);
    reports.push_back({value, value, value, value, value});
  }
  return reports;
}

}  // namespace

TEST_CASE("20 % of ten trials at report 5 stops the two worst", "[sweep]") {
  const Reports reports = ascending(10);
  CHECK(stopped_at(truncation(20), Goal::kMaximize, reports, 5) == Trials{0, 1});
  CHECK(stopped_at(truncation(20), Goal::kMinimize, reports, 5) == Trials{8, 9});
  CHECK(reason(truncation(20), Goal::kMaximize, reports, 1, 5) ==
        "truncation_selection: the value 1.0 at report 5 ranks 9 of 10; only the first 8 continue "
        "(the worst 20 % stop)");
}

TEST_CASE("the number that stops is rounded down", "[sweep]") {
  CHECK(stopped_at(truncation(20), Goal::kMaximize, ascending(4), 1).empty());
  CHECK(stopped_at(truncation(20), Goal::kMaximize, ascending(5), 1) == Trials{0});
  CHECK(stopped_at(truncation(20), Goal::kMaximize, ascending(9), 1) == Trials{0});
  CHECK(stopped_at(truncation(29), Goal::kMaximize, ascending(100), 1).size() == 29);
  CHECK(stopped_at(truncation(99), Goal::kMaximize, ascending(3), 1) == Trials{0, 1});
  CHECK(stopped_at(truncation(1), Goal::kMaximize, ascending(99), 1).empty());
}

TEST_CASE("of equal trials the older one goes on", "[sweep]") {
  const Reports reports = {{1}, {1}, {1}, {1}};
  CHECK(stopped_at(truncation(50), Goal::kMaximize, reports, 1) == Trials{2, 3});
  CHECK(stopped_at(truncation(50), Goal::kMinimize, reports, 1) == Trials{2, 3});
}

TEST_CASE("truncation ranks by the report itself, not by the best so far", "[sweep]") {
  const Reports reports = {{9, 1}, {2, 2}};
  CHECK(stopped_at(truncation(50), Goal::kMaximize, reports, 2) == Trials{0});
}

TEST_CASE("trials without report n are not ranked there", "[sweep]") {
  const Reports reports = {{0}, {0}, {0}, {}, {1, 1}, {2, 2}};
  CHECK(stopped_at(truncation(49), Goal::kMaximize, reports, 2).empty());
  CHECK(stopped_at(truncation(50), Goal::kMaximize, reports, 2) == Trials{4});
}

TEST_CASE("NaN ranks below every number, the older NaN first", "[sweep]") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Reports reports = {{kNan}, {-infinity}, {kNan}, {infinity}};
  CHECK(stopped_at(truncation(50), Goal::kMaximize, reports, 1) == Trials{0, 2});
  CHECK(stopped_at(truncation(25), Goal::kMaximize, reports, 1) == Trials{2});
  CHECK(stopped_at(truncation(75), Goal::kMinimize, reports, 1) == Trials{0, 2, 3});
}

}  // namespace trawl
