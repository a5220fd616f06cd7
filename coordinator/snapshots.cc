#include "coordinator/snapshots.h"

#include <filesystem>
#include <utility>

#include <spdlog/spdlog.h>

#include "cluster/file_lock.h"

namespace trawl::coordinator {
namespace {

namespace fs = std::filesystem;

void remove_now(const std::string& snapshot) {
  std::error_code error;
  fs::remove(snapshot + "/environment", error);
  if (!error) fs::remove_all(snapshot, error);
  if (!error) fs::remove(cluster::snapshot_lock_path(snapshot), error);  // of one that broke off
  if (error) spdlog::warn("cannot remove {}: {}", snapshot, error.message());
}

}  // namespace

std::vector<std::string> unneeded_snapshots(const std::string& home,
                                            const std::set<std::string>& needed) {
  std::vector<std::string> unneeded;
  std::error_code error;
  fs::directory_iterator entry(cluster::snapshots_folder(home), error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string snapshot = entry->path();
    std::error_code gone;
    if (!entry->is_directory(gone)) continue;  // a lock
    if (needed.contains(snapshot + "/environment")) continue;
    if (!cluster::is_locked(cluster::snapshot_lock_path(snapshot))) unneeded.push_back(snapshot);
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    spdlog::warn("cannot look for snapshots that nothing needs: {}", error.message());
  }
  return unneeded;
}

std::string snapshot_around(const std::string& home, const std::string& shell_environment) {
  const fs::path snapshot = fs::path(shell_environment).parent_path();
  const std::string name = snapshot.filename();
  const bool is_one = snapshot.parent_path() == cluster::snapshots_folder(home) && !name.empty() &&
                      name != "." && name != "..";
  return is_one ? snapshot.string() : "";
}

SnapshotRemover::SnapshotRemover() : thread_([this](const std::stop_token& stop) { run(stop); }) {}

void SnapshotRemover::remove(std::string snapshot) {
  const std::lock_guard lock(mutex_);
  waiting_.push_back(std::move(snapshot));
  changed_.notify_one();
}

void SnapshotRemover::run(const std::stop_token& stop) {
  while (true) {
    std::unique_lock lock(mutex_);
    if (!changed_.wait(lock, stop, [this] { return !waiting_.empty(); })) return;
    if (stop.stop_requested()) return;
    const std::string snapshot = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    remove_now(snapshot);
  }
}

}  // namespace trawl::coordinator
