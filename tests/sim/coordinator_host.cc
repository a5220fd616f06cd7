#include "tests/sim/coordinator_host.h"

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
    if (is_up() && life_ == life) what();
  });
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
  world_.trace.line(world_.timeline.now(), kName,
                    was_written ? "crashes, just after a commit" : "crashes");
  core_.reset();
  if (was_written) write(in_flight_);
  in_flight_.clear();
  queued_.clear();
  world_.network.coordinator_died();
  world_.clients.coordinator_died();
  const Duration down = chance_.between(Duration{1}, world_.profile.coordinator_down_max);
  world_.timeline.after(down, [this] { start(); });
}

void CoordinatorHost::deliver(const core::EventBody& event) {
  if (!is_up()) return;
  world_.trace.line(world_.timeline.now(), kName, core::to_text(event));
  take(core_->step({world_.timeline.now(), event}));
  for (const std::string& fault : core::check(*core_)) world_.trace.fault("core::check: " + fault);
}

void CoordinatorHost::take(core::Decision decision) {
  for (const core::Fact& fact : decision.facts) {
    world_.trace.line(world_.timeline.now(), kName, "  fact " + core::to_text(fact.body));
  }
  for (const core::Command& command : decision.commands) {
    world_.trace.line(world_.timeline.now(), kName, "  command " + core::to_text(command));
  }
  queued_.push_back(std::move(decision));
  if (in_flight_.empty()) begin_commit();
}

void CoordinatorHost::begin_commit() {
  in_flight_ = std::move(queued_);
  queued_.clear();
  const Duration delay = chance_.between(Duration{0}, world_.profile.commit_delay_max);
  later(delay, [this] {
    write(in_flight_);
    if (queued_.empty()) compare(*core_, "that was decided");
    const std::vector<core::Decision> done = std::move(in_flight_);
    in_flight_.clear();
    for (const core::Decision& decision : done) {
      for (const core::Command& command : decision.commands) release(command);
    }
    if (!queued_.empty()) begin_commit();
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
