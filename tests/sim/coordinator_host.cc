#include "tests/sim/coordinator_host.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/check.h"
#include "samplers/sampler.h"
#include "tests/sim/world.h"
#include "tests/stories/print.h"
#include "tests/stories/replay.h"

namespace trawl::sim {
namespace {

constexpr const char* kName = "coordinator";

}  // namespace

CoordinatorHost::CoordinatorHost(World& world, std::uint64_t seed)
    : world_(world), chance_(seed, Purpose::kCommit), shadow_(world.profile.options) {}

template <class What>
void CoordinatorHost::later(Duration delay, What what) {
  world_.timeline.after(delay, [this, life = life_, what] {
    if (is_up() && life_ == life) when_thawed(what);
  });
}

void CoordinatorHost::when_thawed(std::function<void()> what) {
  if (is_frozen_) {
    held_.push_back(std::move(what));
  } else {
    what();
  }
}

void CoordinatorHost::freeze(Duration length) {
  if (!is_up()) return;
  world_.trace.line(world_.timeline.now(), kName,
                    fmt::format("is frozen for {} s", static_cast<double>(length.count()) / 1e6));
  is_frozen_ = true;
  world_.timeline.after(length, [this, life = life_, freeze = ++freeze_count_] {
    if (!is_up() || life_ != life || freeze_count_ != freeze) return;
    world_.trace.line(world_.timeline.now(), kName, "goes on");
    is_frozen_ = false;
    while (!held_.empty() && is_up()) {
      const std::function<void()> what = std::move(held_.front());
      held_.pop_front();
      what();
    }
  });
}

void CoordinatorHost::stall_disk(Duration length) {
  world_.trace.line(world_.timeline.now(), kName, "its disk takes nothing");
  stalled_until_ = world_.timeline.now() + length;
}

void CoordinatorHost::fail_disk() {
  if (!is_up()) return;
  crash(false, chance_.between(Duration{1}, world_.profile.coordinator_down_max));
}

void CoordinatorHost::start() {
  ++life_;
  up_since_ = world_.timeline.now();
  world_.trace.line(up_since_, kName, "starts");
  core_.emplace(core::replay(world_.profile.options, journal_));
  compare(*core_, "after a crash");
  take(core_->recover(world_.timeline.now()));
}

void CoordinatorHost::compare(const core::Coordinator& core, const char* when) const {
  if (core.state() == shadow_.state()) return;
  world_.trace.fault(std::string("the state ") + when + " is not what the committed facts make");
}

void CoordinatorHost::crash() {
  if (!is_up()) return;
  const bool was_written = !in_flight_.empty() && chance_.one_in(2);
  crash(was_written, chance_.between(Duration{1}, world_.profile.coordinator_down_max));
}

void CoordinatorHost::crash(bool was_written, Duration down) {
  world_.trace.line(world_.timeline.now(), kName,
                    was_written ? "crashes, just after a commit" : "crashes");
  core_.reset();
  held_.clear();
  is_frozen_ = false;
  if (was_written) write(in_flight_);
  in_flight_.clear();
  queued_.clear();
  world_.network.coordinator_died();
  world_.clients.coordinator_died();
  world_.timeline.after(down, [this] { start(); });
}

void CoordinatorHost::deliver(const core::EventBody& event) {
  if (!is_up()) return;
  when_thawed([this, event] {
    world_.trace.line(world_.timeline.now(), kName, core::to_text(event));
    take(core_->step({world_.timeline.now(), event}));
    for (const std::string& fault : core::check(*core_)) {
      world_.trace.fault("core::check: " + fault);
    }
  });
}

void CoordinatorHost::take(core::Decision decision) {
  for (const core::Fact& fact : decision.facts) {
    world_.trace.line(world_.timeline.now(), kName, "  fact " + core::to_text(fact.body));
  }
  for (const core::Command& command : decision.commands) {
    world_.trace.line(world_.timeline.now(), kName, "  command " + core::to_text(command));
  }
  std::erase_if(decision.commands, [this](const core::Command& command) {
    const auto* send = std::get_if<core::Send>(&command);
    if (send == nullptr || !send->is_free()) return false;
    act(*send);
    return true;
  });
  queued_.push_back(std::move(decision));
  if (in_flight_.empty()) begin_commit();
}

void CoordinatorHost::begin_commit() {
  const bool one_by_one = world_.profile.crashes_at_every_record;
  bool has_facts = false;
  while (!queued_.empty() && !(one_by_one && has_facts)) {
    has_facts = has_facts || !queued_.front().facts.empty();
    in_flight_.push_back(std::move(queued_.front()));
    queued_.pop_front();
  }
  const Duration stalled = stalled_until_ - world_.timeline.now();
  const Duration delay = chance_.between(Duration{0}, world_.profile.commit_delay_max) +
                         std::max<Duration>(stalled, Duration{0});
  later(delay, [this, dies = one_by_one && has_facts] {
    const bool hears_of_it = !dies || chance_.one_in(2);
    if (!hears_of_it) {
      // Its effects are owed: whoever replays the journal has to see to them.
      crash(true, chance_.between(Duration{1}, world_.profile.coordinator_down_max));
      return;
    }
    write(in_flight_);
    if (queued_.empty()) compare(*core_, "that was decided");
    const std::vector<core::Decision> done = std::move(in_flight_);
    in_flight_.clear();
    for (const core::Decision& decision : done) {
      for (const core::Command& command : decision.commands) release(command);
    }
    if (dies) {
      crash(false, chance_.between(Duration{1}, world_.profile.coordinator_down_max));
    } else if (!queued_.empty()) {
      begin_commit();
    }
  });
}

void CoordinatorHost::write(const std::vector<core::Decision>& decisions) {
  for (const core::Decision& decision : decisions) {
    for (const core::Fact& fact : decision.facts) {
      journal_.push_back(fact);
      shadow_.apply(fact);
      world_.history.committed(fact);
      world_.checks.committed(fact);
    }
  }
}

void CoordinatorHost::release(const core::Command& command) {
  std::visit([this](const auto& kind) { act(kind); }, command);
}

void CoordinatorHost::act(const core::Send& command) {
  world_.network.send_to_worker(command.worker, command.message);
}

void CoordinatorHost::act(const core::DropSnapshot&) {}  // the simulator has no files

void CoordinatorHost::act(const core::Dismiss&) {}  // a link knows by itself what it is

void CoordinatorHost::act(const core::Tell& command) {
  world_.trace.line(world_.timeline.now(), kName, command.sentence);
}

void CoordinatorHost::act(const core::Reply& command) {
  world_.clients.replied(command);
}

void CoordinatorHost::act(const core::Suggest& command) {
  const auto job = shadow_.state().jobs.find(command.job);
  if (job == shadow_.state().jobs.end()) return;  // ended in the same commit
  core::Suggested event{command.job, command.first, command.count, {}};
  for (std::int64_t i = 0; i < command.count; ++i) {
    auto parameters = samplers::suggest(*job->second.spec.sweep, command.first + i);
    if (!parameters) break;
    event.suggestions.push_back(std::move(*parameters));
  }
  const Duration delay = chance_.between(Duration{0}, world_.profile.suggest_delay_max);
  later(delay, [this, event] { deliver(event); });
}

void CoordinatorHost::act(const core::SetTimer& command) {
  const std::uint64_t timer = ++timer_count_;
  const Duration delay = command.at - world_.timeline.now();
  // Clocks disagree: now and then it fires too early.
  later(chance_.one_in(10) ? delay / 2 : delay, [this, timer] {
    if (timer_count_ == timer) deliver(core::TimerFired{});
  });
}

}  // namespace trawl::sim
