// tests/unit/sweep/policy_reference_test.cc: the policies against the same rules written down from
// the lists of reports, with nothing kept between, over random sweeps full of NaN and infinities.
#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include <catch2/catch.hpp>

#include "base/random.h"
#include "tests/unit/sweep/policy_support.h"

namespace trawl {
namespace {

constexpr std::uint64_t kCases = 4'000;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Small integers, so that sums are exact in any order; one in four is no number, and few infinite.
double draw_value(CounterRandom& random) {
  const std::uint64_t kind = random.below(40);
  if (kind < 10) return std::nan("");
  if (kind == 10) return kInfinity;
  if (kind == 11) return -kInfinity;
  return static_cast<double>(random.below(17)) - 8;
}

Reports draw_reports(CounterRandom& random) {
  Reports reports(1 + random.below(6));
  for (ReportHistory& history : reports) {
    const std::uint64_t count = random.below(8);
    for (std::uint64_t i = 0; i < count; ++i) history.push_back(draw_value(random));
  }
  return reports;
}

std::vector<double> numbers_of(const ReportHistory& history, std::size_t n) {
  std::vector<double> numbers;
  for (std::size_t i = 0; i < std::min(n, history.size()); ++i) {
    if (!std::isnan(history[i])) numbers.push_back(history[i]);
  }
  return numbers;
}

double best_of(Goal goal, const std::vector<double>& numbers) {
  double best = std::nan("");
  for (const double number : numbers) {
    if (better(goal, number, best)) best = number;
  }
  return best;
}

double mean_of(const std::vector<double>& numbers) {
  if (numbers.empty()) return std::nan("");
  double sum = 0;
  for (const double number : numbers) sum += number;
  return sum / static_cast<double>(numbers.size());
}

bool median_stops(Goal goal, const Reports& reports, std::size_t trial, std::size_t n) {
  std::vector<double> averages;
  for (const ReportHistory& history : reports) {
    if (history.size() >= n) averages.push_back(mean_of(numbers_of(history, n)));
  }
  std::ranges::sort(averages, [goal](double a, double b) { return better(goal, a, b); });
  const std::size_t half = averages.size() / 2;
  double median = averages[half];
  if (averages.size() % 2 == 0) median = (averages[half - 1] + averages[half]) / 2;
  return better(goal, median, best_of(goal, numbers_of(reports[trial], n)));
}

bool bandit_stops(double slack, Goal goal, const Reports& reports, std::size_t trial,
                  std::size_t n) {
  double best = std::nan("");
  for (const ReportHistory& history : reports) {
    const double own = best_of(goal, numbers_of(history, n));
    if (better(goal, own, best)) best = own;
  }
  const double limit = goal == Goal::kMaximize ? best - slack : best + slack;
  return better(goal, limit, best_of(goal, numbers_of(reports[trial], n)));
}

bool truncation_stops(std::size_t percentage, Goal goal, const Reports& reports, std::size_t trial,
                      std::size_t n) {
  std::vector<std::size_t> ranked;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    if (reports[i].size() >= n) ranked.push_back(i);
  }
  std::ranges::stable_sort(ranked, [&](std::size_t a, std::size_t b) {
    return better(goal, reports[a][n - 1], reports[b][n - 1]);
  });
  const auto rank = static_cast<std::size_t>(std::ranges::find(ranked, trial) - ranked.begin());
  return rank >= ranked.size() - percentage * ranked.size() / 100;
}

template <class Reference>
void compare(const Policy& policy, std::uint32_t purpose, Reference reference) {
  std::size_t stop_count = 0;
  for (std::uint64_t index = 0; index < kCases; ++index) {
    CounterRandom random({.seed = 1, .index = index, .purpose = purpose});
    const Reports reports = draw_reports(random);
    const Goal goal = random.below(2) == 0 ? Goal::kMinimize : Goal::kMaximize;
    for (std::size_t trial = 0; trial < reports.size(); ++trial) {
      for (std::size_t n = 1; n <= reports[trial].size(); ++n) {
        const bool expected = reference(goal, reports, trial, n);
        stop_count += expected ? 1 : 0;
        INFO("case " << index << ", trial " << trial << ", report " << n);
        REQUIRE(stops(policy, goal, reports, trial, n) == expected);
      }
    }
  }
  CHECK(stop_count > kCases / 10);  // it was a test
}

}  // namespace

TEST_CASE("median stopping does what its rule says, on any reports", "[sweep]") {
  compare(Policy{MedianStopping{}}, 1, median_stops);
}

TEST_CASE("bandit does what its rule says, on any reports", "[sweep]") {
  compare(Policy{Bandit{std::nullopt, 2.0}}, 2,
          [](Goal goal, const Reports& reports, std::size_t trial, std::size_t n) {
            return bandit_stops(2.0, goal, reports, trial, n);
          });
}

TEST_CASE("truncation selection does what its rule says, on any reports", "[sweep]") {
  compare(Policy{TruncationSelection{40}}, 3,
          [](Goal goal, const Reports& reports, std::size_t trial, std::size_t n) {
            return truncation_stops(40, goal, reports, trial, n);
          });
}

}  // namespace trawl
