// core/cancel.cc: stops that someone asked for: a job's, or one trial's.
#include <charconv>

#include "core/step.h"

namespace trawl::core {
namespace {

/// `<sweep>_<number>` of an unfinished sweep.
Trial* find_by_trial_name(State& state, const std::string& name, JobId* job_id) {
  const std::size_t at = name.rfind('_');
  if (at == std::string::npos) return nullptr;
  const auto job_name = state.names.find(name.substr(0, at));
  if (job_name == state.names.end()) return nullptr;
  std::int64_t number = -1;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + at + 1, end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return nullptr;
  const auto job = state.jobs.find(job_name->second);
  if (job == state.jobs.end() || !job->second.spec.sweep) return nullptr;
  *job_id = job->first;
  return find_trial(state, {job->first, number});
}

}  // namespace

void stop_trial(Step& step, JobId job_id, Trial& trial, StopOrder order) {
  if (trial.phase == Trial::Phase::kEnded || trial.stop) return;
  const TrialId id{job_id, trial.number};
  const AttemptId attempt{id, trial.attempt};
  step.record(StopDecided{attempt, order.cause, order.reason});
  if (trial.phase == Trial::Phase::kWaiting) {
    step.record(TrialEnded{id, Status::kCanceled, order.reason});
    return;
  }
  const WorkerId* holder = find_holder(step.runtime, trial, attempt);
  if (holder != nullptr) step.order(*holder, Stop{attempt, step.options.stop_grace});
}

void cancel_job(Step& step, JobId id, StopOrder order) {
  Job& job = step.state.jobs.at(id);
  if (!job.cancel) step.record(JobCancelRequested{id, order.cause, order.reason});
  step.runtime.asked.erase(id);  // no slot is kept for suggestions on their way
  step.runtime.unsucceeded.erase(id);
  const std::set<std::int64_t> waiting = job.waiting;
  const std::set<std::int64_t> live = job.live;
  for (const std::int64_t number : waiting) {
    stop_trial(step, id, job.trials[static_cast<std::size_t>(number)], order);
  }
  for (const std::int64_t number : live) {
    stop_trial(step, id, job.trials[static_cast<std::size_t>(number)], order);
  }
  finish_if_done(step, id);
}

void on_event(Step& step, const CancelRequested& event) {
  const StopOrder order{StopCause::kCancel, "canceled on request"};
  const auto named = step.state.names.find(event.name);
  if (named != step.state.names.end() && step.state.jobs.contains(named->second)) {
    cancel_job(step, named->second, order);
    step.command(Reply{event.request, event.name});
    return;
  }
  JobId job_id;
  Trial* trial = find_by_trial_name(step.state, event.name, &job_id);
  if (trial != nullptr && trial->phase != Trial::Phase::kEnded) {
    stop_trial(step, job_id, *trial, order);
    finish_if_done(step, job_id);
    step.command(Reply{event.request, event.name});
    return;
  }
  if (named != step.state.names.end() || trial != nullptr) {
    step.command(
        Reply{event.request, fail(ErrorCode::kConflict, "'" + event.name + "' has already ended")});
    return;
  }
  step.command(Reply{event.request,
                     fail(ErrorCode::kNotFound, "there is no unfinished job or trial named '" +
                                                    event.name + "'; see `trawl job list`")});
}

}  // namespace trawl::core
