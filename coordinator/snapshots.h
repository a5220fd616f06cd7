// coordinator/snapshots.h: removes what jobs keep of their submission (cli/snapshot.h) once they
// have ended: the submitting shell's variables, which may hold secrets, and the copy of the code,
// of which every attempt has its own.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace trawl::coordinator {

/// The snapshots of `home` that no job needs: neither one of `needed` (the files of the unfinished
/// jobs' variables), nor one whose submission is under way. Among them are those of submissions
/// that broke off. Only right while no job can be accepted.
std::vector<std::string> unneeded_snapshots(const std::string& home,
                                            const std::set<std::string>& needed);

/// The snapshot of `home` that holds this file of variables; "" where it is in none, whatever the
/// path says.
std::string snapshot_around(const std::string& home, const std::string& shell_environment);

/// Removes snapshots one after the other, on a thread of its own: the copy of the code may have
/// many files. What it has not begun when it is destroyed stays for the next coordinator.
class SnapshotRemover {
 public:
  SnapshotRemover();
  /// Any thread. The variables go first.
  void remove(std::string snapshot);

 private:
  void run(const std::stop_token& stop);

  std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<std::string> waiting_;  // at most one for each job that has ended
  std::jthread thread_;              // last: it uses the others
};

}  // namespace trawl::coordinator
