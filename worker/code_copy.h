// worker/code_copy.h: copies a job's code: at submission into a snapshot, and from there into each
// attempt's working folder.
#pragma once

#include <filesystem>
#include <vector>

#include "base/error.h"

namespace trawl::worker {

/// Copies the folder `code`, or the single file under its name, into the folder `target`: files,
/// folders and links, with their modes. Left out are sockets and the like, and the folders in
/// `without` (the state folder may lie inside the code: a copy that took it along would never end).
/// kSystem names what could not be copied and why.
Result<void> copy_code(const std::filesystem::path& code, const std::filesystem::path& target,
                       const std::vector<std::filesystem::path>& without);

}  // namespace trawl::worker
