// core/apply.cc: what each fact does to the state. A replay uses this and nothing else, so no
// decision is taken here.
#include <utility>

#include "base/assert.h"
#include "core/step.h"

namespace trawl::core {
namespace {

Job& job_of(State& state, JobId id) {
  const auto found = state.jobs.find(id);
  TRAWL_ASSERT(found != state.jobs.end());
  return found->second;
}

Trial& trial_of(State& state, TrialId id) {
  Trial* trial = find_trial(state, id);
  TRAWL_ASSERT(trial != nullptr);
  return *trial;
}

void choose_best(Job& job) {
  job.best_trial.reset();
  for (const Trial& trial : job.trials) {
    if (!trial.best) continue;
    const bool first = !job.best_trial;
    if (first || better(job.goal(), *trial.best,
                        *job.trials[static_cast<std::size_t>(*job.best_trial)].best)) {
      job.best_trial = trial.number;
    }
  }
}

void apply(const JobSubmitted& fact, Instant, State& state) {
  Job job;
  job.id = fact.job;
  job.spec = fact.spec;
  state.names[fact.spec.name] = fact.job;
  if (fact.spec.sweep) state.sweeps[fact.spec.name] = fact.spec.sweep->limits.max_total_trials;
  state.job_id_last = std::max(state.job_id_last, fact.job.number);
  state.jobs.emplace(fact.job, std::move(job));
}

void apply(const TrialSuggested& fact, Instant, State& state) {
  Job& job = job_of(state, fact.trial.job);
  TRAWL_ASSERT(fact.trial.number == static_cast<std::int64_t>(job.trials.size()));
  Trial trial;
  trial.number = fact.trial.number;
  trial.parameters = fact.parameters;
  job.trials.push_back(std::move(trial));
  job.waiting.insert(fact.trial.number);
}

void apply(const SuggestionsExhausted& fact, Instant, State& state) {
  job_of(state, fact.job).exhausted = true;
}

void apply(const AttemptAssigned& fact, Instant at, State& state) {
  Job& job = job_of(state, fact.attempt.trial.job);
  Trial& trial = trial_of(state, fact.attempt.trial);
  TRAWL_ASSERT(trial.phase == Trial::Phase::kWaiting);
  TRAWL_ASSERT(fact.attempt.attempt == trial.attempt + 1);
  job.waiting.erase(trial.number);
  job.live.insert(trial.number);
  if (!job.started) job.started = at;
  trial.phase = Trial::Phase::kLive;
  trial.status = fact.after ? Status::kQueued : Status::kStarting;
  trial.after = fact.after;
  trial.is_successor = fact.after.has_value();
  if (fact.after) job.successors.emplace(*fact.after, trial.number);
  trial.attempt = fact.attempt.attempt;
  trial.worker_name = fact.worker_name;
  trial.incarnation = fact.incarnation;
  trial.is_leased = fact.is_leased;
  trial.running = false;
  trial.reports.clear();
  trial.best.reset();
  if (job.best_trial == trial.number) choose_best(job);
}

void apply(const AttemptRunning& fact, Instant at, State& state) {
  Trial& trial = trial_of(state, fact.started.attempt.trial);
  trial.running = true;
  trial.started = at;
  trial.status = Status::kRunning;
}

void apply(const RecordsAccepted&, Instant, State&) {}

void apply(const PrimaryReported& fact, Instant, State& state) {
  Job& job = job_of(state, fact.attempt.trial.job);
  Trial& trial = trial_of(state, fact.attempt.trial);
  trial.reports.push_back(fact.value);
  if (fact.best_of_trial) trial.best = fact.value;
  if (fact.best_of_job) job.best_trial = trial.number;
}

void apply(const StopDecided& fact, Instant, State& state) {
  trial_of(state, fact.attempt.trial).stop = StopOrder{fact.cause, fact.reason};
}

// Before the attempt is put away.
void count_loss(Trial& trial, const Outcome& outcome) {
  if (!is_lost(outcome)) return;
  const bool is_orphaned = outcome.kind == Outcome::Kind::kOrphaned;
  if (trial.is_successor && !trial.running && !is_orphaned) {
    trial.was_spared = true;
    return;
  }
  ++trial.lost_count;
  if (is_orphaned) ++trial.orphaned_count;
}

// Smooths by a quarter, so that one odd attempt does not decide.
void note_duration(Job& job, Duration duration) {
  constexpr int kWeight = 4;
  if (job.usual_duration) {
    *job.usual_duration += (duration - *job.usual_duration) / kWeight;
  } else {
    job.usual_duration = duration;
  }
}

void apply(const AttemptFinished& fact, Instant, State& state) {
  Job& job = job_of(state, fact.attempt.trial.job);
  Trial& trial = trial_of(state, fact.attempt.trial);
  TRAWL_ASSERT(trial.phase == Trial::Phase::kLive);
  const bool has_run =
      fact.outcome.kind == Outcome::Kind::kExited || fact.outcome.kind == Outcome::Kind::kSignalled;
  if (has_run) note_duration(job, fact.outcome.elapsed);
  const std::optional<AttemptId> before = std::exchange(trial.after, std::nullopt);
  if (before) job.successors.erase(*before);
  const auto successor = job.successors.find(fact.attempt);
  if (successor != job.successors.end()) {
    // It moves up: to the slot, or behind the one before.
    Trial& next = job.trials[static_cast<std::size_t>(successor->second)];
    next.after = before;
    if (before) job.successors.emplace(*before, next.number);
    if (!before) next.status = Status::kStarting;
    job.successors.erase(successor);
  }
  count_loss(trial, fact.outcome);
  job.live.erase(trial.number);
  job.waiting.insert(trial.number);
  trial.phase = Trial::Phase::kWaiting;  // until TrialEnded, which follows unless it is tried again
  trial.status = Status::kQueued;
  trial.running = false;
}

void apply(const TrialEnded& fact, Instant, State& state) {
  Job& job = job_of(state, fact.trial.job);
  Trial& trial = trial_of(state, fact.trial);
  TRAWL_ASSERT(trial.phase == Trial::Phase::kWaiting);
  job.waiting.erase(trial.number);
  trial.phase = Trial::Phase::kEnded;
  trial.status = fact.status;
  if (fact.status == Status::kFailed) {
    trial.best.reset();  // what it would have left is not there; its reports still serve the policy
    if (job.best_trial == trial.number) choose_best(job);
  }
  if (trial.best) ++job.counts.ranked;
  switch (fact.status) {
    case Status::kCompleted:
      ++job.counts.completed;
      break;
    case Status::kCanceled:
      ++job.counts.canceled;
      if (trial.stop && trial.stop->cause == StopCause::kPolicy) ++job.counts.stopped_by_policy;
      break;
    default:
      if (job.counts.failed == 0) job.first_failure = fact.reason;
      ++job.counts.failed;
  }
}

void apply(const JobCancelRequested& fact, Instant, State& state) {
  job_of(state, fact.job).cancel = StopOrder{fact.cause, fact.reason};
}

void apply(const JobEnded& fact, Instant, State& state) {
  state.jobs.erase(fact.job);
}

void apply(const ReportsTaken& fact, Instant, State& state) {
  state.spools[fact.spool] = fact.seq;
}

void apply_changes(const std::vector<TextChange>& changes, std::vector<NamedText>& texts) {
  for (const TextChange& change : changes) {
    std::erase_if(texts, [&](const NamedText& text) { return text.name == change.name; });
    if (change.text) texts.push_back({change.name, *change.text});
  }
}

void apply(const JobUpdated& fact, Instant, State& state) {
  const auto found = state.jobs.find(fact.job);
  if (found == state.jobs.end()) return;  // ended: only the tables hold it
  JobSpec& spec = found->second.spec;
  if (fact.update.display_name) spec.display_name = *fact.update.display_name;
  if (fact.update.description) spec.description = *fact.update.description;
  apply_changes(fact.update.tags, spec.tags);
}

JobId job_touched(const FactBody& body) {
  struct Visitor {
    JobId operator()(const JobSubmitted& fact) { return fact.job; }
    JobId operator()(const TrialSuggested& fact) { return fact.trial.job; }
    JobId operator()(const SuggestionsExhausted& fact) { return fact.job; }
    JobId operator()(const AttemptAssigned& fact) { return fact.attempt.trial.job; }
    JobId operator()(const AttemptRunning&) { return {}; }
    JobId operator()(const RecordsAccepted&) { return {}; }
    JobId operator()(const PrimaryReported&) { return {}; }
    JobId operator()(const StopDecided&) { return {}; }
    JobId operator()(const AttemptFinished& fact) { return fact.attempt.trial.job; }
    JobId operator()(const TrialEnded& fact) { return fact.trial.job; }
    JobId operator()(const JobCancelRequested& fact) { return fact.job; }
    JobId operator()(const JobEnded& fact) { return fact.job; }
    JobId operator()(const ReportsTaken&) { return {}; }
    JobId operator()(const JobUpdated&) { return {}; }
  };
  return std::visit(Visitor{}, body);
}

// Which attempts are live on which worker.
void note_place(const FactBody& body, const State& state, Runtime& runtime) {
  if (const auto* assigned = std::get_if<AttemptAssigned>(&body)) {
    runtime.attempts[assigned->worker_name].insert(assigned->attempt);
  } else if (const auto* finished = std::get_if<AttemptFinished>(&body)) {
    const TrialId id = finished->attempt.trial;
    const Trial& trial = state.jobs.at(id.job).trials[static_cast<std::size_t>(id.number)];
    const auto there = runtime.attempts.find(trial.worker_name);
    there->second.erase(finished->attempt);
    if (there->second.empty()) runtime.attempts.erase(there);
  }
}

}  // namespace

void apply_fact(const Fact& fact, State& state, Runtime& runtime) {
  std::visit([&](const auto& body) { apply(body, fact.at, state); }, fact.body);
  note_place(fact.body, state, runtime);
  const JobId job = job_touched(fact.body);
  if (job != JobId{}) refresh_startable(state, runtime, job);
}

}  // namespace trawl::core
