// sweep/policy.h: early termination as pure functions of the metric history.
//
// Behaviour matched: Azure ML v2 `early_termination` (bandit, median_stopping,
// truncation_selection). Median stopping is the rule of D. Golovin et al., "Google Vizier: A
// Service for Black-Box Optimization", KDD 2017, section 3.2.2.
//
// Azure is silent on NaN. Ours: a report of NaN counts as an interval; bests and running averages
// pass over it; where a rule looks at that very report (truncation_selection) it ranks last; a
// trial that has logged only NaN is worse than every other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "sweep/objective.h"
#include "sweep/report_history.h"

namespace trawl {

/// Exactly one of the two is set.
struct Bandit {
  std::optional<double> slack_factor;
  std::optional<double> slack_amount;
  friend bool operator==(const Bandit&, const Bandit&) = default;
};
struct MedianStopping {
  friend bool operator==(const MedianStopping&, const MedianStopping&) = default;
};
struct TruncationSelection {
  int percentage{};  // 1..99
  friend bool operator==(const TruncationSelection&, const TruncationSelection&) = default;
};

struct Policy {
  std::variant<std::monostate, Bandit, MedianStopping, TruncationSelection> rule;
  std::int64_t evaluation_interval = 1;  // >= 1
  std::int64_t delay_evaluation = 0;     // >= 0
  friend bool operator==(const Policy&, const Policy&) = default;
};

/// Why a policy stops a trial, in a sentence with its numbers, for `properties` and the log.
struct Verdict {
  std::string reason;
};

/// Judges trial `trial` at its report `n` (1 <= n <= its number of reports). `histories[i]` is
/// trial i's, older trials first; a trial that has logged nothing has an empty one. Verdict if it
/// must stop. O(trials).
std::optional<Verdict> judge(const Policy& policy, Goal goal,
                             std::span<const ReportHistory* const> histories, std::size_t trial,
                             std::size_t n);

/// True where the policy looks at a trial's n-th report at all.
bool applies_at(const Policy& policy, std::size_t n);

/// "bandit", "median_stopping", "truncation_selection", or "none".
std::string policy_name(const Policy& policy);

}  // namespace trawl
