// worker/limits.h: how long attempts may run without a word: one page of memory that the worker
// writes and that all its keepers read, also while the worker stands still or is gone. Internal to
// worker/.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/error.h"
#include "base/instant.h"
#include "worker/keeper_message.h"

namespace trawl::worker {

/// Since the machine's start, by a clock that goes on while the machine sleeps and that nobody sets
/// (CLOCK_BOOTTIME).
using BootTime = std::chrono::nanoseconds;

BootTime boot_now();

/// A timer that makes a descriptor readable at a BootTime, at once after a sleep that was longer.
class BootTimer {
 public:
  BootTimer();
  int descriptor() const { return timer_.get(); }
  /// Fires at `at` at the latest. Asks the kernel only where it would fire later than that: so it
  /// may fire early, and the caller looks again.
  void arm(BootTime at);
  /// After it fired.
  void clear();

 private:
  Descriptor timer_;
  std::optional<BootTime> armed_;
};

/// Any thread and any process that has the memory.
class Limits {
 public:
  /// Memory of its own, which processes forked later share: no lease, no takeover.
  static Result<Limits> make();
  /// That of an earlier worker.
  static Result<Limits> share(Descriptor memory);

  /// Of the memory, to be given to share() in another process.
  int descriptor() const { return memory_.get(); }

  /// Attempts end at this time. nullopt: they need no lease.
  std::optional<BootTime> lease() const;
  void set_lease(std::optional<BootTime> until);

  /// How long attempts go on without a worker, for another one to take them over. Zero: they end
  /// with it.
  Duration takeover() const;
  void set_takeover(Duration takeover);

 private:
  struct Page {
    std::atomic<std::int64_t> lease_ns{};  // 0: none
    std::atomic<std::int64_t> takeover_us{};
  };
  static_assert(std::atomic<std::int64_t>::is_always_lock_free);
  struct Unmap {
    void operator()(Page* page) const;
  };
  Limits(Descriptor memory, Page* page) : memory_(std::move(memory)), page_(page) {}

  Descriptor memory_;
  std::unique_ptr<Page, Unmap> page_;
};

}  // namespace trawl::worker
