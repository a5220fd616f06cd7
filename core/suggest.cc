// core/suggest.cc: a sampler's answer.
#include "core/step.h"

namespace trawl::core {

void on_event(Step& step, const Suggested& event) {
  const auto found = step.state.jobs.find(event.job);
  if (found == step.state.jobs.end()) return;  // canceled and gone meanwhile
  const Job& job = found->second;
  const auto asked = step.runtime.asked.find(event.job);
  const bool expected = asked != step.runtime.asked.end() &&
                        asked->second.count == event.asked_count &&
                        event.first == static_cast<std::int64_t>(job.trials.size());
  if (!expected) return;  // asked for before a crash or a cancel
  step.runtime.asked.erase(asked);
  std::int64_t number = event.first;
  for (const ParameterSet& parameters : event.suggestions) {
    step.record(TrialSuggested{{event.job, number}, parameters});
    ++number;
  }
  if (static_cast<std::int64_t>(event.suggestions.size()) < event.asked_count) {
    step.record(SuggestionsExhausted{event.job});
  }
  refresh_startable(step.state, step.runtime, event.job);
  finish_if_done(step, event.job);
}

}  // namespace trawl::core
