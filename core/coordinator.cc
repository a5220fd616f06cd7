// core/coordinator.cc: dispatches an event to its family, then schedules.
#include "core/coordinator.h"

#include "core/step.h"

namespace trawl::core {

Decision Coordinator::step(const Event& event) {
  constexpr std::size_t kUsualCount = 4;  // facts and commands are large: rarely moved to grow
  Step step{options_, state_, runtime_, event.at, {}};
  step.decision.facts.reserve(kUsualCount);
  step.decision.commands.reserve(kUsualCount);
  std::visit([&](const auto& body) { on_event(step, body); }, event.body);
  schedule(step);
  set_timer(step);
  return std::move(step.decision);
}

void Coordinator::apply(const Fact& fact) {
  apply_fact(fact, state_, runtime_);
}

void Coordinator::remember(const std::string& name, JobId job, std::int64_t trial_names) {
  state_.names.emplace(name, job);
  if (trial_names > 0) state_.sweeps.emplace(name, trial_names);
  state_.job_id_last = std::max(state_.job_id_last, job.number);
}

Decision Coordinator::recover(Instant at) {
  Step step{options_, state_, runtime_, at, {}};
  std::vector<JobId> ids;
  for (const auto& [id, job] : state_.jobs) ids.push_back(id);
  for (const JobId& id : ids) {
    const Job& job = state_.jobs.at(id);
    if (job.started && job.spec.timeout) {
      runtime_.deadlines.insert({*job.started + *job.spec.timeout, id, std::nullopt});
    }
    for (const std::int64_t number : job.live) {
      const Trial& trial = job.trials[static_cast<std::size_t>(number)];
      if (trial.is_leased) inherit_lease(step, trial.worker_name);
      const bool limited = job.spec.sweep && job.spec.sweep->limits.trial_timeout;
      if (limited && trial.running) {
        runtime_.deadlines.insert({trial.started + *job.spec.sweep->limits.trial_timeout, id,
                                   AttemptId{{id, number}, trial.attempt}});
      }
    }
    for (const std::int64_t number : job.waiting) {
      const Trial& trial = job.trials[static_cast<std::size_t>(number)];
      if (runs_alone(options_, trial)) runtime_.lone.insert({id, number});
    }
    refresh_startable(state_, runtime_, id);
  }
  set_timer(step);
  return std::move(step.decision);
}

}  // namespace trawl::core
