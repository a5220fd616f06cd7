// sweep/policy_rules.h: one function a policy, for sweep/policy.cc alone; others call judge() of
// sweep/policy.h. Each looks at report n as if the policy applied there.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "sweep/objective.h"
#include "sweep/policy.h"

namespace trawl {

/// One question to a policy: must `trial` stop at its report `n`?
struct Judgement {
  Goal goal{};
  std::span<const ReportHistory* const> histories;
  std::size_t trial{};
  std::size_t n{};  // 1 <= n <= histories[trial]->size()
};

std::optional<Verdict> judge_rule(const Bandit& bandit, const Judgement& at);
std::optional<Verdict> judge_rule(const MedianStopping& median, const Judgement& at);
std::optional<Verdict> judge_rule(const TruncationSelection& truncation, const Judgement& at);

/// `limit` for a sentence that says why `value` is worse than it: four digits, or all of them where
/// four would hide the difference.
std::string limit_text(Goal goal, double limit, double value);

/// "at least" or "at most": how a value must stand to a limit.
std::string bound_word(Goal goal);

}  // namespace trawl
