// tests/unit/sweep/report_history_test.cc: the sums of every prefix against the same by hand.
#include "sweep/report_history.h"

#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

namespace trawl {

TEST_CASE("a history answers for each of its beginnings", "[sweep]") {
  const ReportHistory history = {3, 1, 5, 4};
  CHECK(history.size() == 4);
  CHECK(history[2] == 5);
  CHECK(history.best_up_to(Goal::kMaximize, 2) == 3);
  CHECK(history.best_up_to(Goal::kMaximize, 3) == 5);
  CHECK(history.best_up_to(Goal::kMinimize, 1) == 3);
  CHECK(history.best_up_to(Goal::kMinimize, 100) == 1);
  CHECK(history.average_up_to(1) == 3);
  CHECK(history.average_up_to(2) == 2);
  CHECK(history.average_up_to(4) == 3.25);
}

TEST_CASE("a history without a number has a best of NaN", "[sweep]") {
  const double nan = std::nan("");
  for (const Goal goal : {Goal::kMinimize, Goal::kMaximize}) {
    CHECK(std::isnan(ReportHistory{}.best_up_to(goal, 5)));
    CHECK(std::isnan(ReportHistory{1.0}.best_up_to(goal, 0)));
    CHECK(std::isnan(ReportHistory{nan, nan}.best_up_to(goal, 2)));
    CHECK(ReportHistory{nan, 2, nan}.best_up_to(goal, 3) == 2);
    CHECK(ReportHistory{2, nan}.best_up_to(goal, 2) == 2);
  }
}

TEST_CASE("averages pass over a NaN", "[sweep]") {
  const double nan = std::nan("");
  const ReportHistory history = {2, nan, 4};
  CHECK(history.average_up_to(1) == 2);
  CHECK(history.average_up_to(2) == 2);
  CHECK(history.average_up_to(3) == 3);
  const ReportHistory late = {nan, nan, 6};
  CHECK(std::isnan(late.average_up_to(2)));
  CHECK(late.average_up_to(3) == 6);
}

TEST_CASE("an average stays within its reports, whatever rounding and overflow do", "[sweep]") {
  const double most = std::numeric_limits<double>::max();
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(ReportHistory{0.1, 0.1, 0.1}.average_up_to(3) == 0.1);
  CHECK(ReportHistory{most, most}.average_up_to(2) == most);
  CHECK(ReportHistory{infinity, 1}.average_up_to(2) == infinity);
  CHECK(std::isnan(ReportHistory{infinity, -infinity}.average_up_to(2)));
}

TEST_CASE("a cleared history starts anew", "[sweep]") {
  ReportHistory history = {9, 9};
  history.clear();
  CHECK(history.empty());
  history.push_back(1);
  CHECK(history.average_up_to(1) == 1);
  CHECK(history.best_up_to(Goal::kMaximize, 1) == 1);
}

}  // namespace trawl
