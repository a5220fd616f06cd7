// core/submit.cc: a new job.
#include <charconv>
#include <optional>
#include <string_view>

#include "core/step.h"

namespace trawl::core {
namespace {

// The number in `<prefix><number>`, written as a trial's is: no sign, no leading zero.
std::optional<std::int64_t> trial_number(std::string_view name, std::string_view prefix) {
  const std::string_view digits = name.substr(prefix.size());
  std::int64_t number = -1;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  const bool whole = parsed.ec == std::errc{} && parsed.ptr == digits.data() + digits.size();
  if (!whole || number < 0 || std::to_string(number) != digits) return std::nullopt;
  return number;
}

// A job's name may not be what a trial of a sweep is called, or will be: `<sweep>_<number>`. The
// job that the new one would clash with, or "".
std::string clash(const State& state, const JobSpec& spec) {
  const std::size_t at = spec.name.rfind('_');
  if (at != std::string::npos) {
    const auto sweep = state.sweeps.find(spec.name.substr(0, at));
    const auto number = trial_number(spec.name, spec.name.substr(0, at + 1));
    if (sweep != state.sweeps.end() && number && *number < sweep->second) return sweep->first;
  }
  if (!spec.sweep) return "";
  const std::string prefix = spec.name + "_";
  for (auto other = state.names.lower_bound(prefix);
       other != state.names.end() && other->first.starts_with(prefix); ++other) {
    const auto number = trial_number(other->first, prefix);
    if (number && *number < spec.sweep->limits.max_total_trials) return other->first;
  }
  return "";
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
  if (const std::string other = clash(step.state, event.spec); !other.empty()) {
    const std::string trial = event.spec.sweep && other.size() > name.size() ? other : name;
    step.command(
        Reply{event.request, fail(ErrorCode::kConflict, "'" + trial +
                                                            "' would name a job and a trial of a "
                                                            "sweep: the new job '" +
                                                            name + "' and the job '" + other +
                                                            "' cannot both be there; choose "
                                                            "another name with --name")});
    return;
  }
  const JobId id{step.state.job_id_last + 1};
  step.record(JobSubmitted{id, event.spec});
  if (!event.spec.sweep) step.record(TrialSuggested{{id, 0}, {}});
  step.command(Reply{event.request, name});
}

}  // namespace trawl::core
