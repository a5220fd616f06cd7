// worker/process_tree.h: finds the processes below a process, whatever sessions and groups they
// made. A subreaper's tree holds everything that it started: an orphan becomes its child.
#pragma once

#include <functional>
#include <string>
#include <sys/types.h>

namespace trawl::worker {

struct TreeProcess {
  pid_t pid{};
  pid_t group{};
  friend bool operator==(const TreeProcess&, const TreeProcess&) = default;
};

class ProcessTree {
 public:
  /// `proc` is where the kernel tells of processes.
  explicit ProcessTree(std::string proc = "/proc") : proc_(std::move(proc)) {}

  /// Calls `found` for each process below `root`, but not for `root` and not for zombies, and goes
  /// into the children of those for which it answers true. A process is told as soon as it is seen,
  /// so that what is killed has little time to fork. One that starts or loses its parent meanwhile
  /// may be missed: whoever needs them all looks again until nothing is left.
  ///
  /// Cost: the processes below `root` where the kernel lists children, else all of the machine.
  void visit(pid_t root, const std::function<bool(const TreeProcess&)>& found) const;

 private:
  std::string proc_;
};

/// Kills what `tree` finds below `root` (this process), group by group, in one look. `spared` says
/// which processes are left alone, with what is below them. Returns whether there was any.
bool kill_below(const ProcessTree& tree, pid_t root, const std::function<bool(pid_t)>& spared);

}  // namespace trawl::worker
