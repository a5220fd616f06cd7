// tests/sim/history.h: the run as its committed facts tell it, checked fact by fact with rules
// written anew, so that the core's own bookkeeping is not asked whether it is right: limits, order
// of attempts, ends and reasons, and each policy verdict recomputed from the metric history alone.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/coordinator.h"
#include "core/fact.h"
#include "sweep/policy.h"
#include "tests/sim/trace.h"

namespace trawl::sim {

struct TrialHistory {
  std::int32_t attempt = 0;
  bool live = false;
  std::optional<core::AttemptId> after;  // live, and without a slot until that one has finished
  bool ended = false;
  std::optional<Instant> started;          // of the current attempt
  std::optional<core::StopCause> stopped;  // the current attempt
  ReportHistory reports;                   // of the current attempt
  std::int32_t lost_count = 0;             // of those that had begun, as far as anybody can know
  std::int32_t worker_lost_count = 0;      // of these, with their worker
  bool is_successor = false;               // the current attempt was assigned as one
  bool was_spared = false;                 // a loss was not counted
  std::string worker_name;                 // of the current attempt
};

struct JobHistory {
  JobSpec spec;
  std::deque<TrialHistory> trials;
  std::int64_t slot_count = 0;  // that its live trials hold
  std::optional<Instant> started;
  bool exhausted = false;
  bool canceled = false;
  bool ended = false;
};

class History {
 public:
  History(Trace& trace, const core::CoordinatorOptions& options)
      : trace_(trace), options_(options) {}

  void committed(const core::Fact& fact);

  const std::map<core::JobId, JobHistory>& jobs() const { return jobs_; }
  const JobHistory* find(const std::string& job_name) const;
  std::int64_t unfinished_count() const { return unfinished_count_; }
  /// Assigned, and not finished.
  bool is_live(const core::AttemptId& attempt) const;

 private:
  struct Expected {
    core::AttemptId attempt;
    double value{};
    std::int64_t step{};
  };

  void on(const core::JobSubmitted& fact, Instant at);
  void on(const core::TrialSuggested& fact, Instant at);
  void on(const core::SuggestionsExhausted& fact, Instant at);
  void on(const core::AttemptAssigned& fact, Instant at);
  void on(const core::AttemptRunning& fact, Instant at);
  void on(const core::RecordsAccepted& fact, Instant at);
  void on(const core::PrimaryReported& fact, Instant at);
  void on(const core::StopDecided& fact, Instant at);
  void on(const core::AttemptFinished& fact, Instant at);
  void on(const core::TrialEnded& fact, Instant at);
  void on(const core::JobCancelRequested& fact, Instant at);
  void on(const core::JobEnded& fact, Instant at);
  void on(const core::ReportsTaken& fact, Instant at);
  void on(const core::JobUpdated& fact, Instant at);

  JobHistory* job(core::JobId id);
  TrialHistory* trial(core::TrialId id);
  TrialHistory* live_trial(const core::AttemptId& attempt, const char* what);
  void check_order(core::JobId served);
  void check_successor(const core::AttemptAssigned& fact);
  void check_company(const TrialHistory& placed);
  bool runs_alone(const TrialHistory& trial) const;
  void judge_again(core::JobId id, const core::AttemptId& attempt);
  void require(bool holds, const std::string& what);

  Trace& trace_;
  core::CoordinatorOptions options_;
  std::map<core::JobId, JobHistory> jobs_;
  std::int64_t unfinished_count_ = 0;
  std::map<std::uint64_t, std::uint64_t> spools_;
  std::deque<Expected> expected_reports_;                               // of records just accepted
  std::optional<std::pair<core::AttemptId, std::string>> verdict_due_;  // must be the next fact
};

}  // namespace trawl::sim
