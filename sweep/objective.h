// sweep/objective.h: what a sweep optimises, and what "better" means.
#pragma once

#include <string>

namespace trawl {

enum class Goal { kMinimize, kMaximize };

struct Objective {
  Goal goal{};
  std::string primary_metric;  // the name a script passes to mlflow.log_metric
  friend bool operator==(const Objective&, const Objective&) = default;
};

/// True if `a` is strictly better than `b`. NaN is worse than every number and no better than NaN.
bool better(Goal goal, double a, double b);

}  // namespace trawl
