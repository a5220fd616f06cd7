// sweep/objective.cc: the one place where two metric values are compared, so that NaN means the
// same to every policy and to the choice of the best trial.
#include "sweep/objective.h"

#include <cmath>

namespace trawl {

bool better(Goal goal, double a, double b) {
  if (std::isnan(a)) return false;
  if (std::isnan(b)) return true;
  return goal == Goal::kMaximize ? a > b : a < b;
}

}  // namespace trawl
