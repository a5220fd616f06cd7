// worker/small_process.h: what the nursery and the keepers share as processes: they wait for the
// end of a child or for a socket, have no signals, no descriptors of others, and a name. Internal
// to worker/.
#pragma once

#include <chrono>
#include <optional>

#include "worker/keeper_message.h"

namespace trawl::worker {

/// The calling process has every signal blocked.
class ChildSignals {
 public:
  ChildSignals();
  /// Returns when a child has ended since the last call, when `socket` can be read or has ended
  /// (-1: no socket), or after `timeout`, rounded up to milliseconds.
  void wait_or_readable(int socket, std::optional<std::chrono::nanoseconds> timeout = std::nullopt);

 private:
  Descriptor signals_;
};

/// Blocks every signal, gives each its default disposition, and closes every descriptor above
/// standard error but `kept`; standard input becomes /dev/null. For a process just forked.
void become_quiet(const std::vector<int>& kept);

/// What `ps` shows for this process, as far as there is room.
void name_process(const std::string& name);

}  // namespace trawl::worker
