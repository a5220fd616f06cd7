// tests/unit/sweep/median_stopping_test.cc: median stopping, on the contract's example and at its
// edges.
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "tests/unit/sweep/policy_support.h"

namespace trawl {
namespace {

using Trials = std::vector<std::size_t>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");
const Policy kMedian{MedianStopping{}};

}  // namespace

TEST_CASE("median stopping stops B of the worked example and keeps A and C", "[sweep]") {
  const Reports reports = {{0.5, 0.6, 0.7}, {0.2, 0.3, 0.4}, {0.6, 0.5, 0.4}};
  CHECK(stopped_at(kMedian, Goal::kMaximize, reports, 3) == Trials{1});
  CHECK(reason(kMedian, Goal::kMaximize, reports, 1, 3) ==
        "median_stopping: the best value up to report 3 is 0.4; it must be at least 0.5 (median of "
        "the running averages of 3 trials)");
}

TEST_CASE("the median of an even count is the mean of the middle two", "[sweep]") {
  const Reports reports = {{1}, {2}, {4}, {8}};  // median 3
  CHECK(stopped_at(kMedian, Goal::kMaximize, reports, 1) == Trials{0, 1});
  CHECK(stopped_at(kMedian, Goal::kMinimize, reports, 1) == Trials{2, 3});
  CHECK(reason(kMedian, Goal::kMinimize, reports, 2, 1) ==
        "median_stopping: the best value up to report 1 is 4.0; it must be at most 3 (median of "
        "the running averages of 4 trials)");
}

TEST_CASE("trials with fewer reports have no average to compare with", "[sweep]") {
  const Reports reports = {{9}, {9}, {}, {1, 1}, {2, 2}, {3, 3}};
  CHECK(stopped_at(kMedian, Goal::kMaximize, reports, 2) == Trials{3});
}

TEST_CASE("equal reports are not behind their own average", "[sweep]") {
  // (0.1 + 0.1 + 0.1) / 3 is above 0.1 in doubles.
  const ReportHistory same = {0.1, 0.1, 0.1};
  CHECK(stopped_at(kMedian, Goal::kMaximize, {same}, 3).empty());
  CHECK(stopped_at(kMedian, Goal::kMaximize, {same, same, same}, 3).empty());
  CHECK(stopped_at(kMedian, Goal::kMinimize, {same, same}, 3).empty());
}

TEST_CASE("one early NaN does not switch median stopping off", "[sweep]") {
  const Reports reports = {{kNan, 5}, {1, 1}, {3, 3}};  // averages 5, 1, 3: median 3
  CHECK(stopped_at(kMedian, Goal::kMaximize, reports, 2) == Trials{1});
  const Reports all = {{kNan, 5}, {kNan, 1}, {kNan, 3}};
  CHECK(stopped_at(kMedian, Goal::kMaximize, all, 2) == Trials{1});
}

TEST_CASE("a trial of NaN alone is behind every median", "[sweep]") {
  CHECK(stopped_at(kMedian, Goal::kMaximize, {{kNan, kNan}, {1, 1}, {3, 3}}, 2) == Trials{0});
}

TEST_CASE("a median of NaN stops nobody", "[sweep]") {
  CHECK(stopped_at(kMedian, Goal::kMaximize, {{kNan}, {1}, {kNan}}, 1).empty());
  CHECK(stopped_at(kMedian, Goal::kMinimize, {{kNan}, {1}}, 1).empty());
}

TEST_CASE("median stopping lives with infinities", "[sweep]") {
  CHECK(stopped_at(kMedian, Goal::kMaximize, {{kInfinity}, {1}, {2}}, 1) == Trials{1});
  CHECK(stopped_at(kMedian, Goal::kMaximize, {{-kInfinity}, {1}, {2}}, 1) == Trials{0});
  const Reports cancelling = {{kInfinity, -kInfinity}, {1, 1}, {2, 2}};
  CHECK(stopped_at(kMedian, Goal::kMaximize, cancelling, 2).empty());
}

TEST_CASE("values near the largest double do not overflow an average", "[sweep]") {
  const double most = std::numeric_limits<double>::max();
  const Reports reports = {{most, most}, {most, most}, {-most, -most}, {-most, -most}};
  CHECK(stopped_at(kMedian, Goal::kMaximize, reports, 2) == Trials{2, 3});
}

}  // namespace trawl
