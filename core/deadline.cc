// core/deadline.cc: limits of time. One timer stands for all of them, and for the leases: the
// earliest.
#include <algorithm>

#include <fmt/format.h>

#include "core/step.h"

namespace trawl::core {
namespace {

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

void expire(Step& step, const Deadline& deadline) {
  const auto found = step.state.jobs.find(deadline.job);
  if (found == step.state.jobs.end()) return;
  const Job& job = found->second;
  if (!deadline.attempt) {
    cancel_job(step, deadline.job,
               {StopCause::kJobTimeout,
                fmt::format("limits.timeout of {:g} s is over", seconds(*job.spec.timeout))});
    return;
  }
  Trial* trial = find_live(step.state, *deadline.attempt);
  if (trial == nullptr) return;
  stop_trial(
      step, deadline.job, *trial,
      {StopCause::kTrialTimeout, fmt::format("limits.trial_timeout of {:g} s is over",
                                             seconds(*job.spec.sweep->limits.trial_timeout))});
}

}  // namespace

void on_event(Step& step, const TimerFired&) {
  step.runtime.timer.reset();
  auto& deadlines = step.runtime.deadlines;
  while (!deadlines.empty() && deadlines.begin()->at <= step.at) {
    const Deadline due = *deadlines.begin();
    deadlines.erase(deadlines.begin());
    expire(step, due);
  }
  check_leases(step);
}

void set_timer(Step& step) {
  const Runtime& runtime = step.runtime;
  if (runtime.deadlines.empty() && runtime.lease_checks.empty()) return;
  Instant earliest = runtime.deadlines.empty() ? runtime.lease_checks.begin()->first
                                               : runtime.deadlines.begin()->at;
  if (!runtime.lease_checks.empty()) {
    earliest = std::min(earliest, runtime.lease_checks.begin()->first);
  }
  if (runtime.timer == earliest) return;
  step.runtime.timer = earliest;
  step.command(SetTimer{earliest});
}

}  // namespace trawl::core
