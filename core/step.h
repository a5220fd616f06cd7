// core/step.h: the working face of one step, shared by the event families. Internal to core.
#pragma once

#include <string>
#include <utility>

#include "core/coordinator.h"

namespace trawl::core {

/// Puts one fact into the state (core/apply.cc).
void apply_fact(const Fact& fact, State& state, Runtime& runtime);

/// Brings `runtime.startable` up to date with what the job could use.
void refresh_startable(const State& state, Runtime& runtime, JobId job);

struct Step {
  const CoordinatorOptions& options;
  State& state;
  Runtime& runtime;
  Instant at;
  Decision decision;

  /// Decides a fact: it is in the state at once and in the journal before any effect.
  void record(FactBody body) {
    decision.facts.push_back({at, std::move(body)});
    apply_fact(decision.facts.back(), state, runtime);
  }
  template <class Kind>
  void command(Kind command) {
    decision.commands.emplace_back(std::move(command));
  }
  /// To a connected worker; `order` where it is a launch or a stop.
  void send(WorkerId id, ToWorkerBody body) {
    const Worker& worker = runtime.workers.at(id);
    command(Send{id, {worker.session, worker.orders_sent, std::move(body)}});
  }
  void order(WorkerId id, ToWorkerBody body) {
    Worker& worker = runtime.workers.at(id);
    command(Send{id, {worker.session, ++worker.orders_sent, std::move(body)}});
  }
};

Trial* find_trial(State& state, TrialId id);

/// The trial of a live attempt, or null if the attempt is stale, ended or unknown.
Trial* find_live(State& state, AttemptId id);
const Trial* find_live(const State& state, AttemptId id);

/// The connected worker that holds the attempt, or null.
const WorkerId* find_holder(const Runtime& runtime, const Trial& trial, AttemptId id);

/// True where the trial's attempts run alone on their worker: it was lost with its worker so often
/// that it may be what kills it (core/schedule.cc says more). Losses without the worker say nothing
/// of neighbours, and do not count here.
bool runs_alone(const CoordinatorOptions& options, const Trial& trial);

/// Brings the worker's `exclusive` and its place in `free_workers` up to date with its `holds`.
void refresh_worker(Step& step, WorkerId id);

// core/submit.cc
void on_event(Step& step, const SubmitRequested& event);
// core/update.cc
void on_event(Step& step, const UpdateRequested& event);
// core/suggest.cc
void on_event(Step& step, const Suggested& event);
// core/cancel.cc
void on_event(Step& step, const CancelRequested& event);
void cancel_job(Step& step, JobId job, StopOrder order);
void stop_trial(Step& step, JobId job, Trial& trial, StopOrder order);
// core/deadline.cc
void on_event(Step& step, const TimerFired& event);
void set_timer(Step& step);
// core/worker.cc
void on_event(Step& step, const WorkerJoined& event);
void on_event(Step& step, const WorkerLost& event);
void on_event(Step& step, const WorkerLeft& event);
void on_event(Step& step, const DrainRequested& event);
/// Nothing is sent to it and nothing is taken from it any more. Its attempts stay as they are.
void dismiss(Step& step, WorkerId id);
/// The connected worker, or null where it is unknown or the session is not its present one.
Worker* find_worker(Step& step, WorkerId id, Session session);
// core/lease.cc
void on_event(Step& step, const WorkerHeard& event);
void begin_lease(Step& step, const std::string& worker_name);
/// One that an earlier coordinator has granted, and perhaps renewed until now.
void inherit_lease(Step& step, const std::string& worker_name);
void end_lease(Step& step, const std::string& worker_name);
/// The worker has been heard: its lease begins anew.
void renew_lease(Step& step, WorkerId id);
void check_leases(Step& step);
// core/report.cc
void on_event(Step& step, const ReportArrived& event);
// core/end.cc
void finish_attempt(Step& step, AttemptId attempt, const Outcome& outcome);
void finish_if_done(Step& step, JobId job);
// core/schedule.cc
void schedule(Step& step);
LaunchOrder launch_order(const Job& job, const Trial& trial);

}  // namespace trawl::core
