// core/worker.cc: workers come and go. A worker's first word is what it knows; the two views are
// reconciled there, so lost launches and stops are repeated and lost attempts are tried again.
#include <algorithm>

#include "core/step.h"

namespace trawl::core {
namespace {

void forget(Step& step, WorkerId id) {
  step.runtime.workers.erase(id);
  step.runtime.free_workers.erase(id);
}

// An attempt that the core believes to be on this worker, and that its restart has not ended.
void reconcile(Step& step, WorkerId id, AttemptId attempt, bool is_known) {
  Worker& worker = step.runtime.workers.at(id);
  const Trial& trial = *find_live(step.state, attempt);
  (trial.after ? worker.successors : worker.holds).insert(attempt);
  if (!is_known) {
    const Job& job = step.state.jobs.at(attempt.trial.job);
    step.command(Send{id, Launch{launch_order(job, trial), trial.after}});
  }
  if (trial.stop) step.command(Send{id, Stop{attempt, step.options.stop_grace}});
}

}  // namespace

void on_event(Step& step, const WorkerJoined& event) {
  const Hello& hello = event.hello;
  std::vector<WorkerId> superseded;
  for (const auto& [id, worker] : step.runtime.workers) {
    if (worker.name == hello.worker_name) superseded.push_back(id);
  }
  for (const WorkerId& id : superseded) forget(step, id);

  Worker worker;
  worker.name = hello.worker_name;
  worker.incarnation = hello.incarnation;
  worker.spool = hello.spool;
  worker.slot_count = std::max(hello.slot_count, 0);
  step.runtime.workers.emplace(event.worker, std::move(worker));
  const auto taken = step.state.spools.find(hello.spool);
  const std::uint64_t committed = taken == step.state.spools.end() ? 0 : taken->second;
  step.command(Send{event.worker, Welcome{committed, step.options.store}});

  std::vector<AttemptId> expected;
  for (const auto& [job_id, job] : step.state.jobs) {
    for (const std::int64_t number : job.live) {
      const Trial& trial = job.trials[static_cast<std::size_t>(number)];
      if (trial.worker_name == hello.worker_name) {
        expected.push_back({{job_id, number}, trial.attempt});
      }
    }
  }
  // The lost ones first: what follows one of them moves up.
  std::vector<AttemptId> kept;
  for (const AttemptId& attempt : expected) {
    const bool is_known = std::ranges::count(hello.known, attempt) > 0;
    if (is_known || find_live(step.state, attempt)->incarnation == hello.incarnation) {
      kept.push_back(attempt);
    } else {
      finish_attempt(step, attempt, {Outcome::Kind::kLost, 0, "its worker was restarted"});
    }
  }
  for (const AttemptId& attempt : kept) {
    reconcile(step, event.worker, attempt, std::ranges::count(hello.known, attempt) > 0);
  }
  for (const AttemptId& attempt : hello.known) {
    if (std::ranges::count(expected, attempt) == 0) {
      step.command(Send{event.worker, Stop{attempt, step.options.stop_grace}});
    }
  }
  refresh_worker(step, event.worker);
}

void on_event(Step& step, const WorkerLost& event) {
  // Its attempts wait for its next word: it may come back with them.
  forget(step, event.worker);
}

}  // namespace trawl::core
