// sweep/experiment.h: the number that stands for an experiment's name in MLflow's calls.
#pragma once

#include <string>
#include <string_view>

namespace trawl {

/// "0" for "Default", else a decimal number of up to 18 digits that depends on the name alone, so
/// that every worker gives an experiment the same one without asking.
std::string experiment_id(std::string_view name);

}  // namespace trawl
