// sweep/report_history.cc: least, greatest, sum and count of the numbers of every prefix, one step
// a report.
#include "sweep/report_history.h"

#include <algorithm>
#include <cmath>

#include "base/assert.h"

namespace trawl {

ReportHistory::ReportHistory(std::initializer_list<double> values) {
  for (const double value : values) push_back(value);
}

void ReportHistory::push_back(double value) {
  // fmin and fmax pass over a NaN where the other is a number.
  const bool is_number = !std::isnan(value);
  Prefix prefix{value, value, is_number ? value : 0, is_number ? std::size_t{1} : 0};
  if (!prefixes_.empty()) {
    const Prefix& before = prefixes_.back();
    prefix = {std::fmin(before.least, value), std::fmax(before.greatest, value),
              before.sum + prefix.sum, before.count + prefix.count};
  }
  values_.push_back(value);
  prefixes_.push_back(prefix);
}

void ReportHistory::clear() {
  values_.clear();
  prefixes_.clear();
}

double ReportHistory::best_up_to(Goal goal, std::size_t n) const {
  const std::size_t count = std::min(n, size());
  if (count == 0) return std::nan("");
  const Prefix& prefix = prefixes_[count - 1];
  return goal == Goal::kMaximize ? prefix.greatest : prefix.least;
}

double ReportHistory::average_up_to(std::size_t n) const {
  TRAWL_ASSERT(n >= 1);
  TRAWL_ASSERT(n <= size());
  const Prefix& prefix = prefixes_[n - 1];
  if (prefix.count == 0 || std::isnan(prefix.sum)) return std::nan("");
  // Rounding and overflow can carry a mean past all its terms: (0.1 + 0.1 + 0.1) / 3 > 0.1.
  // Unmended, the best trial of equal reports would fall behind its own average.
  return std::clamp(prefix.sum / static_cast<double>(prefix.count), prefix.least, prefix.greatest);
}

}  // namespace trawl
