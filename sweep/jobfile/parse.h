// sweep/jobfile/parse.h: YAML text to a tree (sweep/jobfile/node.h), within bounds and without ever
// making anything but plain values: no tags but those of the core types.
#pragma once

#include <cstddef>
#include <optional>

#include "sweep/jobfile/node.h"
#include "sweep/jobfile/report.h"

namespace trawl::jobfile {

/// More levels or nodes (each use of an alias counts anew) than any job has.
constexpr std::size_t kMostLevels = 100;
constexpr std::size_t kMostNodes = 100'000;

/// The one document of a source; a null node where it has no content. Faults are reported: nullopt
/// where they leave nothing to go on with, a tree where they do (a key that stands twice keeps its
/// first value).
std::optional<Node> parse(Report& report, std::size_t source);

}  // namespace trawl::jobfile
