// sweep/policy.cc: when a policy looks, and what its rules share. The rules themselves are in
// policy_bandit.cc, policy_median_stopping.cc and policy_truncation_selection.cc.
//
// Behaviour matched: Azure ML v2. A policy applies to a trial's n-th report where
// evaluation_interval divides n and n >= delay_evaluation.
#include "sweep/policy.h"

#include <cstdlib>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/text.h"
#include "sweep/policy_rules.h"

namespace trawl {
namespace {

struct RuleName {
  std::string operator()(std::monostate) const { return "none"; }
  std::string operator()(const Bandit&) const { return "bandit"; }
  std::string operator()(const MedianStopping&) const { return "median_stopping"; }
  std::string operator()(const TruncationSelection&) const { return "truncation_selection"; }
};

struct RuleJudge {
  const Judgement& at;

  std::optional<Verdict> operator()(std::monostate) const { return std::nullopt; }
  std::optional<Verdict> operator()(const auto& rule) const { return judge_rule(rule, at); }
};

}  // namespace

std::optional<Verdict> judge(const Policy& policy, Goal goal,
                             std::span<const ReportHistory* const> histories, std::size_t trial,
                             std::size_t n) {
  TRAWL_ASSERT(trial < histories.size());
  TRAWL_ASSERT(n >= 1);
  TRAWL_ASSERT(n <= histories[trial]->size());
  if (!applies_at(policy, n)) return std::nullopt;
  const Judgement at{goal, histories, trial, n};
  auto verdict = std::visit(RuleJudge{at}, policy.rule);
  if (verdict) verdict->reason = policy_name(policy) + ": " + verdict->reason;
  return verdict;
}

bool applies_at(const Policy& policy, std::size_t n) {
  if (std::holds_alternative<std::monostate>(policy.rule)) return false;
  TRAWL_ASSERT(policy.evaluation_interval >= 1);
  const auto report = static_cast<std::int64_t>(n);
  return report % policy.evaluation_interval == 0 && report >= policy.delay_evaluation;
}

std::string policy_name(const Policy& policy) {
  return std::visit(RuleName{}, policy.rule);
}

std::string limit_text(Goal goal, double limit, double value) {
  const std::string rounded = fmt::format("{:.4g}", limit);
  const bool tells_them_apart = better(goal, std::strtod(rounded.c_str(), nullptr), value);
  return tells_them_apart ? rounded : python_repr(limit);
}

std::string bound_word(Goal goal) {
  return goal == Goal::kMaximize ? "at least" : "at most";
}

}  // namespace trawl
