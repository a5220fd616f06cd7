// core/end.cc: how attempts, trials and jobs end, and the sentence that says why.
#include <algorithm>
#include <csignal>
#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/assert.h"
#include "core/step.h"
#include "core/telling_line.h"

namespace trawl::core {
namespace {

// What exit codes mean where a shell gives them; a command may end with them for another reason.
std::string_view shell_meaning(std::int32_t code) {
  constexpr std::int32_t kNotExecutable = 126;
  constexpr std::int32_t kNotFound = 127;
  if (code == kNotExecutable) return " (a shell's code for a file that it cannot execute)";
  return code == kNotFound ? " (a shell's code for a command that it cannot find)" : "";
}

std::string failure_reason(const Outcome& outcome) {
  constexpr std::int64_t kMebibyte = 1 << 20;
  if (outcome.out_of_memory) {
    return fmt::format("killed by the kernel: out of memory (largest process {} MiB)",
                       outcome.max_rss_bytes / kMebibyte);
  }
  const std::string line = telling_line(outcome.detail);
  const std::string tail = line.empty() ? "" : ": " + line;
  switch (outcome.kind) {
    case Outcome::Kind::kExited:
      return fmt::format("exit code {}{}{}", outcome.code,
                         outcome.of_shell ? shell_meaning(outcome.code) : "", tail);
    case Outcome::Kind::kSignalled:
      return fmt::format("killed by signal {}{}", outcome.code, tail);
    case Outcome::Kind::kUnstarted:
      return "could not be started: " + outcome.detail;
    case Outcome::Kind::kLost:
    case Outcome::Kind::kOrphaned:
      return "it was lost";  // lost_reason() says more
    case Outcome::Kind::kReturned:
      return "not started: " + outcome.detail;  // tried again, so never a trial's reason
    case Outcome::Kind::kFenced:
      return outcome.detail;  // likewise
  }
  return "";
}

struct Ending {
  Status status{};
  std::string reason;
};

std::string lost_reason(const CoordinatorOptions& options, const Trial& trial) {
  const std::int32_t with_worker = trial.lost_count - trial.orphaned_count;
  if (trial.orphaned_count > 0) {
    const std::string orphaned =
        fmt::format("the process above it, which keeps its processes together, was killed {} times",
                    trial.orphaned_count);
    return with_worker == 0
               ? orphaned
               : fmt::format("its worker was lost {} times, and {}", with_worker, orphaned);
  }
  const std::int32_t alone = with_worker - options.lost_in_company_max;
  const std::string text = fmt::format("its worker was lost {} times", with_worker);
  return alone <= 0 ? text : fmt::format("{}, the last {} while it ran there alone", text, alone);
}

Ending trial_ending(const CoordinatorOptions& options, const Job& job, const Trial& trial,
                    const Outcome& outcome) {
  if (trial.stop) return {Status::kCanceled, trial.stop->reason};
  const bool succeeded = outcome.kind == Outcome::Kind::kExited && outcome.code == 0;
  if (!succeeded) {
    if (is_lost(outcome)) {
      return {Status::kFailed, lost_reason(options, trial)};
    }
    return {Status::kFailed, failure_reason(outcome)};
  }
  if (job.spec.sweep && !trial.best) {
    const std::string& metric = job.spec.sweep->objective.primary_metric;
    return {Status::kCompleted,
            trial.reports.empty()
                ? fmt::format("never logged the primary metric '{}'", metric)
                : fmt::format("logged only NaN as the primary metric '{}'", metric)};
  }
  return {Status::kCompleted, ""};
}

// Why a sweep without a ranked trial has no best one.
std::string unranked_reason(const Job& job) {
  const std::string& metric = job.spec.sweep->objective.primary_metric;
  const bool any_reported =
      std::ranges::any_of(job.trials, [](const Trial& trial) { return !trial.reports.empty(); });
  if (any_reported) {
    return fmt::format(
        "no trial that counts logged a number as the primary metric '{}' (NaN is none, and a "
        "failed trial does not count), so there is no best trial",
        metric);
  }
  return fmt::format(
      "no trial logged the primary metric '{0}', so there is no best trial: the script must call "
      "mlflow.log_metric(\"{0}\", value)",
      metric);
}

Ending sweep_ending(const Job& job) {
  const TrialCounts& counts = job.counts;
  if (job.cancel) return {Status::kCanceled, job.cancel->reason};
  const auto total = static_cast<std::int64_t>(job.trials.size());
  if (counts.failed > 0 && counts.completed == 0 && counts.stopped_by_policy == 0) {
    return {Status::kFailed, fmt::format("{} of {} trials failed and none completed; the first: {}",
                                         counts.failed, total, job.first_failure)};
  }
  if (total > 0 && counts.completed + counts.stopped_by_policy == 0) {
    return {Status::kCanceled, fmt::format("all {} trials were canceled", total)};
  }
  std::string reason;
  if (counts.failed > 0) reason = fmt::format("{} of {} trials failed", counts.failed, total);
  if (counts.ranked == 0) {
    if (!reason.empty()) reason += "; ";
    reason += unranked_reason(job);
  }
  return {Status::kCompleted, reason};
}

Ending command_ending(const Job& job, const Trial& trial, const std::string& trial_reason) {
  if (job.cancel) return {Status::kCanceled, job.cancel->reason};
  return {trial.status, trial_reason};
}

// The slot goes to the attempt's successor, which its worker starts by itself, or is free.
void free_slot(Step& step, WorkerId id, AttemptId attempt) {
  Worker& worker = step.runtime.workers.at(id);
  worker.successors.erase(attempt);
  if (worker.holds.erase(attempt) == 0) return;
  const Job& job = step.state.jobs.at(attempt.trial.job);
  const auto successor = job.successors.find(attempt);
  if (successor != job.successors.end()) {
    const Trial& next = job.trials[static_cast<std::size_t>(successor->second)];
    const AttemptId next_id{{job.id, next.number}, next.attempt};
    if (worker.successors.erase(next_id) > 0) worker.holds.insert(next_id);
  }
  refresh_worker(step, id);
}

void end_job(Step& step, JobId id, Ending ending) {
  const Job& job = step.state.jobs.at(id);
  if (job.started && job.spec.timeout) {
    step.runtime.deadlines.erase({*job.started + *job.spec.timeout, id, std::nullopt});
  }
  std::string shell_environment = job.spec.command.shell_environment;
  step.record(JobEnded{id, ending.status, std::move(ending.reason)});
  if (!shell_environment.empty()) step.command(DropSnapshot{std::move(shell_environment)});
}

}  // namespace

void finish_attempt(Step& step, AttemptId attempt, const Outcome& outcome) {
  const JobId job_id = attempt.trial.job;
  Job& job = step.state.jobs.at(job_id);
  Trial& trial = *find_live(step.state, attempt);
  if (const WorkerId* holder = find_holder(step.runtime, trial, attempt)) {
    const WorkerId id = *holder;
    free_slot(step, id, attempt);
  }
  if (job.spec.sweep && job.spec.sweep->limits.trial_timeout && trial.running) {
    step.runtime.deadlines.erase(
        {trial.started + *job.spec.sweep->limits.trial_timeout, job_id, attempt});
  }
  step.record(AttemptFinished{attempt, outcome});
  const bool is_owed = outcome.kind == Outcome::Kind::kReturned ||
                       outcome.kind == Outcome::Kind::kFenced ||
                       (is_lost(outcome) && trial.lost_count < step.options.lost_attempts_max);
  const bool again = is_owed && !trial.stop && !job.cancel;
  if (again) {
    if (runs_alone(step.options, trial)) step.runtime.lone.insert(attempt.trial);
    return;
  }
  const Ending ending = trial_ending(step.options, job, trial, outcome);
  step.record(TrialEnded{attempt.trial, ending.status, ending.reason});
  if (!job.spec.sweep) {
    end_job(step, job_id, command_ending(job, trial, ending.reason));
    return;
  }
  finish_if_done(step, job_id);
}

void finish_if_done(Step& step, JobId id) {
  const auto found = step.state.jobs.find(id);
  if (found == step.state.jobs.end()) return;
  const Job& job = found->second;
  const bool all_made = job.cancel || job.exhausted ||
                        static_cast<std::int64_t>(job.trials.size()) >= job.max_total_trials();
  if (!all_made || !job.live.empty() || !job.waiting.empty()) return;
  Ending ending;
  if (job.spec.sweep) {
    ending = sweep_ending(job);
  } else {
    // A command job whose only trial was canceled before it was placed.
    TRAWL_ASSERT(job.trials.front().status == Status::kCanceled);
    ending = {Status::kCanceled, job.trials.front().stop->reason};
  }
  step.runtime.asked.erase(id);
  step.runtime.unsucceeded.erase(id);
  end_job(step, id, std::move(ending));
}

}  // namespace trawl::core
