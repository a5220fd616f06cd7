// core/schedule.cc: gives free slots to waiting trials. First come, first served: the oldest job
// that can use a slot gets it, its lowest waiting number first. Every decision costs O(log n): jobs
// that could use a slot and workers that have one are kept in sets, never searched for.
//
// Suggestions are asked for only as slots come free, so that a sampler that learns sees as many
// results as there can be; those slots are kept for them until the answer comes, so that a younger
// job does not overtake.
//
// A trial that kills its worker takes its neighbours with it, and nobody sees which of them it was.
// Counting each loss against all of them would fail them all. So a trial that was lost
// `lost_in_company_max` times runs alone on its worker from then on: an innocent one gets through,
// the culprit is lost alone until `lost_attempts_max`, and fails. The price is a worker that runs
// one trial at a time meanwhile, which is why the first losses, more likely a machine that went
// down, change nothing. Such a trial comes before the others of its job, and while it waits the
// worker with the fewest attempts gets no new ones, so that it runs empty.
#include <algorithm>
#include <iterator>
#include <optional>

#include "base/assert.h"
#include "core/step.h"

namespace trawl::core {
namespace {

bool may_suggest(const Job& job, const Runtime& runtime) {
  return !job.exhausted && !runtime.asked.contains(job.id) &&
         static_cast<std::int64_t>(job.trials.size()) < job.max_total_trials();
}

std::int64_t free_slot_count(const Runtime& runtime) {
  std::int64_t count = 0;
  for (const WorkerId& id : runtime.free_workers) {
    const Worker& worker = runtime.workers.at(id);
    if (id == runtime.kept) continue;
    count += worker.slot_count - static_cast<std::int64_t>(worker.holds.size());
  }
  return count;
}

// Free slots that no suggestion on its way will need. Below zero when workers went meanwhile.
std::int64_t spare_slot_count(const Runtime& runtime) {
  std::int64_t count = free_slot_count(runtime);
  for (const auto& [job, asked] : runtime.asked) count -= asked.slot_count;
  return count;
}

// Returns for how many trials.
std::int64_t ask(Step& step, const Job& job, std::int64_t spare) {
  const auto made = static_cast<std::int64_t>(job.trials.size());
  const std::int64_t count = std::min(
      {job.max_total_trials() - made, job.max_concurrent_trials() - job.slot_count(), spare});
  TRAWL_ASSERT(count >= 1);
  step.runtime.asked[job.id] = {count, count};
  step.command(Suggest{job.id, made, count});
  refresh_startable(step.state, step.runtime, job.id);
  return count;
}

void assign(Step& step, const Job& job, std::int64_t number, WorkerId worker_id) {
  Worker& worker = step.runtime.workers.at(worker_id);
  const Trial& trial = job.trials[static_cast<std::size_t>(number)];
  const AttemptId attempt{{job.id, number}, trial.attempt + 1};
  worker.holds.insert(attempt);
  if (runs_alone(step.options, trial)) worker.exclusive = true;
  if (worker.is_full()) step.runtime.free_workers.erase(worker_id);
  const bool starts_job = !job.started;
  step.record(AttemptAssigned{attempt, worker.name, worker.session.incarnation, std::nullopt,
                              worker.is_leased});
  if (starts_job && job.spec.timeout) {
    step.runtime.deadlines.insert({step.at + *job.spec.timeout, job.id, std::nullopt});
  }
  step.order(worker_id, Launch{launch_order(job, trial), std::nullopt});
}

bool has_lone(const Runtime& runtime, JobId job) {
  const auto first = runtime.lone.lower_bound(TrialId{job, 0});
  return first != runtime.lone.end() && first->job == job;
}

// The oldest job that can use a slot and has no trial that waits to run alone.
std::optional<JobId> oldest_plain(const Runtime& runtime) {
  const auto found = std::ranges::find_if(
      runtime.startable, [&](const JobId& job) { return !has_lone(runtime, job); });
  if (found == runtime.startable.end()) return std::nullopt;
  return *found;
}

// The worker that will be empty first, as far as one can tell: nothing is added to it, so the
// fewest that any worker holds only fall.
std::optional<WorkerId> least_busy(const Runtime& runtime) {
  std::optional<WorkerId> least;
  std::size_t count_min = 0;
  for (const auto& [id, worker] : runtime.workers) {
    const std::size_t count = worker.holds.size() + worker.successors.size();
    if (worker.slot_count == 0 || worker.is_silent || (least && count >= count_min)) continue;
    least = id;
    count_min = count;
  }
  return least;
}

// Places the trials that run alone, oldest first, each on an empty worker, and decides which worker
// is kept for one that has none. An older job that can use a slot comes first.
void place_lone(Step& step) {
  Runtime& runtime = step.runtime;
  runtime.kept.reset();
  auto next = runtime.lone.begin();
  while (next != runtime.lone.end()) {
    const TrialId id = *next;
    const Trial* trial = find_trial(step.state, id);
    if (trial == nullptr || trial->phase != Trial::Phase::kWaiting) {
      next = runtime.lone.erase(next);
      continue;
    }
    ++next;
    const auto older = oldest_plain(runtime);
    if (!runtime.startable.contains(id.job) || (older && *older < id.job)) continue;
    const auto empty = std::ranges::find_if(runtime.free_workers, [&](const WorkerId& worker) {
      return worker != runtime.kept && runtime.workers.at(worker).is_empty();
    });
    if (empty != runtime.free_workers.end()) {
      runtime.lone.erase(id);
      assign(step, step.state.jobs.at(id.job), id.number, *empty);
    } else if (!runtime.kept) {
      runtime.kept = least_busy(runtime);
    }
  }
}

WorkerId first_free(const Runtime& runtime) {
  const auto first = runtime.free_workers.begin();
  return *first == runtime.kept ? *std::next(first) : *first;
}

void fill_slots(Step& step) {
  Runtime& runtime = step.runtime;
  if (runtime.free_workers.empty() || runtime.startable.empty()) return;
  std::int64_t spare = spare_slot_count(runtime);
  auto next = runtime.startable.begin();
  while (spare > 0 && next != runtime.startable.end()) {
    const Job& job = step.state.jobs.at(*next);
    const JobId id = job.id;
    if (has_lone(runtime, id)) {
      ++next;
      continue;
    }
    if (job.waiting.empty()) {
      spare -= ask(step, job, spare);  // leaves `startable` until the answer
    } else {
      assign(step, job, *job.waiting.begin(), first_free(runtime));
      --spare;
    }
    next = runtime.startable.lower_bound(id);
  }
}

// --- successors
//
// A trial that lasts milliseconds would leave its slot empty for as long again while its end
// travels to the coordinator's disk and the next launch back. So a job of short trials gives each
// slot of its own a chain of successors ahead of time, which the worker starts one after the other
// by itself. They take over the slot of a trial of the same job, so no limit is passed; it is not
// done where an older job waits for slots, for long trials (a successor is bound to its worker, and
// another one might be free sooner), nor for a sampler that learns (it would be asked too early).
//
// How long a trial usually holds its slot is taken from those that ended by themselves or were
// stopped, however they ended: one that fails at once empties its slot as one that succeeds at once
// does, and a script that fails at once should not fail slowly. Where quick failures lie between
// long trials, a successor may wait behind a long one; it is given back after half a second, which
// is all that this costs.
//
// A worker that is lost takes its successors along, which have not begun, or of which nobody has
// heard: that they are lost says nothing of them. It is not counted (Trial::was_spared).

// What a chain should last: some times what it takes for a start to reach the coordinator and the
// next launches to come back, both written to disk on the way.
constexpr Duration kAhead = std::chrono::milliseconds(80);
constexpr std::int64_t kChainMax = 64;

bool has_successors(const Step& step, const Job& job) {
  const bool learns = job.spec.sweep->sampling.rule == SamplingRule::kBayesian;
  const bool is_short = job.usual_duration && *job.usual_duration < step.options.short_trial;
  if (has_lone(step.runtime, job.id)) return false;
  // A trial that needs a slot of its own gets one only where chains end.
  const bool spared_waits = std::ranges::any_of(job.waiting, [&](std::int64_t number) {
    return job.trials[static_cast<std::size_t>(number)].was_spared;
  });
  if (spared_waits) return false;
  const bool is_next = step.runtime.startable.empty() || *step.runtime.startable.begin() >= job.id;
  return is_short && is_next && !learns && !job.cancel;
}

// Towards the end of a job the chains get shorter, so that no slot waits long for the other's last
// (guided self-scheduling: Polychronopoulos and Kuck 1987, IEEE Trans. Computers C-36, 12).
std::int64_t wanted_length(const Job& job) {
  const Duration usual = std::max<Duration>(*job.usual_duration, std::chrono::milliseconds(1));
  const auto made = static_cast<std::int64_t>(job.trials.size());
  const auto left = job.max_total_trials() - made + static_cast<std::int64_t>(job.waiting.size());
  const std::int64_t share = left / (2 * job.max_concurrent_trials());
  return std::clamp<std::int64_t>(std::min(kAhead / usual, share), 1, kChainMax);
}

struct Chain {
  AttemptId last;
  std::int64_t length = 0;  // without the one that holds the slot
};

Chain chain_behind(const Job& job, AttemptId holder) {
  Chain chain{holder, 0};
  for (auto next = job.successors.find(holder); next != job.successors.end();
       next = job.successors.find(chain.last)) {
    const Trial& trial = job.trials[static_cast<std::size_t>(next->second)];
    chain = {{{job.id, trial.number}, trial.attempt}, chain.length + 1};
  }
  return chain;
}

// How many successors that attempt could have more. None where it holds no slot (any more), or has
// half of them still: so they are asked for and sent several at a time.
std::int64_t lacking_count(const Step& step, const Job& job, AttemptId holder) {
  const Trial* trial = find_live(std::as_const(step.state), holder);
  if (trial == nullptr || trial->stop || trial->after) return 0;
  const WorkerId* worker = find_holder(step.runtime, *trial, holder);
  const bool is_current =
      worker != nullptr &&
      step.runtime.workers.at(*worker).session.incarnation == trial->incarnation;
  if (!is_current) return 0;  // otherwise its end is on its way
  const Worker& held_by = step.runtime.workers.at(*worker);
  if (*worker == step.runtime.kept || held_by.exclusive || held_by.is_silent) return 0;
  const Chain chain = chain_behind(job, holder);
  if (find_live(std::as_const(step.state), chain.last)->stop) return 0;  // nothing follows it
  const std::int64_t wanted = wanted_length(job);
  return 2 * chain.length > wanted ? 0 : wanted - chain.length;
}

void extend_chain(Step& step, const Job& job, AttemptId holder, std::int64_t count) {
  const Trial& first = *find_live(std::as_const(step.state), holder);
  const WorkerId worker_id = *find_holder(step.runtime, first, holder);
  AttemptId after = chain_behind(job, holder).last;
  for (; count > 0 && !job.waiting.empty(); --count) {
    Worker& worker = step.runtime.workers.at(worker_id);
    const Trial& trial = job.trials[static_cast<std::size_t>(*job.waiting.begin())];
    const AttemptId attempt{{job.id, trial.number}, trial.attempt + 1};
    worker.successors.insert(attempt);
    step.record(
        AttemptAssigned{attempt, worker.name, worker.session.incarnation, after, worker.is_leased});
    step.order(worker_id, Launch{launch_order(job, trial), after});
    after = attempt;
  }
}

// For the attempts of the job that have just started and hold a slot. They are kept while
// suggestions for them are on their way.
void assign_successors(Step& step, JobId id) {
  std::set<AttemptId>& holders = step.runtime.unsucceeded.at(id);
  const auto found = step.state.jobs.find(id);
  std::int64_t lacking = 0;
  if (found != step.state.jobs.end() && has_successors(step, found->second)) {
    for (const AttemptId& holder : holders) {
      const std::int64_t count = lacking_count(step, found->second, holder);
      if (count > 0) extend_chain(step, found->second, holder, count);
      lacking += lacking_count(step, found->second, holder);
    }
  }
  if (lacking > 0 && step.runtime.asked.contains(id)) return;
  if (lacking == 0 || !may_suggest(found->second, step.runtime)) {
    step.runtime.unsucceeded.erase(id);
    return;
  }
  const auto made = static_cast<std::int64_t>(found->second.trials.size());
  const std::int64_t count = std::min(found->second.max_total_trials() - made, lacking);
  step.runtime.asked[id] = {count, 0};
  step.command(Suggest{id, made, count});
  refresh_startable(step.state, step.runtime, id);
}

}  // namespace

bool runs_alone(const CoordinatorOptions& options, const Trial& trial) {
  return trial.lost_count - trial.orphaned_count >= options.lost_in_company_max;
}

void refresh_worker(Step& step, WorkerId id) {
  Worker& worker = step.runtime.workers.at(id);
  worker.exclusive = std::ranges::any_of(worker.holds, [&](const AttemptId& attempt) {
    const Trial* trial = find_live(std::as_const(step.state), attempt);
    return trial != nullptr && runs_alone(step.options, *trial);
  });
  if (worker.is_full()) {
    step.runtime.free_workers.erase(id);
  } else {
    step.runtime.free_workers.insert(id);
  }
}

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
  const bool has_room = job.slot_count() < job.max_concurrent_trials();
  const bool has_work = !job.waiting.empty() || may_suggest(job, runtime);
  if (!job.cancel && has_room && has_work) {
    runtime.startable.insert(id);
  } else {
    runtime.startable.erase(id);
  }
}

void schedule(Step& step) {
  place_lone(step);
  fill_slots(step);
  // Only jobs of which a trial has just started are in there.
  auto next = step.runtime.unsucceeded.begin();
  while (next != step.runtime.unsucceeded.end()) {
    const JobId job = (next++)->first;
    assign_successors(step, job);
  }
}

std::string concurrency_bound(const State& state, const Runtime& runtime, JobId id) {
  const auto found = state.jobs.find(id);
  if (found == state.jobs.end()) return "";
  const Job& job = found->second;
  std::int64_t slots = 0;
  bool any_heard = false;
  for (const auto& [worker_id, worker] : runtime.workers) {
    if (worker.is_silent) continue;
    any_heard = true;
    slots += worker.slot_count;
  }
  const std::string slot_text = std::to_string(slots) + (slots == 1 ? " slot" : " slots");
  if (!any_heard) {
    return runtime.workers.empty() ? "no worker is connected" : "no worker is heard of";
  }
  for (const auto& [worker_id, worker] : runtime.workers) {
    if (!worker.exclusive) continue;
    const TrialId alone = worker.holds.begin()->trial;
    return "trial " + state.jobs.at(alone.job).trial_name(alone.number) +
           " runs alone, since it was lost with its worker again and again";
  }
  const std::string limit_text = std::to_string(job.max_concurrent_trials());
  if (job.max_concurrent_trials() <= slots) {
    return "max_concurrent_trials = " + limit_text + " (the workers have " + slot_text + ")";
  }
  return "the workers' " + slot_text + " (max_concurrent_trials is " + limit_text + ")";
}

}  // namespace trawl::core
