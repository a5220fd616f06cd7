// worker/file_copy.h: copies of files and folders that cost little: blocks are shared where the
// file system can do that (btrfs, XFS, bcachefs: FICLONE), until one side is written to. Never a
// hard link, so a copy can be changed without its original.
#pragma once

#include <filesystem>
#include <stop_token>

#include "base/error.h"

namespace trawl::worker {

/// Copies the regular file `from` (a link is followed) to `to`, which must not exist, with its
/// permissions; its owner may read and write the copy. kSystem names what failed and why.
Result<void> clone_file(const std::filesystem::path& from, const std::filesystem::path& to);

/// Copies what is in the folder `from` into the folder `to`, which exists: files, folders and links
/// (as links), with their permissions; its owner may enter and write the folders. Left out are
/// sockets and the like. kSystem names what could not be copied and why; kUnavailable when `stop`
/// is requested, which is looked at before each entry.
Result<void> clone_folder(const std::filesystem::path& from, const std::filesystem::path& to,
                          const std::stop_token& stop);

}  // namespace trawl::worker
