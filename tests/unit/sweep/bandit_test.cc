// tests/unit/sweep/bandit_test.cc: the bandit policy, on the contract's examples and at its edges.
#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include "tests/unit/sweep/policy_support.h"

namespace trawl {
namespace {

using Trials = std::vector<std::size_t>;
constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

Policy factor(double slack) {
  return {Bandit{.slack_factor = slack, .slack_amount = {}}};
}
Policy amount(double slack) {
  return {Bandit{.slack_factor = {}, .slack_amount = slack}};
}

}  // namespace

TEST_CASE("bandit with factor 0.2 stops below 0.8 / 1.2 when maximizing", "[sweep]") {
  const Reports reports = {{0.8}, {0.66}, {0.67}, {0.61}};
  CHECK(stopped_at(factor(0.2), Goal::kMaximize, reports, 1) == Trials{1, 3});
  CHECK(reason(factor(0.2), Goal::kMaximize, reports, 3, 1) ==
        "bandit: the best value up to report 1 is 0.61; it must be at least 0.6667 (best of any "
        "trial 0.8 / (1 + 0.2))");
}

TEST_CASE("bandit with amount 0.2 stops below 0.8 - 0.2 when maximizing", "[sweep]") {
  const Reports reports = {{0.8}, {0.59}, {0.61}};
  CHECK(stopped_at(amount(0.2), Goal::kMaximize, reports, 1) == Trials{1});
  CHECK(reason(amount(0.2), Goal::kMaximize, reports, 1, 1) ==
        "bandit: the best value up to report 1 is 0.59; it must be at least 0.6 (best of any trial "
        "0.8 - 0.2)");
}

TEST_CASE("bandit mirrors its limits when minimizing", "[sweep]") {
  const Reports reports = {{1.0}, {1.2}, {1.21}, {1.5}, {1.51}};
  CHECK(stopped_at(factor(0.2), Goal::kMinimize, reports, 1) == Trials{2, 3, 4});
  CHECK(stopped_at(amount(0.5), Goal::kMinimize, reports, 1) == Trials{4});
  CHECK(reason(factor(0.2), Goal::kMinimize, reports, 2, 1) ==
        "bandit: the best value up to report 1 is 1.21; it must be at most 1.2 (best of any trial "
        "1.0 * (1 + 0.2))");
}

TEST_CASE("a bandit's ratio widens the gap for negative metrics too", "[sweep]") {
  const Reports losses = {{-10}, {-11.9}, {-12.1}};
  CHECK(stopped_at(factor(0.2), Goal::kMaximize, losses, 1) == Trials{2});  // -10 * 1.2
  const Reports scores = {{-12}, {-10.1}, {-9.9}};
  CHECK(stopped_at(factor(0.2), Goal::kMinimize, scores, 1) == Trials{2});  // -12 / 1.2
}

TEST_CASE("a bandit's ratio of a best of zero is zero", "[sweep]") {
  CHECK(stopped_at(factor(0.2), Goal::kMaximize, {{0}, {-0.001}, {-0.0}}, 1) == Trials{1});
  CHECK(stopped_at(factor(0.2), Goal::kMinimize, {{0}, {0.001}, {-0.0}}, 1) == Trials{1});
}

TEST_CASE("bandit compares the best so far, not the latest report", "[sweep]") {
  const Reports reports = {{0.1, 0.8, 0.2}, {0.75, 0.0, 0.0}};
  CHECK(stopped_at(factor(0.2), Goal::kMaximize, reports, 3).empty());
  CHECK(stopped_at(factor(0.2), Goal::kMaximize, reports, 1) == Trials{0});
}

TEST_CASE("bandit counts what trials with fewer reports have reached", "[sweep]") {
  const Reports reports = {{0.9}, {0.1, 0.2}, {}};
  CHECK(stops(factor(0.2), Goal::kMaximize, reports, 1, 2));
}

TEST_CASE("a value exactly on the bandit's limit goes on", "[sweep]") {
  CHECK(stopped_at(amount(0.25), Goal::kMaximize, {{1}, {0.75}}, 1).empty());
  CHECK(stopped_at(amount(0), Goal::kMaximize, {{1}, {1}}, 1).empty());
  CHECK(stopped_at(amount(0), Goal::kMaximize, {{1}, {0.999}}, 1) == Trials{1});
}

TEST_CASE("a trial with nothing but NaN is stopped by bandit once another has a number",
          "[sweep]") {
  CHECK(stopped_at(factor(0.2), Goal::kMaximize, {{kNan}, {kNan}}, 1).empty());
  CHECK(stopped_at(factor(0.2), Goal::kMaximize, {{kNan}, {0.1}}, 1) == Trials{0});
  CHECK(stopped_at(factor(0.2), Goal::kMinimize, {{kNan, 0.1}, {0.1, kNan}}, 2).empty());
  CHECK(reason(amount(1), Goal::kMinimize, {{kNan}, {2}}, 0, 1) ==
        "bandit: the best value up to report 1 is nan; it must be at most 3 (best of any trial "
        "2.0 + 1)");
}

TEST_CASE("bandit lives with infinities", "[sweep]") {
  for (const Policy& policy : {factor(0.2), amount(0.2)}) {
    CHECK(stopped_at(policy, Goal::kMaximize, {{kInfinity}, {1}, {kInfinity}}, 1) == Trials{1});
    CHECK(stopped_at(policy, Goal::kMinimize, {{-kInfinity}, {1}}, 1) == Trials{1});
    CHECK(stopped_at(policy, Goal::kMaximize, {{-kInfinity}, {-kInfinity}}, 1).empty());
    CHECK(stopped_at(policy, Goal::kMaximize, {{-kInfinity}, {1}}, 1) == Trials{0});
  }
}

TEST_CASE("a reason shows more digits where four would hide the difference", "[sweep]") {
  CHECK(reason(amount(0.0), Goal::kMaximize, {{0.80001}, {0.8}}, 1, 1) ==
        "bandit: the best value up to report 1 is 0.8; it must be at least 0.80001 (best of any "
        "trial 0.80001 - 0)");
}

}  // namespace trawl
