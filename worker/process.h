// worker/process.h: what the worker knows of processes besides keepers: the marker in their
// environment that tells an earlier worker's, and the last lines of a log.
#pragma once

#include <set>
#include <string>

#include "core/ids.h"

namespace trawl::worker {

/// What the environment of every process of an attempt holds in TRAWL_ATTEMPT; `home` is its
/// worker's own folder.
std::string marker_prefix(const std::string& home);
std::string marker(const std::string& home, core::AttemptId attempt);

/// Ends every process of this machine and user whose environment holds `TRAWL_ATTEMPT=<marker>`;
/// returns when a look at /proc finds none. Covers children in sessions of their own, which a
/// group's signal does not reach.
void kill_marked(const std::string& marker);

/// The same for all whose marker begins with `prefix` but is none of `spared`.
void kill_marked_but(const std::string& prefix, const std::set<std::string>& spared);

/// The last lines of a text file, at most `bytes_max` bytes, whole lines where possible; invalid
/// UTF-8 is replaced. Empty if there is no such file.
std::string tail_of(const std::string& path, std::size_t bytes_max);

}  // namespace trawl::worker
