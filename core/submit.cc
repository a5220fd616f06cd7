// core/submit.cc: a new job.
#include <algorithm>
#include <string_view>

#include "core/step.h"

namespace trawl::core {
namespace {

bool is_number(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

// A job's name may not be what a trial of another job is called, or will be: `<sweep>_<number>`.
bool clashes_with_trials(const State& state, const std::string& name) {
  const std::size_t at = name.rfind('_');
  const bool looks_like_trial = at != std::string::npos && is_number(name.substr(at + 1));
  if (looks_like_trial && state.names.contains(name.substr(0, at))) return true;
  const std::string prefix = name + "_";
  for (auto other = state.names.lower_bound(prefix);
       other != state.names.end() && other->first.starts_with(prefix); ++other) {
    if (is_number(std::string_view(other->first).substr(prefix.size()))) return true;
  }
  return false;
}

// The answer to the first request was lost, and the client asks again.
bool is_repeated(const State& state, const JobSpec& spec) {
  const auto named = state.names.find(spec.name);
  if (named == state.names.end() || spec.submission == 0) return false;
  const auto job = state.jobs.find(named->second);
  return job != state.jobs.end() && job->second.spec.submission == spec.submission;
}

}  // namespace

void on_event(Step& step, const SubmitRequested& event) {
  const std::string& name = event.spec.name;
  if (is_repeated(step.state, event.spec)) {
    step.command(Reply{event.request, name});
    return;
  }
  if (step.state.names.contains(name)) {
    step.command(Reply{event.request,
                       fail(ErrorCode::kConflict,
                            "there is a job named '" + name +
                                "' already; choose another with --name, or leave the name out")});
    return;
  }
  if (clashes_with_trials(step.state, name)) {
    step.command(
        Reply{event.request, fail(ErrorCode::kConflict,
                                  "the name '" + name +
                                      "' and that of another job would name the same trial; choose "
                                      "another with --name")});
    return;
  }
  const JobId id{step.state.job_id_last + 1};
  step.record(JobSubmitted{id, event.spec});
  if (!event.spec.sweep) step.record(TrialSuggested{{id, 0}, {}});
  step.command(Reply{event.request, name});
}

}  // namespace trawl::core
