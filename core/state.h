// core/state.h: what the coordinator's core knows. `State` is what facts made and a replay gives
// back; `Runtime` is what workers say anew after every start. Every container is ordered: iteration
// order is a decision.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/instant.h"
#include "core/fact.h"
#include "core/ids.h"
#include "core/status.h"
#include "sweep/job.h"
#include "sweep/policy.h"

namespace trawl::core {

/// A stop that was decided for a trial's current attempt.
struct StopOrder {
  StopCause cause{};
  std::string reason;
  friend bool operator==(const StopOrder&, const StopOrder&) = default;
};

struct Trial {
  enum class Phase { kWaiting, kLive, kEnded };
  std::int64_t number{};
  ParameterSet parameters;
  Phase phase = Phase::kWaiting;
  std::int32_t attempt = 0;         // the current or last one; 0 before the first
  std::int32_t lost_count = 0;      // attempts that were lost, and counted
  std::int32_t orphaned_count = 0;  // of these, without their worker
  bool is_successor = false;  // the current attempt was assigned as one, also once it has moved up
  // An attempt was lost as a successor, and nobody knows whether it had begun: it is not counted,
  // and the next ones get slots of their own, so that this happens once.
  bool was_spared = false;
  std::string worker_name;         // of the current attempt
  std::uint64_t incarnation{};     // of that worker when it was given the attempt
  bool is_leased = false;          // as its AttemptAssigned says
  bool running = false;            // the worker has reported its start
  std::optional<AttemptId> after;  // present: waits on its worker until that one has ended
  Instant started;                 // of the current attempt, once running
  std::optional<StopOrder> stop;
  ReportHistory reports;       // the current attempt's, so that a retry starts its intervals anew
  std::optional<double> best;  // of `reports`; absent while all are NaN, and for a failed trial
  Status status = Status::kQueued;
  friend bool operator==(const Trial& a, const Trial& b);
};

struct TrialCounts {
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t canceled = 0;  // by a policy, a limit or a person
  std::int64_t stopped_by_policy = 0;
  std::int64_t ranked = 0;  // ended with at least one value of the primary metric
  friend bool operator==(const TrialCounts&, const TrialCounts&) = default;
};

struct Job {
  JobId id;
  JobSpec spec;
  std::deque<Trial> trials;                      // trials[n] is number n
  std::set<std::int64_t> waiting;                // numbers in Phase::kWaiting
  std::set<std::int64_t> live;                   // numbers in Phase::kLive
  std::map<AttemptId, std::int64_t> successors;  // by the attempt that they wait for
  std::optional<Duration> usual_duration;        // of its attempts, the newest counting most
  bool exhausted = false;                        // no further suggestion
  std::optional<StopOrder> cancel;               // nothing new is started
  std::optional<Instant> started;                // when its first attempt was assigned
  std::optional<std::int64_t> best_trial;
  TrialCounts counts;
  std::string first_failure;  // of the first trial that failed
  friend bool operator==(const Job&, const Job&) = default;

  std::int64_t max_total_trials() const;
  std::int64_t max_concurrent_trials() const;
  /// Live trials that hold a slot, so without the successors.
  std::int64_t slot_count() const {
    return static_cast<std::int64_t>(live.size()) - static_cast<std::int64_t>(successors.size());
  }
  std::string trial_name(std::int64_t number) const;
  Goal goal() const { return spec.sweep ? spec.sweep->objective.goal : Goal::kMinimize; }
};

struct State {
  std::map<JobId, Job> jobs;                      // the unfinished ones
  std::map<std::string, JobId> names;             // of every job, finished or not
  std::map<std::string, std::int64_t> sweeps;     // of these the sweeps -> max_total_trials
  std::map<std::uint64_t, std::uint64_t> spools;  // spool -> last report taken
  std::int64_t job_id_last = 0;
  friend bool operator==(const State&, const State&) = default;
};

struct Worker {
  std::string name;
  Session session;
  bool is_leased = false;
  bool is_silent = false;   // it gets nothing new until it is heard again
  bool is_leaving = false;  // it gets nothing new
  std::uint64_t spool{};
  std::int32_t slot_count{};
  std::set<AttemptId> holds;       // one slot each
  std::set<AttemptId> successors;  // wait here for the slot of one that holds it
  bool has(AttemptId id) const { return holds.contains(id) || successors.contains(id); }
  bool exclusive = false;  // one of `holds` runs alone: nothing is added
  bool is_empty() const { return holds.empty() && successors.empty(); }
  bool is_full() const {
    return exclusive || is_silent || is_leaving ||
           static_cast<std::int64_t>(holds.size()) >= slot_count;
  }
  std::uint64_t orders_sent = 0;
  // Of the last heartbeat. What was sent before its answer has arrived where that has; reports that
  // were durable before it have arrived by the next one.
  Instant beat;
  std::uint64_t orders_before_answer = 0;
  std::uint64_t spooled_before = 0;
  std::optional<std::uint64_t> asked_again;  // for the reports after this one
};

/// A leased worker, connected or not.
struct Lease {
  Instant heard;     // the last time; at the coordinator's start for one that has not come back yet
  Duration wait{};   // unheard for so long, it has ended its attempts
  Instant check_at;  // when it is looked at next; in Runtime::lease_checks too
};

/// A job's or an attempt's limit of time.
struct Deadline {
  Instant at;
  JobId job;
  std::optional<AttemptId> attempt;  // absent: the job's own
  friend auto operator<=>(const Deadline&, const Deadline&) = default;
};

/// Suggestions that are on their way.
struct Asked {
  std::int64_t count{};
  std::int64_t slot_count{};  // free slots kept for them; the others will be successors
};

struct Runtime {
  std::map<WorkerId, Worker> workers;
  std::map<std::string, WorkerId> worker_ids;              // of the connected ones, by name
  std::map<std::string, std::set<AttemptId>> attempts;     // live ones, by their worker's name
  std::map<std::string, Lease> leases;                     // by the worker's name
  std::map<std::string, std::vector<RequestId>> drains;    // not answered yet, by worker's name
  std::set<std::pair<Instant, std::string>> lease_checks;  // of leases, and of some that are over
  std::set<WorkerId> free_workers;                         // those with a free slot
  std::set<JobId> startable;                               // jobs that could use a free slot
  std::map<JobId, Asked> asked;
  std::map<JobId, std::set<AttemptId>> unsucceeded;  // hold a slot that a successor could take over
  std::set<TrialId> lone;  // wait to run alone; those that no longer wait go when they are met
  std::optional<WorkerId> kept;  // gets nothing new, so that it runs empty for one of `lone`
  std::set<Deadline> deadlines;
  std::optional<Instant> timer;  // as last set
};

}  // namespace trawl::core
