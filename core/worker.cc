// core/worker.cc: workers come and go. A worker's first word is what it knows; the two views are
// reconciled there, so lost launches and stops are repeated and lost attempts are tried again.
#include <algorithm>

#include <fmt/format.h>

#include "core/lease.h"
#include "core/step.h"

namespace trawl::core {
namespace {

void forget(Step& step, WorkerId id) {
  const auto found = step.runtime.workers.find(id);
  if (found == step.runtime.workers.end()) return;
  step.runtime.worker_ids.erase(found->second.name);
  step.runtime.free_workers.erase(id);
  step.runtime.workers.erase(found);
}

// An attempt that the core believes to be on this worker, and that its restart has not ended.
void reconcile(Step& step, WorkerId id, AttemptId attempt, bool is_known) {
  Worker& worker = step.runtime.workers.at(id);
  const Trial& trial = *find_live(step.state, attempt);
  (trial.after ? worker.successors : worker.holds).insert(attempt);
  if (!is_known) {
    const Job& job = step.state.jobs.at(attempt.trial.job);
    step.order(id, Launch{launch_order(job, trial), trial.after});
  }
  if (trial.stop) step.order(id, Stop{attempt, step.options.stop_grace});
}

// True where the event is out of date, or its worker may not take the name.
bool is_turned_away(Step& step, const WorkerJoined& event) {
  const auto named = step.runtime.worker_ids.find(event.hello.worker_name);
  if (named == step.runtime.worker_ids.end()) return false;
  const Worker& present = step.runtime.workers.at(named->second);
  if (present.spool == event.hello.spool) return event.session <= present.session;
  if (!present.is_leased || present.is_silent) return false;
  // Two machines with one name would take it from each other for ever.
  step.command(Send{
      event.worker,
      {event.session, 0,
       Refused{fmt::format("another worker named '{}' is connected; give this one another name",
                           present.name)}}});
  return true;
}

void welcome(Step& step, const WorkerJoined& event) {
  const auto taken = step.state.spools.find(event.hello.spool);
  Welcome welcome;
  welcome.committed = taken == step.state.spools.end() ? 0 : taken->second;
  welcome.store = step.options.store;
  if (!event.is_local) {
    welcome.lease = step.options.lease;
    welcome.fence_grace = step.options.stop_grace;
  }
  step.send(event.worker, welcome);
}

std::vector<AttemptId> attempts_at(const Runtime& runtime, const std::string& worker_name) {
  const auto there = runtime.attempts.find(worker_name);
  if (there == runtime.attempts.end()) return {};
  return {there->second.begin(), there->second.end()};
}

// What follows an attempt comes behind it: a worker that does not know the one before takes it for
// ended.
std::vector<AttemptId> in_order_of_chains(const State& state,
                                          const std::vector<AttemptId>& attempts) {
  std::vector<AttemptId> ordered;
  for (const AttemptId& attempt : attempts) {
    if (find_live(state, attempt)->after) continue;
    ordered.push_back(attempt);
    const Job& job = state.jobs.at(attempt.trial.job);
    for (auto next = job.successors.find(attempt); next != job.successors.end();
         next = job.successors.find(ordered.back())) {
      const Trial& trial = job.trials[static_cast<std::size_t>(next->second)];
      ordered.push_back({{job.id, trial.number}, trial.attempt});
    }
  }
  return ordered;
}

// Once it has said that it leaves, which no crash of the coordinator can lose.
void answer_drains(Step& step, WorkerId id) {
  const Worker& worker = step.runtime.workers.at(id);
  const auto asked = step.runtime.drains.find(worker.name);
  if (asked == step.runtime.drains.end()) return;
  if (!worker.is_leaving) {
    step.send(id, Leave{});
    return;
  }
  for (const RequestId request : asked->second) step.command(Reply{request, worker.name});
  step.runtime.drains.erase(asked);
}

}  // namespace

Worker* find_worker(Step& step, WorkerId id, Session session) {
  const auto found = step.runtime.workers.find(id);
  const bool is_there = found != step.runtime.workers.end() && found->second.session == session;
  return is_there ? &found->second : nullptr;
}

void dismiss(Step& step, WorkerId id) {
  forget(step, id);
  step.command(Dismiss{id});
}

void on_event(Step& step, const WorkerJoined& event) {
  const Hello& hello = event.hello;
  if (is_turned_away(step, event)) {
    if (!step.runtime.workers.contains(event.worker)) step.command(Dismiss{event.worker});
    return;
  }
  forget(step, event.worker);  // a further session of the same connection
  const auto named = step.runtime.worker_ids.find(hello.worker_name);
  if (named != step.runtime.worker_ids.end()) dismiss(step, named->second);

  Worker worker;
  worker.name = hello.worker_name;
  worker.session = event.session;
  worker.is_leased = !event.is_local;
  worker.spool = hello.spool;
  worker.slot_count = std::max(hello.slot_count, 0);
  worker.is_leaving = hello.is_leaving;
  step.runtime.workers.emplace(event.worker, std::move(worker));
  step.runtime.worker_ids.emplace(hello.worker_name, event.worker);
  welcome(step, event);
  if (event.is_local) {
    end_lease(step, hello.worker_name);
  } else {
    begin_lease(step, hello.worker_name);
  }

  const std::vector<AttemptId> expected = attempts_at(step.runtime, hello.worker_name);
  const std::set<AttemptId> known(hello.known.begin(), hello.known.end());
  // The lost ones first: what follows one of them moves up.
  std::vector<AttemptId> kept;
  for (const AttemptId& attempt : expected) {
    const bool is_this_life =
        find_live(step.state, attempt)->incarnation == event.session.incarnation;
    if (known.contains(attempt) || is_this_life) {
      kept.push_back(attempt);
    } else {
      finish_attempt(step, attempt, {Outcome::Kind::kLost, 0, "its worker was restarted"});
    }
  }
  for (const AttemptId& attempt : in_order_of_chains(step.state, kept)) {
    reconcile(step, event.worker, attempt, known.contains(attempt));
  }
  const std::set<AttemptId> wanted(expected.begin(), expected.end());
  for (const AttemptId& attempt : known) {
    if (!wanted.contains(attempt)) {
      step.order(event.worker, Stop{attempt, step.options.stop_grace});
    }
  }
  refresh_worker(step, event.worker);
  answer_drains(step, event.worker);
}

void on_event(Step& step, const WorkerLeft& event) {
  const Worker* worker = find_worker(step, event.worker, event.session);
  if (worker == nullptr) return;
  step.command(Tell{fmt::format("worker {} has left", worker->name)});
  end_lease(step, worker->name);
  dismiss(step, event.worker);
}

void on_event(Step& step, const DrainRequested& event) {
  const auto named = step.runtime.worker_ids.find(event.worker_name);
  if (named == step.runtime.worker_ids.end()) {
    step.command(Reply{event.request, fail(ErrorCode::kNotFound,
                                           fmt::format("no worker named '{}' is connected; see "
                                                       "`trawl worker list`",
                                                       event.worker_name))});
    return;
  }
  if (!step.runtime.workers.at(named->second).is_leased) {
    step.command(Reply{event.request, fail(ErrorCode::kInvalid,
                                           "the local worker ends with its coordinator: "
                                           "`trawl coordinator stop`")});
    return;
  }
  step.runtime.drains[event.worker_name].push_back(event.request);
  answer_drains(step, named->second);
}

void on_event(Step& step, const WorkerLost& event) {
  // Its attempts wait for its next word: it may come back with them.
  dismiss(step, event.worker);
}

}  // namespace trawl::core
