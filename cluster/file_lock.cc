#include "cluster/file_lock.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace trawl::cluster {

std::string coordinator_lock_path(const std::string& home) {
  return home + "/coordinator.lock";
}

std::string local_worker_home(const std::string& home) {
  return home + "/worker";
}

std::string worker_lock_path(const std::string& worker_home) {
  return worker_home + "/worker.lock";
}

std::string snapshots_folder(const std::string& home) {
  return home + "/snapshots";
}

std::string snapshot_lock_path(const std::string& snapshot) {
  return snapshot + ".lock";
}

Result<int> take_lock(const std::string& path, const std::string& held) {
  const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (file < 0) return fail_errno("cannot open " + path, errno);
  struct flock whole_file {};
  whole_file.l_type = F_WRLCK;
  if (fcntl(file, F_OFD_SETLK, &whole_file) == 0) return file;
  close(file);
  return fail(ErrorCode::kConflict, held);
}

Result<void> hold_lock(const std::string& path, const std::string& held) {
  const auto lock = take_lock(path, held);
  if (!lock) return tl::unexpected(lock.error());
  return {};  // the descriptor stays open
}

bool is_locked(const std::string& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return false;
  // Only asks: a lock taken to try it would make a coordinator fail that starts in that moment.
  struct flock found {};
  found.l_type = F_RDLCK;
  const bool locked = fcntl(file, F_OFD_GETLK, &found) == 0 && found.l_type != F_UNLCK;
  close(file);
  return locked;
}

}  // namespace trawl::cluster
