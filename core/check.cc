#include "core/check.h"

#include <fmt/format.h>

#include "core/step.h"

namespace trawl::core {
namespace {

using Faults = std::vector<std::string>;

void check_trial(const Job& job, const Trial& trial, Faults& faults) {
  const std::string name = to_string(TrialId{job.id, trial.number});
  const bool waiting = job.waiting.contains(trial.number);
  const bool live = job.live.contains(trial.number);
  if (waiting != (trial.phase == Trial::Phase::kWaiting)) {
    faults.push_back(name + ": the set of waiting trials disagrees with its phase");
  }
  if (live != (trial.phase == Trial::Phase::kLive)) {
    faults.push_back(name + ": the set of live trials disagrees with its phase");
  }
  if ((trial.phase == Trial::Phase::kEnded) != is_terminal(trial.status)) {
    faults.push_back(name + ": ended, and its status is " + std::string(to_string(trial.status)));
  }
  if (trial.phase == Trial::Phase::kLive && trial.attempt < 1) {
    faults.push_back(name + ": live without an attempt");
  }
  std::optional<double> best;
  for (const double report : trial.reports) {
    const bool is_number = report == report;
    if (is_number && (!best || better(job.goal(), report, *best))) best = report;
  }
  const bool failed = trial.status == Status::kFailed;
  if (trial.best != (failed ? std::nullopt : best)) {
    faults.push_back(name + ": its best value is not the best of its reports");
  }
}

void check_job(const Job& job, Faults& faults) {
  const std::string name = "job/" + std::to_string(job.id.number);
  const auto made = static_cast<std::int64_t>(job.trials.size());
  if (made > job.max_total_trials()) faults.push_back(name + ": more than max_total_trials");
  if (job.slot_count() > job.max_concurrent_trials()) {
    faults.push_back(name + ": more than max_concurrent_trials are live");
  }
  if (job.cancel && !job.waiting.empty()) {
    faults.push_back(name + ": canceled, and trials still wait");
  }
  std::optional<std::int64_t> best;
  for (const auto& [after, number] : job.successors) {
    const Trial& successor = job.trials[static_cast<std::size_t>(number)];
    const Trial& before = job.trials[static_cast<std::size_t>(after.trial.number)];
    const bool is_sound = successor.after == after && !successor.running &&
                          successor.is_successor && !successor.was_spared &&
                          before.attempt == after.attempt && job.live.contains(before.number) &&
                          job.live.contains(number) && after.trial.job == job.id &&
                          successor.worker_name == before.worker_name;
    if (!is_sound) faults.push_back(name + ": a successor of an attempt that has no slot");
  }
  for (const Trial& trial : job.trials) {
    check_trial(job, trial, faults);
    if (trial.after && job.successors.count(*trial.after) == 0) {
      faults.push_back(name + ": a successor that nobody will start");
    }
    if (!trial.best) continue;
    const bool first = !best;
    if (first ||
        better(job.goal(), *trial.best, *job.trials[static_cast<std::size_t>(*best)].best)) {
      best = trial.number;
    }
  }
  if (best.has_value() != job.best_trial.has_value()) {
    faults.push_back(name + ": a best trial is there or named, not both");
  } else if (best && *job.trials[static_cast<std::size_t>(*best)].best !=
                         *job.trials[static_cast<std::size_t>(*job.best_trial)].best) {
    faults.push_back(name + ": the best trial named is not the best");
  }
}

void check_worker(const State& state, WorkerId id, const Worker& worker, const Runtime& runtime,
                  Faults& faults) {
  const std::string name = "worker/" + std::to_string(id.number);
  std::int64_t given = 0;  // not by an earlier incarnation, which may have had more slots
  for (const AttemptId& attempt : worker.holds) {
    const Trial* trial = find_live(state, attempt);
    if (trial != nullptr && trial->incarnation == worker.session.incarnation) ++given;
  }
  if (given > worker.slot_count) faults.push_back(name + ": a slot is given twice");
  if (worker.exclusive && given > 1) {
    faults.push_back(name + ": an attempt that runs alone has company");
  }
  if (runtime.free_workers.contains(id) == worker.is_full()) {
    faults.push_back(name + ": the set of free workers disagrees with its slots");
  }
  for (const AttemptId& attempt : worker.holds) {
    if (find_live(state, attempt) == nullptr) {
      faults.push_back(name + ": holds a slot for " + to_string(attempt) + ", which is not live");
    }
  }
}

}  // namespace

std::vector<std::string> check(const Coordinator& coordinator) {
  Faults faults;
  const State& state = coordinator.state();
  const Runtime& runtime = coordinator.runtime();
  for (const auto& [id, job] : state.jobs) {
    check_job(job, faults);
    const bool done = job.waiting.empty() && job.live.empty() &&
                      (job.cancel || job.exhausted ||
                       static_cast<std::int64_t>(job.trials.size()) >= job.max_total_trials());
    if (done) faults.push_back("job/" + std::to_string(id.number) + ": over, and has not ended");
  }
  std::set<AttemptId> held;
  for (const auto& [id, worker] : runtime.workers) {
    check_worker(state, id, worker, runtime, faults);
    for (const AttemptId& attempt : worker.successors) {
      const Trial* trial = find_live(state, attempt);
      if (trial == nullptr || !trial->after) {
        faults.push_back(to_string(attempt) + ": a successor on its worker alone");
      }
    }
    for (const AttemptId& attempt : worker.holds) {
      if (!held.insert(attempt).second) faults.push_back(to_string(attempt) + ": on two workers");
    }
  }
  return faults;
}

}  // namespace trawl::core
