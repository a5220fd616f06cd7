// core/coordinator.h: the coordinator's state machine. Events in, facts and commands out; no clock,
// file, socket or thread, so one sequence of events gives one sequence of commands, in production,
// in a replay and in the simulator.
//
// The shell's contract: put the facts of a decision on disk, all of them or none and in order,
// before any of its commands is carried out; commands wait for the decisions before theirs too,
// also where their own has no facts. Two may be carried out at once: Suggest, which changes nothing
// outside, and the sending of HeartbeatSeen, so that a disk that takes nothing ends no lease. After a crash: apply() every journalled fact of the unfinished jobs, then recover()
// once, then go on with step().
#pragma once

#include <vector>

#include "core/command.h"
#include "core/event.h"
#include "core/fact.h"
#include "core/state.h"

namespace trawl::core {

struct Decision {
  std::vector<Fact> facts;
  std::vector<Command> commands;
};

struct CoordinatorOptions {
  Duration stop_grace = std::chrono::seconds(10);  // between SIGTERM and SIGKILL
  std::int32_t lost_attempts_max = 5;              // then the trial fails
  /// A job whose trials usually take less has successors waiting on its workers (core/schedule.cc).
  Duration short_trial = std::chrono::milliseconds(50);
  std::int32_t lost_in_company_max = 3;       // (>= 1) then it runs alone on its worker
  std::uint64_t store = 0;                    // for core::Welcome
  Duration lease = std::chrono::seconds(60);  // of workers on other machines; core/lease.h
  /// lease_wait() of what earlier coordinators of this store may have granted, the longest.
  Duration lease_wait_before{};
};

class Coordinator {
 public:
  explicit Coordinator(CoordinatorOptions options) : options_(options) {}

  /// Decides. Never fails: what cannot be done is a Reply that says so. Unknown workers, stale
  /// attempts and repeated reports change nothing.
  Decision step(const Event& event);

  /// Replays one journalled fact.
  void apply(const Fact& fact);

  /// A job of before this start. `trial_names`: of a sweep, how many names `<sweep>_<n>` are its
  /// trials', else 0.
  void remember(const std::string& name, JobId job, std::int64_t trial_names);

  /// Once, after the last apply(): what is still owed.
  Decision recover(Instant at);

  const State& state() const { return state_; }
  const Runtime& runtime() const { return runtime_; }

 private:
  CoordinatorOptions options_;
  State state_;
  Runtime runtime_;
};

/// In words: what keeps the job from running more trials at once right now ("" for an unknown job).
std::string concurrency_bound(const State& state, const Runtime& runtime, JobId job);

}  // namespace trawl::core
