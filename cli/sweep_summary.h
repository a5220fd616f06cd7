// cli/sweep_summary.h: the last words about an ended sweep: its best trial, the counts, and why
// trials were stopped or failed.
#pragma once

#include <vector>

#include "cli/display_text.h"
#include "cli/sweep_progress.h"

namespace trawl::cli {

/// At most 20 lines or so. Cut to `columns`; 0: not cut.
std::vector<Line> sweep_summary(const SweepProgress& progress, std::size_t columns);

}  // namespace trawl::cli
