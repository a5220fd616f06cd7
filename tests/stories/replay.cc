#include "tests/stories/replay.h"

#include <set>

namespace trawl::core {
namespace {

struct JobOf {
  JobId operator()(const JobSubmitted& fact) { return fact.job; }
  JobId operator()(const TrialSuggested& fact) { return fact.trial.job; }
  JobId operator()(const SuggestionsExhausted& fact) { return fact.job; }
  JobId operator()(const AttemptAssigned& fact) { return fact.attempt.trial.job; }
  JobId operator()(const AttemptRunning& fact) { return fact.started.attempt.trial.job; }
  JobId operator()(const RecordsAccepted& fact) { return fact.attempt.trial.job; }
  JobId operator()(const PrimaryReported& fact) { return fact.attempt.trial.job; }
  JobId operator()(const StopDecided& fact) { return fact.attempt.trial.job; }
  JobId operator()(const AttemptFinished& fact) { return fact.attempt.trial.job; }
  JobId operator()(const TrialEnded& fact) { return fact.trial.job; }
  JobId operator()(const JobCancelRequested& fact) { return fact.job; }
  JobId operator()(const JobEnded& fact) { return fact.job; }
  JobId operator()(const ReportsTaken&) { return {}; }
  JobId operator()(const JobUpdated& fact) { return fact.job; }
};

}  // namespace

JobId job_of(const FactBody& fact) {
  return std::visit(JobOf{}, fact);
}

Coordinator replay(const CoordinatorOptions& options, std::span<const Fact> journal) {
  Coordinator core(options);
  std::set<JobId> ended;
  for (const Fact& fact : journal) {
    if (const auto* end = std::get_if<JobEnded>(&fact.body)) ended.insert(end->job);
  }
  for (const Fact& fact : journal) {
    const JobId job = job_of(fact.body);
    if (!ended.contains(job)) {
      core.apply(fact);
    } else if (const auto* submitted = std::get_if<JobSubmitted>(&fact.body)) {
      core.remember(submitted->spec.name, job,
                    submitted->spec.sweep ? submitted->spec.sweep->limits.max_total_trials : 0);
    }
  }
  return core;
}

}  // namespace trawl::core
