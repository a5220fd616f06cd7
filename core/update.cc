// core/update.cc: a job's names, tags and place in lists change, also after its end.
#include "core/step.h"

namespace trawl::core {

void on_event(Step& step, const UpdateRequested& event) {
  const auto named = step.state.names.find(event.name);
  if (named == step.state.names.end()) {
    step.command(
        Reply{event.request, fail(ErrorCode::kNotFound, "there is no job named '" + event.name +
                                                            "' (a trial changes with its sweep); "
                                                            "see `trawl job list`")});
    return;
  }
  const auto good = check(event.update);
  if (!good) {
    step.command(Reply{event.request, tl::unexpected(good.error())});
    return;
  }
  step.record(JobUpdated{named->second, event.update});
  step.command(Reply{event.request, event.name});
}

}  // namespace trawl::core
