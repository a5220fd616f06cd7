// cli/view/trial_table.h: trials as rows: number or name, status, parameters, primary metric, step,
// elapsed. Pure: the same trials, width and time give the same lines.
#pragma once

#include <cstdint>
#include <vector>

#include "cli/view/display_text.h"
#include "cli/view/sweep_progress.h"

namespace trawl::cli {

/// A head line and one line for each of `shown`, none wider than `columns`. The best trial is bold
/// and has a star in front. What does not fit gives way in this order: full names become numbers,
/// long parameter names are cut, best goes, the parameters share one column, step and elapsed go,
/// and last the parameters.
std::vector<Line> trial_table(const SweepProgress& progress,
                              const std::vector<const TrialProgress*>& shown, std::size_t columns,
                              std::int64_t now_us);

}  // namespace trawl::cli
