#include "tests/sim/checks.h"

#include <algorithm>

#include "tests/sim/world.h"

namespace trawl::sim {

void Checks::committed(const core::Fact& fact) {
  std::visit([this](const auto& body) { on(body); }, fact.body);
}

void Checks::on(const core::AttemptAssigned& fact) {
  const WorkerLife life{fact.worker_name, fact.incarnation};
  if (fact.after) {
    const bool is_there = assigned_[life].contains(*fact.after) ||
                          std::ranges::any_of(successors_, [&](const auto& entry) {
                            return entry.second == *fact.after;
                          });
    require(is_there, to_string(fact.attempt) + " is to follow an attempt that is not there");
    successors_[*fact.after] = fact.attempt;
  } else {
    take_slot(life, fact.attempt);
  }
}

void Checks::take_slot(const WorkerLife& life, const core::AttemptId& attempt) {
  assigned_[life].insert(attempt);
  require(static_cast<std::int64_t>(assigned_[life].size()) <= slot_counts_[life],
          "a slot of " + life.first + " is given twice");
}

void Checks::on(const core::RecordsAccepted& fact) {
  Logged& logged = logged_[fact.attempt];
  for (const Record& record : fact.records) {
    const bool same = logged.taken_count < logged.accepted.size() &&
                      logged.accepted[logged.taken_count] == record;
    require(same, "the history of " + to_string(fact.attempt) + " is not what it logged, in order");
    ++logged.taken_count;
  }
}

void Checks::on(const core::StopDecided& fact) {
  if (world_.history.is_live(fact.attempt)) stop_decided_[fact.attempt] = world_.timeline.now();
}

void Checks::on(const core::AttemptFinished& fact) {
  stop_decided_.erase(fact.attempt);
  std::optional<core::AttemptId> before;
  std::erase_if(successors_, [&](const auto& entry) {
    if (entry.second != fact.attempt) return false;
    before = entry.first;
    return true;
  });
  const auto successor = successors_.find(fact.attempt);
  if (before && successor != successors_.end()) successors_[*before] = successor->second;
  for (auto& [life, attempts] : assigned_) {
    if (attempts.erase(fact.attempt) == 0 || successor == successors_.end()) continue;
    take_slot(life, successor->second);
  }
  successors_.erase(fact.attempt);
  require(!processes_.contains(fact.attempt),
          to_string(fact.attempt) + " finished, and still runs");
  const bool is_lost = fact.outcome.kind == core::Outcome::Kind::kLost;
  require(!is_lost || !world_.profile.crashes_at_every_record,
          to_string(fact.attempt) + " is lost, and only the coordinator was killed");
  // In a cluster its end may lie on the other side of a cut.
  if (is_lost && world_.profile.is_cluster) return;
  if (is_lost) {
    require(!ends_spooled_.contains(fact.attempt),
            to_string(fact.attempt) + " is given up as lost, and its end is in the spool");
    return;
  }
  const Logged& logged = logged_[fact.attempt];
  require(logged.taken_count == logged.accepted.size(),
          to_string(fact.attempt) + " finished, and records that it saw accepted are missing");
}

void Checks::worker_started(std::size_t worker, std::uint64_t incarnation, std::int64_t slot_count,
                            std::size_t process_count) {
  slot_counts_[{world_.workers[worker].name(), incarnation}] = slot_count;
  // What it has taken over holds its slots, as many as they are.
  slot_count_now_[worker] = std::max(slot_count, static_cast<std::int64_t>(process_count));
}

void Checks::agent_died(std::size_t worker) {
  for (auto& [attempt, process] : processes_) {
    if (process.worker == worker) process.stop_arrived.reset();
  }
}

void Checks::signalled(const core::AttemptId& attempt) {
  if (!world_.profile.crashes_at_every_record) return;
  require(!world_.history.is_live(attempt) || stop_decided_.contains(attempt),
          to_string(attempt) + " is ended, and only the coordinator was killed");
}

void Checks::spawn_ordered(const core::AttemptId& attempt) {
  require(world_.history.is_live(attempt),
          to_string(attempt) + " is started, and the journal does not say so (or no longer)");
}

void Checks::prepared(const core::AttemptId& attempt, bool first_time) {
  require(first_time, to_string(attempt) + " is prepared twice");
  require(world_.history.is_live(attempt),
          to_string(attempt) + " is prepared, and the journal does not say that it is assigned");
}

void Checks::forgotten(const core::AttemptId& attempt, bool was_prepared) {
  require(was_prepared, to_string(attempt) + " is forgotten, and was not prepared");
}

void Checks::process_began(const core::AttemptId& attempt, std::size_t worker) {
  for (const auto& [other, process] : processes_) {
    require(other.trial != attempt.trial,
            "two live attempts: " + to_string(other) + " and " + to_string(attempt));
  }
  processes_[attempt].worker = worker;
  const auto& job = world_.history.jobs().at(attempt.trial.job);
  const auto of_job = std::ranges::count_if(
      processes_, [&](const auto& entry) { return entry.first.trial.job == attempt.trial.job; });
  require(!job.spec.sweep || of_job <= job.spec.sweep->limits.max_concurrent_trials,
          "more processes of " + job.spec.name + " than max_concurrent_trials");
  ++process_counts_[worker];
  require(process_counts_[worker] <= slot_count_now_[worker],
          "more processes on " + world_.workers[worker].name() + " than it has slots");
}

void Checks::process_ended(const core::AttemptId& attempt) {
  const auto found = processes_.find(attempt);
  --process_counts_[found->second.worker];
  processes_.erase(found);
}

void Checks::stop_arrived(const core::AttemptId& attempt, Duration grace) {
  const auto found = processes_.find(attempt);
  if (found == processes_.end() || found->second.stop_arrived) return;
  found->second.stop_arrived = world_.timeline.now();
  found->second.grace = grace;
}

void Checks::records_accepted(const core::AttemptId& attempt, const std::vector<Record>& records) {
  auto& accepted = logged_[attempt].accepted;
  accepted.insert(accepted.end(), records.begin(), records.end());
}

void Checks::after_event() {
  check_stops();
  check_limits();
}

void Checks::check_stops() {
  if (!world_.profile.is_punctual()) return;
  const Instant now = world_.timeline.now();
  for (const auto& [attempt, process] : processes_) {
    if (process.stop_arrived) {
      require(now <= *process.stop_arrived + process.grace + 4 * kKernelDelayMax,
              to_string(attempt) + " was told to stop, and runs after its grace");
    }
    const auto decided = stop_decided_.find(attempt);
    const auto quiet = quiet_since(process.worker);
    if (decided == stop_decided_.end() || !quiet) continue;
    require(now <= std::max(decided->second, *quiet) + stop_time_max(world_.profile),
            to_string(attempt) + " is to stop, and nobody told its worker");
  }
}

void Checks::check_limits() {
  if (!world_.coordinator.is_up() || !world_.profile.is_punctual()) return;
  const Instant now = world_.timeline.now();
  // The timer is set after the commit under way and its own, and the stop is known as late again.
  const Duration slack = 4 * world_.profile.commit_delay_max + kKernelDelayMax;
  const Instant judged = world_.coordinator.up_since();
  for (const auto& [id, job] : world_.history.jobs()) {
    if (job.ended) continue;
    if (job.started && job.spec.timeout && !job.canceled) {
      require(now <= std::max(*job.started + *job.spec.timeout, judged) + slack,
              job.spec.name + " is over its timeout, and nobody cancels it");
    }
    for (const TrialHistory& trial : job.trials) {
      if (!trial.live || trial.stopped) continue;
      require(!job.canceled, job.spec.name + " is canceled, and nobody stops what runs of it");
      const bool limited = job.spec.sweep && job.spec.sweep->limits.trial_timeout;
      if (!limited || !trial.started) continue;
      require(
          now <= std::max(*trial.started + *job.spec.sweep->limits.trial_timeout, judged) + slack,
          "a trial of " + job.spec.name + " is over trial_timeout, and nobody stops it");
    }
  }
}

std::optional<Instant> Checks::quiet_since(std::size_t worker) const {
  if (!world_.coordinator.is_up() || !world_.network.is_up(worker)) return std::nullopt;
  return std::max(world_.coordinator.up_since(), world_.network.up_since(worker));
}

void Checks::at_end() {
  require(processes_.empty(), "the run is over, and a process still runs");
  require(world_.clients.unanswered_count() == 0, "the run is over, and a client has no answer");
  for (const auto& [id, job] : world_.history.jobs()) {
    require(job.ended, "the run is over, and " + job.spec.name + " has not ended");
  }
  for (WorkerHost& worker : world_.workers) {
    require(worker.spooled_count() == 0, worker.name() + " still holds reports");
    worker.tell_to_leave();
    require(worker.has_quit(), worker.name() + " was told to leave, has nothing to do, and stays");
  }
}

void Checks::require(bool holds, const std::string& what) {
  if (!holds) world_.trace.fault(what);
}

}  // namespace trawl::sim
