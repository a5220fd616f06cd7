// worker/leftovers.cc: the start of the worker's loop: what an earlier process of this worker has
// left, in its keepers and in the spool.
#include <set>
#include <string>

#include <spdlog/spdlog.h>

#include "worker/carried.h"
#include "worker/inputs.h"
#include "worker/loop.h"
#include "worker/process.h"

namespace trawl::worker {

Result<void> Loop::take_up_leftovers() {
  const auto leftovers = spool_->leftovers();
  if (!leftovers) return tl::unexpected(leftovers.error());
  std::set<core::AttemptId> ended;
  for (const Spool::Leftover& leftover : *leftovers) {
    if (leftover.end_seq == 0) continue;
    ended.insert(leftover.attempt);
    happened(core::EndSpooled{leftover.attempt, leftover.end_seq});
  }
  const std::set<core::AttemptId> adopted = adopt(ended);
  std::set<std::string> spared;
  for (const core::AttemptId& attempt : adopted) spared.insert(marker(options_.home, attempt));
  kill_marked_but(marker_prefix(options_.home), spared);
  for (const Spool::Leftover& leftover : *leftovers) {
    if (leftover.end_seq != 0 || adopted.contains(leftover.attempt)) continue;
    // Its processes are gone, just now at the latest, and nobody saw how.
    auto appended = spool_->append(core::AttemptEnded{
        leftover.attempt, {core::Outcome::Kind::kLost, 0, "the worker was restarted"}});
    if (!appended) return appended;
  }
  return {};
}

// What an earlier process of this worker started, and whose end is not in the spool yet.
std::set<core::AttemptId> Loop::adopt(const std::set<core::AttemptId>& ended) {
  std::set<core::AttemptId> adopted;
  for (const Keepers::Adopted& each : keepers_->adopted()) {
    if (ended.contains(each.attempt)) {
      keepers_->kill(each.attempt);  // where it runs, an earlier process has given it up
    } else if (adopt_one(each)) {
      adopted.insert(each.attempt);
    }
  }
  return adopted;
}

bool Loop::adopt_one(const Keepers::Adopted& adopted) {
  const auto give_up = [&](const std::string& why) {
    spdlog::error("{} of an earlier worker, process {}, is ended: {}",
                  core::to_string(adopted.attempt), adopted.pid, why);
    keepers_->kill(adopted.attempt);
    return false;
  };
  auto carried = decode_carried(adopted.carried);
  if (!carried) return give_up(carried.error().message);
  const core::LaunchOrder& order = carried->order;
  if (order.attempt != adopted.attempt) return give_up("its keeper carries another one's order");
  const AttemptFolder folder = attempt_folder(carried->jobs_folder, order);
  if (!adopted.has_ended) {
    const auto opened = endpoint_->reopen(order, {folder.artifacts(), folder.log()},
                                          {"", carried->token, carried->start_time_ms});
    if (!opened) return give_up(opened.error().message);
    for (const Input& input : order.inputs) {
      if (is_moved(input) && input.kind == Input::Kind::kUri) {
        downloads_.hold(input.text, adopted.attempt);
      }
    }
  }
  spdlog::info("{} of {} is taken over, process {}", core::to_string(adopted.attempt),
               order.trial_name, adopted.pid);
  happened(core::Adopted{adopted.attempt, adopted.pid, folder.root});
  live_.emplace(adopted.attempt,
                Live{std::move(carried->order), folder, carried->of_shell, adopted.pid});
  return true;
}

}  // namespace trawl::worker
