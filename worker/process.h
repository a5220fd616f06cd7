// worker/process.h: what the worker knows of processes besides keepers: their environment, the
// marker in it that tells an earlier worker's, and the last lines of a log.
#pragma once

#include <string>
#include <vector>

#include "sweep/job.h"

namespace trawl::worker {

/// This process's environment without `unset`, then `added` (a later one of a name wins).
std::vector<NamedText> environment_with(const std::vector<NamedText>& added,
                                        const std::vector<std::string>& unset);

/// Ends every process of this machine and user whose environment holds `TRAWL_ATTEMPT=<marker>`, or
/// begins with it when `is_prefix`; returns when a look at /proc finds none. Covers children in
/// sessions of their own, which a group's signal does not reach.
void kill_marked(const std::string& marker, bool is_prefix);

/// The last lines of a text file, at most `bytes_max` bytes, whole lines where possible; invalid
/// UTF-8 is replaced. Empty if there is no such file.
std::string tail_of(const std::string& path, std::size_t bytes_max);

}  // namespace trawl::worker
