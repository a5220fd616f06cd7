// tests/unit/sweep/policy_support.h: histories as plain lists, and the questions that tests put to
// a policy.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "sweep/policy.h"

namespace trawl {

using Reports = std::vector<ReportHistory>;

/// The reason why `trial` stops at report `n`, or "" where it goes on.
inline std::string reason(const Policy& policy, Goal goal, const Reports& reports,
                          std::size_t trial, std::size_t n) {
  std::vector<const ReportHistory*> histories;
  for (const ReportHistory& history : reports) histories.push_back(&history);
  const auto verdict = judge(policy, goal, histories, trial, n);
  return verdict ? verdict->reason : "";
}

inline bool stops(const Policy& policy, Goal goal, const Reports& reports, std::size_t trial,
                  std::size_t n) {
  return !reason(policy, goal, reports, trial, n).empty();
}

/// Which of the trials with n reports stop there.
inline std::vector<std::size_t> stopped_at(const Policy& policy, Goal goal, const Reports& reports,
                                           std::size_t n) {
  std::vector<std::size_t> stopped;
  for (std::size_t trial = 0; trial < reports.size(); ++trial) {
    const bool is_judged = reports[trial].size() >= n;
    if (is_judged && stops(policy, goal, reports, trial, n)) stopped.push_back(trial);
  }
  return stopped;
}

/// The oldest of the trials whose report n is best.
inline std::optional<std::size_t> first_at(Goal goal, const Reports& reports, std::size_t n) {
  std::optional<std::size_t> first;
  for (std::size_t trial = 0; trial < reports.size(); ++trial) {
    if (reports[trial].size() < n) continue;
    if (!first || better(goal, reports[trial][n - 1], reports[*first][n - 1])) first = trial;
  }
  return first;
}

/// A trial with n reports that has the best value among the first n reports of all, if there is
/// one.
inline std::optional<std::size_t> best_until(Goal goal, const Reports& reports, std::size_t n) {
  std::optional<std::size_t> best;
  double best_value = 0;
  for (std::size_t trial = 0; trial < reports.size(); ++trial) {
    for (std::size_t i = 0; i < reports[trial].size() && i < n; ++i) {
      if (best && !better(goal, reports[trial][i], best_value)) continue;
      best = trial;
      best_value = reports[trial][i];
    }
  }
  if (best && reports[*best].size() < n) return std::nullopt;
  return best;
}

}  // namespace trawl
