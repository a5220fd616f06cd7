#include "core/lease.h"

#include <algorithm>

#include <fmt/format.h>

#include "core/step.h"

namespace trawl::core {
namespace {

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

void check_at(Step& step, const std::string& worker_name, Instant at) {
  step.runtime.leases.at(worker_name).check_at = at;
  step.runtime.lease_checks.insert({at, worker_name});
}

void begin(Step& step, const std::string& worker_name, Duration wait) {
  const bool is_new = !step.runtime.leases.contains(worker_name);
  Lease& lease = step.runtime.leases[worker_name];
  lease.heard = step.at;
  lease.wait = wait;
  if (is_new) check_at(step, worker_name, step.at + silence_max(step.options.lease));
}

Duration own_wait(const Step& step) {
  return lease_wait(step.options.lease, step.options.stop_grace);
}

void fall_silent(Step& step, WorkerId id) {
  Worker& worker = step.runtime.workers.at(id);
  worker.is_silent = true;
  refresh_worker(step, id);
  step.command(Tell{fmt::format("worker {} has not been heard for {:.1f} s: it gets no new trials",
                                worker.name, seconds(silence_max(step.options.lease)))});
}

// Its attempts have ended by now, whether anybody hears of it or not.
void lose_worker(Step& step, const std::string& worker_name, Duration unheard) {
  step.runtime.leases.erase(worker_name);
  std::vector<AttemptId> lost;
  if (const auto there = step.runtime.attempts.find(worker_name);
      there != step.runtime.attempts.end()) {
    std::ranges::copy_if(there->second, std::back_inserter(lost), [&](const AttemptId& attempt) {
      return find_live(step.state, attempt)->is_leased;
    });
  }
  step.command(
      Tell{fmt::format("worker {} has not been heard for {:.1f} s and counts as lost, "
                       "with {} attempts",
                       worker_name, seconds(unheard), lost.size())});
  const auto named = step.runtime.worker_ids.find(worker_name);
  if (named != step.runtime.worker_ids.end()) dismiss(step, named->second);
  for (const AttemptId& attempt : lost) {
    finish_attempt(
        step, attempt,
        {Outcome::Kind::kLost, 0,
         fmt::format("its worker {} was not heard for {:.1f} s", worker_name, seconds(unheard))});
  }
}

}  // namespace

void begin_lease(Step& step, const std::string& worker_name) {
  begin(step, worker_name, own_wait(step));
}

void inherit_lease(Step& step, const std::string& worker_name) {
  begin(step, worker_name, std::max(own_wait(step), step.options.lease_wait_before));
}

void end_lease(Step& step, const std::string& worker_name) {
  step.runtime.leases.erase(worker_name);  // its check finds nothing and is not made again
}

void renew_lease(Step& step, WorkerId id) {
  Worker& worker = step.runtime.workers.at(id);
  if (!worker.is_leased) return;
  step.runtime.leases.at(worker.name).heard = step.at;
  if (!worker.is_silent) return;
  worker.is_silent = false;
  refresh_worker(step, id);
  step.command(Tell{fmt::format("worker {} is heard again", worker.name)});
}

void on_event(Step& step, const WorkerHeard& event) {
  Worker* worker = find_worker(step, event.worker, event.session);
  if (worker == nullptr) return;
  renew_lease(step, event.worker);
  if (event.heartbeat.sent <= worker->beat) return;  // repeated, or overtaken
  const auto taken = step.state.spools.find(worker->spool);
  const std::uint64_t committed = taken == step.state.spools.end() ? 0 : taken->second;
  if (committed < worker->spooled_before) {
    worker->asked_again = committed;
    step.send(event.worker, SendAgain{committed});
  }
  const bool lost_orders = event.heartbeat.answered == worker->beat &&
                           event.heartbeat.orders < worker->orders_before_answer;
  worker->beat = event.heartbeat.sent;
  worker->spooled_before = event.heartbeat.spooled;
  worker->orders_before_answer = worker->orders_sent;
  step.send(event.worker, HeartbeatSeen{event.heartbeat.sent});
  if (event.heartbeat.acknowledged < committed) step.send(event.worker, Acknowledge{committed});
  if (lost_orders) step.send(event.worker, HelloAgain{});
}

void check_leases(Step& step) {
  auto& checks = step.runtime.lease_checks;
  while (!checks.empty() && checks.begin()->first <= step.at) {
    const auto [due, name] = *checks.begin();
    checks.erase(checks.begin());
    const auto found = step.runtime.leases.find(name);
    if (found == step.runtime.leases.end() || found->second.check_at != due) continue;
    const Instant heard = found->second.heard;
    const Instant silent_at = heard + silence_max(step.options.lease);
    const Instant over_at = heard + found->second.wait;
    if (step.at < silent_at) {
      check_at(step, name, silent_at);
      continue;
    }
    if (step.at >= over_at) {
      lose_worker(step, name, step.at - heard);
      continue;
    }
    const auto named = step.runtime.worker_ids.find(name);
    if (named != step.runtime.worker_ids.end() &&
        !step.runtime.workers.at(named->second).is_silent) {
      fall_silent(step, named->second);
    }
    check_at(step, name, over_at);
  }
}

}  // namespace trawl::core
