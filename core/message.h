// core/message.h: what a coordinator and a worker say to each other. Plain values; protocol/codec
// turns them into bytes. Append only: fields to the end, kinds to the end of their variant.
//
// A link may lose, repeat and delay messages, but keeps their order, and none outlives it: what was
// sent before a Hello never arrives after it. A report therefore carries a number of the worker's
// spool and stays there until the coordinator has acknowledged it as committed; a launch is
// repeated after a Hello that does not know its attempt; a stop is repeated after a Hello that
// does.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/instant.h"
#include "core/ids.h"
#include "sweep/job.h"
#include "sweep/record.h"

namespace trawl::core {

/// How the processes of an attempt ended.
struct Outcome {
  enum class Kind {
    kExited,     // `code` is the exit code
    kSignalled,  // `code` is the signal
    kUnstarted,  // the command could not be started; `detail` says why
    kLost,       // its worker is gone
    kReturned,   // a successor that waited too long for its slot; never started
    kOrphaned,   // its keeper is gone and its worker is not; `detail` says more
  };
  Kind kind{};
  std::int32_t code{};
  std::string detail;  // the last lines that the attempt printed, or why it did not start
  // Of kExited and kSignalled, over all of the attempt's processes:
  Duration cpu{};                  // user and system time
  std::int64_t max_rss_bytes = 0;  // the most memory that one of them had at once
  bool out_of_memory = false;      // the kernel killed one for want of memory
  Duration elapsed{};              // from its start to the end of its last process
  bool of_shell = false;           // a shell ran the command: exit codes 126 and 127 may be its own
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

/// True where nobody saw how the attempt's processes ended.
inline bool is_lost(const Outcome& outcome) {
  return outcome.kind == Outcome::Kind::kLost || outcome.kind == Outcome::Kind::kOrphaned;
}

/// Everything a worker needs to run one attempt; self-contained.
struct LaunchOrder {
  AttemptId attempt;
  std::string job_name;
  std::string trial_name;  // also the MLflow run id: `<sweep>_<number>`, or the command job's name
  std::string display_name;
  std::string experiment_name;
  std::string primary_metric;  // empty for a command job
  bool is_sweep{};
  CommandSpec command;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  ParameterSet parameters;
  friend bool operator==(const LaunchOrder&, const LaunchOrder&) = default;
};

// --- from the worker

struct Hello {
  std::string worker_name;
  std::uint64_t incarnation{};  // new at every start of the worker process
  std::uint64_t spool{};        // names the spool that numbers the reports
  std::int32_t slot_count{};
  std::vector<AttemptId> known;  // running here, or ended with the report not yet acknowledged
  friend bool operator==(const Hello&, const Hello&) = default;
};

struct AttemptStarted {
  AttemptId attempt;
  std::int32_t pid{};  // 0: lost before it could be told
  std::string folder;  // absolute, on the worker
  friend bool operator==(const AttemptStarted&, const AttemptStarted&) = default;
};

struct AttemptLogged {
  AttemptId attempt;
  std::vector<Record> records;  // in the order in which they were accepted
  friend bool operator==(const AttemptLogged&, const AttemptLogged&) = default;
};

struct AttemptEnded {
  AttemptId attempt;
  Outcome outcome;
  friend bool operator==(const AttemptEnded&, const AttemptEnded&) = default;
};

using ReportBody = std::variant<AttemptStarted, AttemptLogged, AttemptEnded>;

struct Report {
  std::uint64_t seq{};  // from 1, consecutive in one spool
  ReportBody body;
  friend bool operator==(const Report&, const Report&) = default;
};

struct Heartbeat {
  std::string trouble;  // what keeps the worker from working, in words; "" for nothing
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

using FromWorker = std::variant<Hello, Report, Heartbeat>;

// --- to the worker

/// Answers a Hello: reports up to `committed` are on the coordinator's disk; send the rest again.
struct Welcome {
  std::uint64_t committed{};
  std::uint64_t store{};  // names the coordinator's store: a spool belongs to one
  friend bool operator==(const Welcome&, const Welcome&) = default;
};

/// With `after`: only when that attempt of the same worker has ended, so that its slot is never
/// empty. An attempt that the worker does not know has ended. If that takes too long, the attempt
/// ends as kReturned.
struct Launch {
  LaunchOrder order;
  std::optional<AttemptId> after;
  friend bool operator==(const Launch&, const Launch&) = default;
};

struct Stop {
  AttemptId attempt;
  Duration grace{};  // between SIGTERM and SIGKILL
  friend bool operator==(const Stop&, const Stop&) = default;
};

struct Acknowledge {
  std::uint64_t committed{};
  friend bool operator==(const Acknowledge&, const Acknowledge&) = default;
};

/// The worker ends once nothing runs on it.
struct Leave {
  friend bool operator==(const Leave&, const Leave&) = default;
};

using ToWorker = std::variant<Welcome, Launch, Stop, Acknowledge, Leave>;

}  // namespace trawl::core
