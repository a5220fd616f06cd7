// cli/view/event_text.h: one event of a job as a line for people. Pure but for the time zone.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "cli/view/sweep_progress.h"

namespace trawl::cli {

/// `12:03:41  name_3  best so far: accuracy = 0.93`: local time, the name padded so that the texts
/// stand in a column. `event` is one of "events" in an answer to WatchJob.
std::string event_text(const SweepState& sweep, const nlohmann::ordered_json& event);

}  // namespace trawl::cli
