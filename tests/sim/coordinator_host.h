// tests/sim/coordinator_host.h: the shell of the coordinator's core: a journal with group commit,
// and effects that follow it. A decision becomes durable as a whole, in order; its commands wait
// for it and for every decision before it, also where it has no facts of its own. While it is
// frozen, or its disk takes nothing, what comes waits.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <vector>

#include "core/coordinator.h"
#include "tests/sim/chance.h"

namespace trawl::sim {

struct World;

class CoordinatorHost {
 public:
  CoordinatorHost(World& world, std::uint64_t seed);

  void start();
  /// The state is gone, and what was not committed with it; starts again some time later.
  void crash();
  void freeze(Duration length);
  /// Nothing becomes durable meanwhile.
  void stall_disk(Duration length);
  /// The disk refuses a write: nothing after it may take effect, so the coordinator ends.
  void fail_disk();
  /// Dropped while the coordinator is down.
  void deliver(const core::EventBody& event);

  bool is_up() const { return core_.has_value(); }
  std::uint64_t life() const { return life_; }
  Instant up_since() const { return up_since_; }

 private:
  void take(core::Decision decision);
  void crash(bool was_written, Duration down);
  void when_thawed(std::function<void()> what);
  void begin_commit();
  void write(const std::vector<core::Decision>& decisions);
  void release(const core::Command& command);
  void act(const core::Send& command);
  void act(const core::Reply& command);
  void act(const core::Suggest& command);
  void act(const core::SetTimer& command);
  void act(const core::DropSnapshot& command);
  void act(const core::Dismiss& command);
  void act(const core::Tell& command);
  void compare(const core::Coordinator& core, const char* when) const;
  template <class What>
  void later(Duration delay, What what);

  World& world_;
  Chance chance_;
  std::uint64_t life_ = 0;
  Instant up_since_;
  std::optional<core::Coordinator> core_;
  std::uint64_t timer_count_ = 0;

  bool is_frozen_ = false;
  std::uint64_t freeze_count_ = 0;
  std::deque<std::function<void()>> held_;  // until it is thawed
  Instant stalled_until_;

  std::deque<core::Decision> queued_;      // decided
  std::vector<core::Decision> in_flight_;  // being written
  std::vector<core::Fact> journal_;        // durable
  core::Coordinator shadow_;               // applies the journal as it grows
};

}  // namespace trawl::sim
