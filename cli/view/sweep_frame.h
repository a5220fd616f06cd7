// cli/view/sweep_frame.h: what the live table shows at one moment: a header, the trials that matter
// most in number order, a line for those left out, and the footer with the progress bar. Pure: the
// same progress, size and time give the same lines.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "cli/view/display_text.h"
#include "cli/view/sweep_progress.h"
#include "cli/view/terminal.h"

namespace trawl::cli {

/// At most `size.rows` - 1 lines (the cursor waits on the last row) of `size.columns` - 1 columns
/// (a full row would leave the cursor between two rows). Costs O(lines log trials), however large
/// the sweep is.
std::vector<Line> sweep_frame(const SweepProgress& progress, TerminalSize size,
                              std::int64_t now_us);

/// What stays when the sweep has ended: header and table of up to 100 trials, whatever the height.
std::vector<Line> final_frame(const SweepProgress& progress, std::size_t columns,
                              std::int64_t now_us);

/// Time left if trials go on ending at the rate up to the last end. Nothing before the first end,
/// nor once less than a second of it is left.
std::optional<std::int64_t> time_left_us(const SweepProgress& progress, std::int64_t now_us);

}  // namespace trawl::cli
