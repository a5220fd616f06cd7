// sweep/policy_median_stopping.cc: stops a trial whose best value up to report n is worse than the
// median of the running averages of reports 1..n. Only trials that have n reports have such an
// average, this trial among them, so the verdict does not depend on how far slower trials have
// come. A NaN is passed over; a trial whose n reports are all NaN has an average worse than every
// number.
//
// Source: D. Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017,
// section 3.2.2, as Azure ML v2 median_stopping applies it (every trial counts, not only completed
// ones).
#include <algorithm>
#include <numeric>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "sweep/policy_rules.h"

namespace trawl {
namespace {

// Mean of the two middle ones where the count is even. `values` is not empty.
double median(Goal goal, std::vector<double> values) {
  const auto is_better = [goal](double a, double b) { return better(goal, a, b); };
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end(), is_better);
  if (values.size() % 2 == 1) return *middle;
  return std::midpoint(*std::max_element(values.begin(), middle, is_better), *middle);
}

}  // namespace

std::optional<Verdict> judge_rule(const MedianStopping&, const Judgement& at) {
  std::vector<double> averages;
  for (const ReportHistory* history : at.histories) {
    if (history->size() >= at.n) averages.push_back(history->average_up_to(at.n));
  }
  const std::size_t trial_count = averages.size();
  const double limit = median(at.goal, std::move(averages));
  const double own = at.histories[at.trial]->best_up_to(at.goal, at.n);
  // A median of NaN stops nobody: half of the trials are no better than NaN.
  if (!better(at.goal, limit, own)) return std::nullopt;
  return Verdict{fmt::format(
      "the best value up to report {} is {}; it must be {} {} (median of the running averages of "
      "{} trials)",
      at.n, python_repr(own), bound_word(at.goal), limit_text(at.goal, limit, own), trial_count)};
}

}  // namespace trawl
