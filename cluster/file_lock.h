// cluster/file_lock.h: the locks that say who holds a state folder. A lock belongs to the open
// file: it goes with its holder's process, however that ends, and looking at it does not disturb
// it.
#pragma once

#include <string>

#include "base/error.h"

namespace trawl::cluster {

/// The lock that the coordinator of the state folder `home` holds.
std::string coordinator_lock_path(const std::string& home);

/// The folder of the worker on this machine that belongs to the state folder `home`, and the lock
/// that a worker holds in its folder.
std::string local_worker_home(const std::string& home);
std::string worker_lock_path(const std::string& worker_home);

/// The folder of what jobs keep of their submission, one folder a job; and the lock, made before
/// that folder, that a process holds while its submission is under way.
std::string snapshots_folder(const std::string& home);
std::string snapshot_lock_path(const std::string& snapshot);

/// Takes the lock, making the file (0600) if need be, and keeps it until this process ends.
/// kConflict with the message `held` where another process has it.
Result<void> hold_lock(const std::string& path, const std::string& held);

/// The same, with the descriptor that keeps the lock: it is held until every copy of that is
/// closed, also those of processes forked later.
Result<int> take_lock(const std::string& path, const std::string& held);

/// True while some process holds the lock. Takes none itself.
bool is_locked(const std::string& path);

}  // namespace trawl::cluster
