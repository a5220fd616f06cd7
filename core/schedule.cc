// core/schedule.cc: gives free slots to waiting trials. First come, first served: the oldest job
// that can use a slot gets it, its lowest waiting number first. Every decision costs O(log n): jobs
// that could use a slot and workers that have one are kept in sets, never searched for.
//
// Suggestions are asked for only as slots come free, so that a sampler that learns sees as many
// results as there can be; those slots are kept for them until the answer comes, so that a younger
// job does not overtake.
#include <algorithm>

#include "base/assert.h"
#include "core/step.h"

namespace trawl::core {
namespace {

std::int64_t asked_count(const Runtime& runtime, JobId job) {
  const auto asked = runtime.asked.find(job);
  return asked == runtime.asked.end() ? 0 : asked->second;
}

bool may_suggest(const Job& job, const Runtime& runtime) {
  return !job.exhausted && asked_count(runtime, job.id) == 0 &&
         static_cast<std::int64_t>(job.trials.size()) < job.max_total_trials();
}

std::int64_t free_slot_count(const Runtime& runtime) {
  std::int64_t count = 0;
  for (const WorkerId& id : runtime.free_workers) {
    const Worker& worker = runtime.workers.at(id);
    count += worker.slot_count - static_cast<std::int64_t>(worker.holds.size());
  }
  return count;
}

// Free slots that no suggestion on its way will need. Below zero when workers went meanwhile.
std::int64_t spare_slot_count(const Runtime& runtime) {
  std::int64_t count = free_slot_count(runtime);
  for (const auto& [job, asked] : runtime.asked) count -= asked;
  return count;
}

// Returns for how many trials.
std::int64_t ask(Step& step, const Job& job, std::int64_t spare) {
  const auto made = static_cast<std::int64_t>(job.trials.size());
  const auto live = static_cast<std::int64_t>(job.live.size());
  const std::int64_t count =
      std::min({job.max_total_trials() - made, job.max_concurrent_trials() - live, spare});
  TRAWL_ASSERT(count >= 1);
  step.runtime.asked[job.id] = count;
  step.command(Suggest{job.id, made, count});
  refresh_startable(step.state, step.runtime, job.id);
  return count;
}

void assign(Step& step, const Job& job, std::int64_t number) {
  const WorkerId worker_id = *step.runtime.free_workers.begin();
  Worker& worker = step.runtime.workers.at(worker_id);
  const Trial& trial = job.trials[static_cast<std::size_t>(number)];
  const AttemptId attempt{{job.id, number}, trial.attempt + 1};
  worker.holds.insert(attempt);
  if (worker.is_full()) step.runtime.free_workers.erase(worker_id);
  const bool starts_job = !job.started;
  step.record(AttemptAssigned{attempt, worker.name, worker.incarnation});
  if (starts_job && job.spec.timeout) {
    step.runtime.deadlines.insert({step.at + *job.spec.timeout, job.id, std::nullopt});
  }
  step.command(Send{worker_id, Launch{launch_order(job, trial)}});
}

}  // namespace

LaunchOrder launch_order(const Job& job, const Trial& trial) {
  LaunchOrder order;
  order.attempt = {{job.id, trial.number}, trial.attempt};
  order.job_name = job.spec.name;
  order.trial_name = job.trial_name(trial.number);
  order.display_name = job.spec.display_name;
  order.experiment_name = job.spec.experiment_name;
  order.primary_metric = job.spec.sweep ? job.spec.sweep->objective.primary_metric : "";
  order.is_sweep = job.spec.sweep.has_value();
  order.command = job.spec.command;
  order.inputs = job.spec.inputs;
  order.outputs = job.spec.outputs;
  order.parameters = trial.parameters;
  return order;
}

void refresh_startable(const State& state, Runtime& runtime, JobId id) {
  const auto found = state.jobs.find(id);
  if (found == state.jobs.end()) {
    runtime.startable.erase(id);
    return;
  }
  const Job& job = found->second;
  const bool has_room = static_cast<std::int64_t>(job.live.size()) < job.max_concurrent_trials();
  const bool has_work = !job.waiting.empty() || may_suggest(job, runtime);
  if (!job.cancel && has_room && has_work) {
    runtime.startable.insert(id);
  } else {
    runtime.startable.erase(id);
  }
}

void schedule(Step& step) {
  if (step.runtime.free_workers.empty() || step.runtime.startable.empty()) return;
  std::int64_t spare = spare_slot_count(step.runtime);
  while (spare > 0 && !step.runtime.startable.empty()) {
    const Job& job = step.state.jobs.at(*step.runtime.startable.begin());
    if (job.waiting.empty()) {
      spare -= ask(step, job, spare);  // leaves `startable` until the answer
    } else {
      assign(step, job, *job.waiting.begin());
      --spare;
    }
  }
}

std::string concurrency_bound(const State& state, const Runtime& runtime, JobId id) {
  const auto found = state.jobs.find(id);
  if (found == state.jobs.end()) return "";
  const Job& job = found->second;
  std::int64_t slots = 0;
  for (const auto& [worker_id, worker] : runtime.workers) slots += worker.slot_count;
  const std::string slot_text = std::to_string(slots) + (slots == 1 ? " slot" : " slots");
  if (runtime.workers.empty()) return "no worker is connected";
  const std::string limit_text = std::to_string(job.max_concurrent_trials());
  if (job.max_concurrent_trials() <= slots) {
    return "max_concurrent_trials = " + limit_text + " (the workers have " + slot_text + ")";
  }
  return "the workers' " + slot_text + " (max_concurrent_trials is " + limit_text + ")";
}

}  // namespace trawl::core
