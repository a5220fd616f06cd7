// coordinator/journal_clock.h: the time that the journal's facts carry: the machine's monotonic
// clock plus an offset (the anchor) that the store keeps. So a jump of the wall clock moves no
// limit of what runs and lets no time go back, also where the coordinator is restarted after it. An
// anchor holds while any job is unfinished; when none is, the next job gets the wall clock's time.
#pragma once

#include <optional>
#include <string>

#include "base/instant.h"

namespace trawl::coordinator {

/// The machine's clocks, read together.
struct ClockReading {
  std::string boot;    // names this start of the machine; empty where that cannot be read
  Duration monotonic;  // since some moment of this boot; stands still while the machine sleeps
  Instant wall;
};

ClockReading read_clocks();

struct ClockAnchor {
  std::string boot;  // of which the offset holds
  Duration offset;   // the journal's time less the monotonic clock's
  friend bool operator==(const ClockAnchor&, const ClockAnchor&) = default;
};

/// The anchor of a coordinator that starts. `kept` is the one that the store has, `newest` the time
/// of the newest fact of the unfinished jobs (absent: there is none). With unfinished jobs: on the
/// same boot the kept one goes on; on another, the wall clock's time, but none before `newest`.
ClockAnchor anchor_at_start(const ClockReading& clocks, const std::optional<ClockAnchor>& kept,
                            std::optional<Instant> newest);

/// In words, for people, how far the wall clock is `ahead` of the journal's time (below zero:
/// behind it); "" where that is too little to be a jump.
std::string jump_text(Duration ahead);

/// Used by one thread.
class JournalClock {
 public:
  explicit JournalClock(ClockAnchor anchor) : anchor_(std::move(anchor)) {}

  /// Never goes back, except through follow_wall().
  Instant now() const;

  /// How far the wall clock is ahead of now(), as jumps and the machine's sleep made it.
  Duration wall_ahead() const;

  /// Takes the wall clock's time from here on. Only while no job is unfinished.
  void follow_wall();

  const ClockAnchor& anchor() const { return anchor_; }

 private:
  ClockAnchor anchor_;
};

}  // namespace trawl::coordinator
