// sweep/jobfile/document.h: what `job show` prints of the file.
#pragma once

#include <string>

#include "sweep/job.h"
#include "sweep/jobfile/node.h"

namespace trawl::jobfile {

/// Canonical JSON (keys sorted, one line) of a checked tree: the file's keys in their modern,
/// lower-case forms, literals of inputs as strings, timeouts in seconds, names that were generated;
/// empty keys left out. Without `name`, `status` and what else only the coordinator knows.
std::string document_of(const Node& root, const JobSpec& job);

}  // namespace trawl::jobfile
