// coordinator/trial_rows.h: what one write changes in the tables trials, attempts, runs and params,
// put together first, so that a trial's row is written once however much has happened to it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/fact.h"
#include "sqlite/statements.h"

namespace trawl::coordinator {

/// What its trials' rows have from their job's.
struct JobRow {
  core::JobId id;
  bool is_sweep{};
  std::string name;
  std::string experiment_id;
  std::string user;

  std::string trial_name(std::int64_t number) const {
    return is_sweep ? name + "_" + std::to_string(number) : name;
  }
};

/// Used by one thread. Keeps references to the facts and the jobs until flush(). Throws
/// SQLite::Exception.
class TrialRows {
 public:
  /// `statements` outlives it.
  explicit TrialRows(sqlite::Statements& statements) : statements_(statements) {}

  void put(const JobRow& job, Instant at, const core::TrialSuggested& fact);
  void put(const JobRow& job, Instant at, const core::AttemptAssigned& fact);
  void put(const JobRow& job, Instant at, const core::AttemptRunning& fact);
  void put(const JobRow& job, Instant at, const core::PrimaryReported& fact);
  void put(const JobRow& job, Instant at, const core::StopDecided& fact);
  void put(const JobRow& job, Instant at, const core::AttemptFinished& fact);
  void put(const JobRow& job, Instant at, const core::TrialEnded& fact);

  /// Writes what was put together, trial by trial in the order of their ids.
  void flush();

  /// Drops it, where a write has failed half way.
  void clear() { changes_.clear(); }

 private:
  /// Null or absent: stays as it is.
  struct AttemptChange {
    std::int32_t attempt{};
    const core::AttemptAssigned* assigned = nullptr;
    const core::AttemptStarted* started = nullptr;
    const core::Outcome* outcome = nullptr;
    Instant assigned_at, started_at, ended_at;
  };
  struct TrialChange {
    const JobRow* job = nullptr;
    const core::TrialSuggested* suggested = nullptr;
    const core::StopDecided* stop = nullptr;
    const core::TrialEnded* ended = nullptr;
    Instant suggested_at, ended_at;
    std::optional<core::Status> status;
    bool status_gives_way = false;        // to a CancelRequested that is there
    std::optional<std::int32_t> attempt;  // a new one: its start, reports and values begin anew
    std::optional<Instant> started;
    std::int64_t report_count = 0;  // to be added
    const core::PrimaryReported* last_report = nullptr;
    std::optional<double> best;
    std::optional<Instant> run_begins;   // with the first attempt
    std::optional<Instant> run_goes_on;  // with a later one
    std::vector<AttemptChange> attempts;
  };

  TrialChange& change(const JobRow& job, core::TrialId trial);
  static AttemptChange& change(TrialChange& trial, std::int32_t attempt);
  void write_trial(core::TrialId id, const std::string& name, const TrialChange& change);
  void write_attempt(core::TrialId id, const AttemptChange& change);
  void write_run(core::TrialId id, const std::string& name, const TrialChange& change);

  sqlite::Statements& statements_;
  std::map<core::TrialId, TrialChange> changes_;
};

/// In MLflow's words, of something that has ended.
const char* run_status(core::Status status);

}  // namespace trawl::coordinator
