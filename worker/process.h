// worker/process.h: real processes: started in a session of their own, told apart by a marker in
// their environment, ended for certain.
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

#include "base/error.h"
#include "core/message.h"
#include "sweep/job.h"

namespace trawl::worker {

struct SpawnOptions {
  std::vector<std::string> argv;  // argv[0] is an absolute path
  std::vector<NamedText> environment;
  std::string working_folder;
  std::string log_path;  // standard output and error are appended here
};

/// A started process: the leader of its own session and process group. The caller owns the
/// descriptor, which becomes readable when the process ends.
struct Process {
  pid_t pid{};
  int pidfd = -1;
};

/// Starts it with standard input closed to /dev/null. kSystem says what failed.
Result<Process> spawn(const SpawnOptions& options);

/// This process's environment without `unset`, then `added` (a later one of a name wins).
std::vector<NamedText> environment_with(const std::vector<NamedText>& added,
                                        const std::vector<std::string>& unset);

/// Reaps an ended process and says how it ended; `detail` is left empty.
core::Outcome reap(const Process& process);

/// Sends `signal` to the whole group that `leader` leads; nothing happens if none is left.
void signal_group(pid_t leader, int signal);

/// Ends every process of this machine and user whose environment holds `TRAWL_ATTEMPT=<marker>`, or
/// begins with it when `is_prefix`; returns when a look at /proc finds none. Covers children in
/// sessions of their own, which a group's signal does not reach.
void kill_marked(const std::string& marker, bool is_prefix);

/// The last lines of a text file, at most `bytes_max` bytes, whole lines where possible; invalid
/// UTF-8 is replaced. Empty if there is no such file.
std::string tail_of(const std::string& path, std::size_t bytes_max);

}  // namespace trawl::worker
