// cli/view/sweep_summary.h: the last words about an ended sweep: its best trial, the counts, and
// why trials were stopped or failed.
#pragma once

#include <vector>

#include "cli/view/display_text.h"
#include "cli/view/sweep_progress.h"

namespace trawl::cli {

/// About 20 lines at most: five reasons of each kind. A line is not cut to any width (a terminal
/// wraps it, a log keeps it whole), but a reason ends after 300 columns.
std::vector<Line> sweep_summary(const SweepProgress& progress);

}  // namespace trawl::cli
