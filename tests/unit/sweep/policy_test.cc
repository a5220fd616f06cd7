// tests/unit/sweep/policy_test.cc: when policies look, and what holds for all of them.
#include "sweep/policy.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "base/random.h"
#include "tests/unit/sweep/policy_support.h"

namespace trawl {
namespace {

const std::vector<Policy> kEveryPolicy = {
    {Bandit{.slack_factor = 0.1, .slack_amount = {}}},
    {Bandit{.slack_factor = {}, .slack_amount = 0.0}},
    {MedianStopping{}},
    {TruncationSelection{99}},
};

// Few distinct values, so that ties, NaN and infinities are common.
double odd_value(CounterRandom& random) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  constexpr double kMost = std::numeric_limits<double>::max();
  const double values[] = {0.1, 0.1,  0.3,       0.7,        -0.1,  -2,
                           0,   -0.0, kInfinity, -kInfinity, kMost, std::nan("")};
  return values[random.below(std::size(values))];
}

Reports odd_reports(std::uint64_t index) {
  CounterRandom random({.seed = 1, .index = index, .purpose = 0});
  Reports reports(1 + random.below(6));
  for (ReportHistory& history : reports) {
    const std::uint64_t report_count = random.below(5);
    for (std::uint64_t i = 0; i < report_count; ++i) history.push_back(odd_value(random));
  }
  return reports;
}

}  // namespace

TEST_CASE("a policy looks where its interval divides the report and the delay has passed",
          "[sweep]") {
  const Policy policy{MedianStopping{}, 3, 5};
  std::vector<std::size_t> looked;
  for (std::size_t n = 1; n <= 12; ++n) {
    if (applies_at(policy, n)) looked.push_back(n);
  }
  CHECK(looked == std::vector<std::size_t>{6, 9, 12});
  CHECK(applies_at({MedianStopping{}, 3, 6}, 6));
  CHECK(applies_at({MedianStopping{}}, 1));
}

TEST_CASE("a policy that does not look stops nobody", "[sweep]") {
  const Reports reports = {{1, 1, 1}, {0, 0, 0}};
  const Policy policy{TruncationSelection{50}, 2, 0};
  CHECK(stopped_at(policy, Goal::kMaximize, reports, 1).empty());
  CHECK(stopped_at(policy, Goal::kMaximize, reports, 2) == std::vector<std::size_t>{1});
  CHECK(stopped_at({}, Goal::kMaximize, reports, 2).empty());
  CHECK_FALSE(applies_at({}, 1));
}

TEST_CASE("policies have Azure's names", "[sweep]") {
  CHECK(policy_name({}) == "none");
  CHECK(policy_name({Bandit{}}) == "bandit");
  CHECK(policy_name({MedianStopping{}}) == "median_stopping");
  CHECK(policy_name({TruncationSelection{20}}) == "truncation_selection");
}

TEST_CASE("a trial alone is never stopped", "[sweep]") {
  const double infinity = std::numeric_limits<double>::infinity();
  const Reports lonely = {{0.1, 0.1, 0.1},      {-3, -4, -5},          {0, 0, 0},
                          {std::nan(""), 1, 0}, {1, std::nan(""), 0},  {infinity, -infinity, 0},
                          {-infinity, 1, 2},    {1e308, 1e308, 1e308}, {-0.0, 0.0, -0.0}};
  for (const Policy& policy : kEveryPolicy) {
    for (const Goal goal : {Goal::kMinimize, Goal::kMaximize}) {
      for (const ReportHistory& history : lonely) {
        for (std::size_t n = 1; n <= 3; ++n) {
          INFO(policy_name(policy) << " at report " << n << " of " << history[0] << "...");
          CHECK(stopped_at(policy, goal, {history}, n).empty());
        }
      }
    }
  }
}

TEST_CASE("the trial that is best at a report goes on, whatever the values", "[sweep]") {
  for (std::uint64_t index = 0; index < 3000; ++index) {
    const Reports reports = odd_reports(index);
    for (const Goal goal : {Goal::kMinimize, Goal::kMaximize}) {
      for (const Policy& policy : kEveryPolicy) {
        for (std::size_t n = 1; n <= 4; ++n) {
          const auto best = std::holds_alternative<TruncationSelection>(policy.rule)
                                ? first_at(goal, reports, n)
                                : best_until(goal, reports, n);
          if (!best) continue;
          INFO(policy_name(policy) << ", case " << index << ", report " << n);
          CHECK_FALSE(stops(policy, goal, reports, *best, n));
        }
      }
    }
  }
}

TEST_CASE("minimizing is maximizing the negated values", "[sweep]") {
  for (std::uint64_t index = 0; index < 3000; ++index) {
    const Reports reports = odd_reports(index);
    Reports negated(reports.size());
    for (std::size_t trial = 0; trial < reports.size(); ++trial) {
      for (const double value : reports[trial]) negated[trial].push_back(-value);
    }
    for (const Policy& policy : kEveryPolicy) {
      const auto* bandit = std::get_if<Bandit>(&policy.rule);
      if (bandit && bandit->slack_factor) continue;  // a ratio depends on the sign
      for (std::size_t n = 1; n <= 4; ++n) {
        CHECK(stopped_at(policy, Goal::kMaximize, reports, n) ==
              stopped_at(policy, Goal::kMinimize, negated, n));
      }
    }
  }
}

TEST_CASE("reports after the one judged change nothing", "[sweep]") {
  for (std::uint64_t index = 0; index < 1000; ++index) {
    const Reports reports = odd_reports(index);
    for (const Policy& policy : kEveryPolicy) {
      for (std::size_t n = 1; n <= 4; ++n) {
        Reports longer = reports;
        for (ReportHistory& history : longer) {
          if (history.size() < n) continue;
          history.push_back(1e9);
          history.push_back(-1e9);
        }
        CHECK(stopped_at(policy, Goal::kMaximize, reports, n) ==
              stopped_at(policy, Goal::kMaximize, longer, n));
      }
    }
  }
}

}  // namespace trawl
