// worker/small_process.h: what the nursery and the keepers share as processes: they wait for the
// end of a child or for a few descriptors, have no signals, no descriptors of others, and a name.
// Internal to worker/.
#pragma once

#include <array>
#include <bitset>
#include <chrono>
#include <optional>

#include "worker/keeper_message.h"

namespace trawl::worker {

/// The calling process has every signal blocked.
class ChildSignals {
 public:
  ChildSignals();
  static constexpr std::size_t kDescriptors = 3;
  /// Returns when a child has ended since the last call, when one of `descriptors` can be read or
  /// has ended (-1: none), or after `timeout`, rounded up to milliseconds. Says which can.
  std::bitset<kDescriptors> wait(const std::array<int, kDescriptors>& descriptors,
                                 std::optional<std::chrono::nanoseconds> timeout = std::nullopt);

 private:
  Descriptor signals_;
};

/// Blocks every signal, gives each its default disposition, and closes every descriptor but `kept`;
/// standard input, output and error become /dev/null: who waits for the end of the worker's output
/// must not wait for what outlives it. For a process just forked.
void become_quiet(const std::vector<int>& kept);

/// Closes every descriptor above standard error but `kept`; -1 among them is ignored.
void close_others(std::vector<int> kept);

/// What `ps` shows for this process, as far as there is room.
void name_process(const std::string& name);

}  // namespace trawl::worker
