// tracking/messages.h: runs, experiments and logged models as the JSON messages that clients read.
// Empty lists and unset fields are absent, as on the server.
#pragma once

#include <string>

#include "tracking/method.h"

namespace trawl::tracking {

/// Where a client puts a run's artifacts.
std::string artifact_uri(const Run& run);

Json run_info_json(const Run& run);
Json run_json(const Call& call, const Run& run);
Json experiment_json(const Call& call, const Experiment& experiment);

/// A stored model with the metrics that were logged to it.
Json model_json(const Call& call, Json model);

}  // namespace trawl::tracking
