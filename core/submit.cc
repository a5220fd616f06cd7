// core/submit.cc: a new job.
#include "core/step.h"

namespace trawl::core {

void on_event(Step& step, const SubmitRequested& event) {
  const std::string& name = event.spec.name;
  if (step.state.names.contains(name)) {
    step.command(Reply{event.request,
                       fail(ErrorCode::kConflict,
                            "there is a job named '" + name +
                                "' already; choose another with --name, or leave the name out")});
    return;
  }
  const JobId id{step.state.job_id_last + 1};
  step.record(JobSubmitted{id, event.spec});
  if (!event.spec.sweep) step.record(TrialSuggested{{id, 0}, {}});
  step.command(Reply{event.request, name});
}

}  // namespace trawl::core
