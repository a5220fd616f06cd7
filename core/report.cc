// core/report.cc: what a worker reports, each report once and in order. The primary metric meets
// the policy here, in the step in which it arrives.
#include "core/step.h"

namespace trawl::core {
namespace {

void take(Step& step, const AttemptStarted& started) {
  const Trial* trial = find_live(step.state, started.attempt);
  if (trial == nullptr || trial->running) return;
  step.record(AttemptRunning{started});
  const Job& job = step.state.jobs.at(started.attempt.trial.job);
  if (job.spec.sweep) step.runtime.unsucceeded[job.id].insert(started.attempt);
  if (job.spec.sweep && job.spec.sweep->limits.trial_timeout) {
    step.runtime.deadlines.insert(
        {step.at + *job.spec.sweep->limits.trial_timeout, job.id, started.attempt});
  }
}

// What a trial's new report of the primary metric means.
void judge_report(Step& step, JobId job_id, Trial& trial) {
  const Job& job = step.state.jobs.at(job_id);
  const Policy& policy = job.spec.sweep->early_termination;
  const std::size_t n = trial.reports.size();
  if (trial.stop || !applies_at(policy, n)) return;
  std::vector<const ReportHistory*> histories;
  histories.reserve(job.trials.size());
  for (const Trial& other : job.trials) histories.push_back(&other.reports);
  const auto verdict =
      judge(policy, job.goal(), histories, static_cast<std::size_t>(trial.number), n);
  if (verdict) stop_trial(step, job_id, trial, {StopCause::kPolicy, verdict->reason});
}

void take(Step& step, const AttemptLogged& logged) {
  Trial* trial = find_live(step.state, logged.attempt);
  if (trial == nullptr) return;  // fenced
  const JobId job_id = logged.attempt.trial.job;
  const Job& job = step.state.jobs.at(job_id);
  step.record(RecordsAccepted{logged.attempt, logged.records});
  if (!job.spec.sweep) return;
  const std::string run_id = job.trial_name(trial->number);
  for (const Record& record : logged.records) {
    const auto* metric = std::get_if<MetricLogged>(&record);
    const bool primary = metric != nullptr && metric->run_id == run_id &&
                         metric->key == job.spec.sweep->objective.primary_metric;
    if (!primary) continue;
    PrimaryReported fact{logged.attempt, metric->value, metric->step, false, false};
    const bool is_number = metric->value == metric->value;
    fact.best_of_trial =
        is_number && (!trial->best || better(job.goal(), metric->value, *trial->best));
    const bool first = !job.best_trial;
    fact.best_of_job =
        fact.best_of_trial &&
        (first || better(job.goal(), metric->value,
                         *job.trials[static_cast<std::size_t>(*job.best_trial)].best));
    step.record(fact);
    judge_report(step, job_id, *trial);
  }
}

void take(Step& step, const AttemptEnded& ended) {
  if (find_live(step.state, ended.attempt) == nullptr) return;
  finish_attempt(step, ended.attempt, ended.outcome);
}

}  // namespace

void on_event(Step& step, const ReportArrived& event) {
  Worker* worker = find_worker(step, event.worker, event.session);
  if (worker == nullptr) return;
  renew_lease(step, event.worker);
  const std::uint64_t spool = worker->spool;
  const auto taken = step.state.spools.find(spool);
  const std::uint64_t committed = taken == step.state.spools.end() ? 0 : taken->second;
  if (event.report.seq <= committed) {
    step.send(event.worker, Acknowledge{committed});
    return;
  }
  if (event.report.seq != committed + 1) {
    if (worker->asked_again == committed) return;  // it is on its way; a heartbeat tells if not
    worker->asked_again = committed;
    step.send(event.worker, SendAgain{committed});
    return;
  }
  std::visit([&](const auto& body) { take(step, body); }, event.report.body);
  step.record(ReportsTaken{spool, event.report.seq});
  step.send(event.worker, Acknowledge{event.report.seq});
}

}  // namespace trawl::core
