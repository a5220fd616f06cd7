// core/fact.h: decisions, as they are journalled. Replaying the facts of the unfinished jobs in
// order through Coordinator::apply gives back the state of the last commit. Append only: fields to
// the end, kinds to the end of the variant.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/instant.h"
#include "core/ids.h"
#include "core/message.h"
#include "core/status.h"
#include "sweep/job.h"
#include "sweep/job_update.h"

namespace trawl::core {

struct JobSubmitted {
  JobId job;
  JobSpec spec;
  friend bool operator==(const JobSubmitted&, const JobSubmitted&) = default;
};

struct TrialSuggested {
  TrialId trial;
  ParameterSet parameters;
  friend bool operator==(const TrialSuggested&, const TrialSuggested&) = default;
};

/// The search space has no further trial (a grid ran out).
struct SuggestionsExhausted {
  JobId job;
  friend bool operator==(const SuggestionsExhausted&, const SuggestionsExhausted&) = default;
};

struct AttemptAssigned {
  AttemptId attempt;
  std::string worker_name;
  std::uint64_t incarnation{};
  std::optional<AttemptId> after;  // of the same job and worker: takes over its slot
  bool is_leased = false;          // its worker ends it when it is cut off; core/lease.h says when
  friend bool operator==(const AttemptAssigned&, const AttemptAssigned&) = default;
};

struct AttemptRunning {
  AttemptStarted started;
  friend bool operator==(const AttemptRunning&, const AttemptRunning&) = default;
};

/// What a live attempt logged: rows of tables. Changes nothing in the core.
struct RecordsAccepted {
  AttemptId attempt;
  std::vector<Record> records;
  friend bool operator==(const RecordsAccepted&, const RecordsAccepted&) = default;
};

/// One report of the primary metric.
struct PrimaryReported {
  AttemptId attempt;
  double value{};
  std::int64_t step{};
  bool best_of_trial{};  // better than the attempt's earlier reports
  bool best_of_job{};    // better than every trial's so far
  friend bool operator==(const PrimaryReported& a, const PrimaryReported& b);
};

enum class StopCause { kPolicy, kCancel, kTrialTimeout, kJobTimeout };

struct StopDecided {
  AttemptId attempt;
  StopCause cause{};
  std::string reason;
  friend bool operator==(const StopDecided&, const StopDecided&) = default;
};

struct AttemptFinished {
  AttemptId attempt;
  Outcome outcome;
  friend bool operator==(const AttemptFinished&, const AttemptFinished&) = default;
};

struct TrialEnded {
  TrialId trial;
  Status status{};
  std::string reason;
  friend bool operator==(const TrialEnded&, const TrialEnded&) = default;
};

/// From here on the job starts nothing new.
struct JobCancelRequested {
  JobId job;
  StopCause cause{};
  std::string reason;
  friend bool operator==(const JobCancelRequested&, const JobCancelRequested&) = default;
};

struct JobEnded {
  JobId job;
  Status status{};
  std::string reason;
  friend bool operator==(const JobEnded&, const JobEnded&) = default;
};

/// Reports of `spool` up to `seq` have been taken.
struct ReportsTaken {
  std::uint64_t spool{};
  std::uint64_t seq{};
  friend bool operator==(const ReportsTaken&, const ReportsTaken&) = default;
};

/// May come after JobEnded.
struct JobUpdated {
  JobId job;
  JobUpdate update;
  friend bool operator==(const JobUpdated&, const JobUpdated&) = default;
};

using FactBody =
    std::variant<JobSubmitted, TrialSuggested, SuggestionsExhausted, AttemptAssigned,
                 AttemptRunning, RecordsAccepted, PrimaryReported, StopDecided, AttemptFinished,
                 TrialEnded, JobCancelRequested, JobEnded, ReportsTaken, JobUpdated>;

struct Fact {
  Instant at;
  FactBody body;
  friend bool operator==(const Fact&, const Fact&) = default;
};

}  // namespace trawl::core
