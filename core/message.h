// core/message.h: what a coordinator and a worker say to each other. Plain values; protocol/codec
// turns them into bytes. Append only: fields to the end, kinds to the end of their variant.
//
// A network may lose, repeat, delay and reorder messages. So every message names its session: one
// Hello and what follows it; a message of another session is out of date and changes nothing. A
// report carries a number of the worker's spool and stays there until the coordinator has
// acknowledged it as committed. A launch or a stop carries the number of an order, and orders are
// taken in their order or not at all. Heartbeats say how far both have come; where one has been
// lost, reports are sent again, and a new Hello repeats the launches whose attempts it does not
// know and the stops of those that it does.
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
    kReturned,   // it waited too long for its slot, or its worker leaves; never started
    kOrphaned,   // its keeper is gone and its worker is not; `detail` says more
    kFenced,     // its worker was cut off for longer than its lease, and ended it
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

/// One Hello and what follows it, in both directions. A later one supersedes an earlier one of the
/// same spool.
struct Session {
  std::uint64_t incarnation{};  // of the worker's process; grows with every start on its spool
  std::uint64_t number{};       // of this process's Hellos, from 1
  friend auto operator<=>(const Session&, const Session&) = default;
};

// --- from the worker

struct Hello {
  std::string worker_name;
  std::uint64_t spool{};  // names the spool that numbers the reports
  std::int32_t slot_count{};
  std::vector<AttemptId> known;  // running here, or ended with the report not yet acknowledged
  bool is_leaving = false;       // it takes nothing new, and ends once nothing runs on it
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

/// Says that the worker lives, which renews its lease, and how far it has come.
struct Heartbeat {
  std::string trouble;      // what keeps the worker from working, in words; "" for nothing
  Instant sent;             // by the worker's own clock; its answer says it again
  Instant answered;         // the newest `sent` of this session that was answered; 0: none
  std::uint64_t orders{};   // taken in this session
  std::uint64_t spooled{};  // the last durable report
  std::uint64_t acknowledged{};  // the last of them that was acknowledged
  friend bool operator==(const Heartbeat&, const Heartbeat&) = default;
};

/// The worker ends now; nothing of it is left.
struct Goodbye {
  friend bool operator==(const Goodbye&, const Goodbye&) = default;
};

using FromWorkerBody = std::variant<Hello, Report, Heartbeat, Goodbye>;

struct FromWorker {
  Session session;
  FromWorkerBody body;
  friend bool operator==(const FromWorker&, const FromWorker&) = default;
};

// --- to the worker

/// Answers a Hello: reports up to `committed` are on the coordinator's disk; send the rest again.
struct Welcome {
  std::uint64_t committed{};
  std::uint64_t store{};  // names the coordinator's store: a spool belongs to one
  // From the moment at which the worker sent what is answered, it may run trials for so long
  // without a further answer; then it ends them. 0: for ever.
  Duration lease{};
  Duration fence_grace{};  // between SIGTERM and SIGKILL when it ends them
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

/// The worker takes nothing new, gives back what waits there, and ends once nothing runs on it. It
/// says so in a new Hello.
struct Leave {
  friend bool operator==(const Leave&, const Leave&) = default;
};

/// Answers a Heartbeat: the lease begins anew at `sent`.
struct HeartbeatSeen {
  Instant sent;
  friend bool operator==(const HeartbeatSeen&, const HeartbeatSeen&) = default;
};

/// Reports after `committed` were lost on their way: send them again.
struct SendAgain {
  std::uint64_t committed{};
  friend bool operator==(const SendAgain&, const SendAgain&) = default;
};

/// Orders were lost on their way: begin a new session.
struct HelloAgain {
  friend bool operator==(const HelloAgain&, const HelloAgain&) = default;
};

/// Answers a Hello that cannot be welcomed; the worker tries again later.
struct Refused {
  std::string reason;  // for people
  friend bool operator==(const Refused&, const Refused&) = default;
};

using ToWorkerBody = std::variant<Welcome, Launch, Stop, Acknowledge, Leave, HeartbeatSeen,
                                  SendAgain, HelloAgain, Refused>;

struct ToWorker {
  Session session;
  // A Launch or a Stop: its own number, 1, 2, ... in its session. Others: of the last one before
  // them; what acknowledges is taken after it, since it may make the worker forget what that names.
  std::uint64_t order{};
  ToWorkerBody body;
  friend bool operator==(const ToWorker&, const ToWorker&) = default;
};

}  // namespace trawl::core
