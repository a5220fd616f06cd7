// sweep/policy_bandit.cc: stops a trial whose best value is too far behind the best of all.
//
// Behaviour matched: Azure ML v2 bandit. With B the best value of any trial up to report n (of
// fewer reports where a trial has fewer) and m this trial's, maximize stops it if m < B / (1 +
// slack_factor) or m < B - slack_amount; minimize is the mirror image: m > B * (1 + slack_factor)
// or m > B + slack_amount. Azure does not say what a ratio means where it would put the limit on
// the far side of B. We let it widen the gap whatever the sign: B < 0 multiplies to maximize and
// divides to minimize.
#include <cmath>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/text.h"
#include "sweep/policy_rules.h"

namespace trawl {
namespace {

struct Limit {
  double value{};
  std::string formula;
};

Limit limit_of(const Bandit& bandit, Goal goal, double best) {
  const std::string best_text = "best of any trial " + python_repr(best);
  if (bandit.slack_amount) {
    const double amount = *bandit.slack_amount;
    const bool up = goal == Goal::kMinimize;
    return {up ? best + amount : best - amount,
            fmt::format("{} {} {}", best_text, up ? '+' : '-', amount)};
  }
  const double factor = *bandit.slack_factor;
  const bool multiplies = (goal == Goal::kMinimize) == (best >= 0);
  return {multiplies ? best * (1 + factor) : best / (1 + factor),
          fmt::format("{} {} (1 + {})", best_text, multiplies ? '*' : '/', factor)};
}

}  // namespace

std::optional<Verdict> judge_rule(const Bandit& bandit, const Judgement& at) {
  TRAWL_ASSERT(bandit.slack_factor.has_value() != bandit.slack_amount.has_value());
  double best = std::nan("");
  for (const ReportHistory* history : at.histories) {
    const double candidate = history->best_up_to(at.goal, at.n);
    if (better(at.goal, candidate, best)) best = candidate;
  }
  const double own = at.histories[at.trial]->best_up_to(at.goal, at.n);
  // The best trial stays, even where a slack below zero or rounding would put the limit above it.
  if (!better(at.goal, best, own)) return std::nullopt;
  const Limit limit = limit_of(bandit, at.goal, best);
  // False too for a limit of NaN, as from an infinite best over an infinite slack.
  if (!better(at.goal, limit.value, own)) return std::nullopt;
  return Verdict{fmt::format("the best value up to report {} is {}; it must be {} {} ({})", at.n,
                             python_repr(own), bound_word(at.goal),
                             limit_text(at.goal, limit.value, own), limit.formula)};
}

}  // namespace trawl
