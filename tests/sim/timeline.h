// tests/sim/timeline.h: the simulated clock. What is due is kept in order of time, and of making
// where times are equal; running one entry moves the clock to it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "base/instant.h"

namespace trawl::sim {

class Timeline {
 public:
  Instant now() const { return now_; }

  void at(Instant when, std::function<void()> what) {
    due_.emplace(std::pair{when < now_ ? now_ : when, made_count_++}, std::move(what));
  }
  void after(Duration delay, std::function<void()> what) { at(now_ + delay, std::move(what)); }

  /// False when nothing is due any more.
  bool run_next() {
    if (due_.empty()) return false;
    const auto next = due_.extract(due_.begin());
    now_ = next.key().first;
    next.mapped()();
    return true;
  }

 private:
  Instant now_;
  std::uint64_t made_count_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> due_;
};

}  // namespace trawl::sim
