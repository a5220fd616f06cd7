// sweep/report_history.h: one trial's reports of the primary metric, with what policies ask about
// their beginnings kept at hand, so that a judgement over 10,000 trials does not read every report.
#pragma once

#include <cstddef>
#include <initializer_list>
#include <vector>

#include "sweep/objective.h"

namespace trawl {

/// Reports in the order in which they were logged: report n (from 1) is element n-1. A report may
/// be NaN: it counts as an interval, is worse than every number, and is passed over by bests and
/// averages, so that one early NaN does not spoil what follows. Invariant: prefixes_[i] sums up
/// values_[0 .. i]. 40 bytes a report.
class ReportHistory {
 public:
  ReportHistory() = default;
  ReportHistory(std::initializer_list<double> values);

  void push_back(double value);
  void clear();

  std::size_t size() const { return values_.size(); }
  bool empty() const { return values_.empty(); }
  double operator[](std::size_t i) const { return values_[i]; }
  auto begin() const { return values_.begin(); }
  auto end() const { return values_.end(); }

  /// The best of the first min(n, size) reports; NaN if there is no number among them. O(1).
  double best_up_to(Goal goal, std::size_t n) const;

  /// The mean of the numbers among reports 1..n, 1 <= n <= size, never outside their range. NaN
  /// where there is none or where infinities cancel: worse than every number, as such a trial is.
  /// O(1).
  double average_up_to(std::size_t n) const;

 private:
  struct Prefix {
    double least{};       // of the numbers; NaN while there is none
    double greatest{};    // likewise
    double sum{};         // of the numbers, in order
    std::size_t count{};  // of the numbers
  };

  std::vector<double> values_;
  std::vector<Prefix> prefixes_;
};

}  // namespace trawl
