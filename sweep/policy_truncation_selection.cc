// sweep/policy_truncation_selection.cc: stops the worst percentage of the trials, ranked by their
// value at report n itself (not their best so far). Trials with fewer reports have no such value
// and do not count; finished and stopped ones that have it do.
//
// Behaviour matched: Azure ML v2 truncation_selection. Ours where Azure is silent: the number that
// stops is floor(percentage * count / 100), and of equal values the older trial ranks higher.
#include <fmt/format.h>

#include "base/assert.h"
#include "base/text.h"
#include "sweep/policy_rules.h"

namespace trawl {

std::optional<Verdict> judge_rule(const TruncationSelection& truncation, const Judgement& at) {
  TRAWL_ASSERT(truncation.percentage >= 1);
  TRAWL_ASSERT(truncation.percentage <= 99);
  const double own = (*at.histories[at.trial])[at.n - 1];
  std::size_t count = 0;
  std::size_t ahead_count = 0;
  for (std::size_t i = 0; i < at.histories.size(); ++i) {
    if (at.histories[i]->size() < at.n) continue;
    ++count;
    const double value = (*at.histories[i])[at.n - 1];
    const bool is_behind = better(at.goal, own, value);
    const bool is_ahead = better(at.goal, value, own);
    if (is_ahead || (!is_behind && i < at.trial)) ++ahead_count;
  }
  const std::size_t stop_count = static_cast<std::size_t>(truncation.percentage) * count / 100;
  const std::size_t keep_count = count - stop_count;
  if (ahead_count < keep_count) return std::nullopt;
  return Verdict{fmt::format(
      "the value {} at report {} ranks {} of {}; only the first {} continue "
      "(the worst {} % stop)",
      python_repr(own), at.n, ahead_count + 1, count, keep_count, truncation.percentage)};
}

}  // namespace trawl
