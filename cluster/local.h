// cluster/local.h: the engine that starts a worker on this very machine, as a process of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "base/error.h"

namespace trawl::cluster {

/// A started process. `pidfd` becomes readable when it ends; the caller closes it.
struct LocalProcess {
  pid_t pid{};
  int pidfd = -1;
  std::int64_t log_begin{};  // the size that its log had before
};

/// Starts this program again with `arguments`, in a session of its own, standard output and error
/// appended to `log_path` (0600), and `inherited` (or -1) as its descriptor 3.
Result<LocalProcess> start_self(const std::vector<std::string>& arguments,
                                const std::string& log_path, int inherited);

/// Starts a worker for the coordinator of `home` that is to be had at `endpoint`. Nothing where one
/// lives already, which will find that coordinator by itself.
Result<std::optional<LocalProcess>> start_local_worker(const std::string& home,
                                                       const std::string& endpoint);

/// Ends a child that holds nothing, and reaps it.
void end(const LocalProcess& process);

/// Reaps an ended child; its exit code, or 128 + the signal.
int reap(const LocalProcess& process);

}  // namespace trawl::cluster
