// core/agent.h: the worker agent's state machine: which attempts run here, which are being stopped,
// which have ended and still wait to be acknowledged. Pure, like core/coordinator.h.
//
// The shell's contract: Append puts a report into the spool and, once it is durable, sends it (a
// report's number is its place in the spool); an AttemptEnded that became durable comes back as
// EndSpooled.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "base/instant.h"
#include "core/ids.h"
#include "core/message.h"

namespace trawl::core {

// --- what happens to the agent

/// The link is up (again): say hello.
struct LinkUp {};
struct MessageArrived {
  ToWorker message;
};
struct Spawned {
  AttemptId attempt;
  std::int32_t pid{};
  std::string folder;
};
/// Every process of the attempt is gone, or it could not be started.
struct ProcessesGone {
  AttemptId attempt;
  Outcome outcome;
};
/// The attempt's AttemptEnded is report `seq` of the spool.
struct EndSpooled {
  AttemptId attempt;
  std::uint64_t seq{};
};
struct AgentTimerFired {};

struct AgentEvent {
  Instant at;
  std::variant<LinkUp, MessageArrived, Spawned, ProcessesGone, EndSpooled, AgentTimerFired> body;
};

// --- what its shell must do

struct SayHello {
  Hello hello;
};
struct Spawn {
  LaunchOrder order;
};
/// The attempt is the next of its slot: what can be made ready without delay may be, when nothing
/// else is to do. Spawn or Forget follows.
struct Prepare {
  LaunchOrder order;
};
/// It is not spawned after all.
struct Forget {
  AttemptId attempt;
};
/// Ask the attempt's processes to end (SIGTERM), or end them (SIGKILL). Before Spawned: give up
/// getting it ready, and answer ProcessesGone; where it is too late for that, Spawned is answered
/// with the signal again.
struct Signal {
  AttemptId attempt;
  bool kill{};
};
/// `is_awaited`: the coordinator has something to do about it; others may be a few milliseconds
/// later.
struct Append {
  ReportBody body;
  bool is_awaited = true;
};
/// Reports up to `committed` may leave the spool.
struct Discard {
  std::uint64_t committed{};
};
/// Send every report after `committed` that is in the spool.
struct Resend {
  std::uint64_t committed{};
};
struct SetAgentTimer {
  Instant at;
};
struct Quit {};

using AgentCommand = std::variant<SayHello, Spawn, Signal, Append, Discard, Resend, SetAgentTimer,
                                  Quit, Prepare, Forget>;

struct AgentIdentity {
  std::string worker_name;
  std::uint64_t incarnation{};
  std::uint64_t spool{};
  std::int32_t slot_count{};
};

class Agent {
 public:
  explicit Agent(AgentIdentity identity) : identity_(std::move(identity)) {}

  /// Never fails; stale and repeated messages change nothing.
  std::vector<AgentCommand> step(const AgentEvent& event);

  /// Attempts that run or are being started.
  std::size_t running_count() const { return running_.size(); }
  std::vector<AttemptId> known() const;

 private:
  struct Running {
    bool waits = false;  // in `waiting_`
    bool spawned = false;
    bool stopping = false;
    std::optional<Instant> kill_at;  // present while a stop's grace lasts
  };
  struct Waiting {
    Launch launch;
    std::optional<Instant> return_at;  // of a successor
    bool is_prepared = false;          // Prepare was said
  };
  using Commands = std::vector<AgentCommand>;

  void on(const LinkUp& event, Instant at, Commands& commands);
  void on(const MessageArrived& event, Instant at, Commands& commands);
  void on(const Spawned& event, Instant at, Commands& commands);
  void on(const ProcessesGone& event, Instant at, Commands& commands);
  void on(const EndSpooled& event, Instant at, Commands& commands);
  void on(const AgentTimerFired& event, Instant at, Commands& commands);
  void stop(const Stop& message, Instant at, Commands& commands);
  void start_waiting(Commands& commands);
  void prepare_next(Commands& commands);
  void drop_waiting(AttemptId attempt, Outcome outcome, Commands& commands);
  void set_timer(Commands& commands) const;
  void forget_unstarted();
  std::int64_t busy_slot_count() const;
  void acknowledge(std::uint64_t committed, Commands& commands);
  void quit_if_done(Commands& commands);

  AgentIdentity identity_;
  std::map<AttemptId, Running> running_;
  std::deque<Waiting> waiting_;  // for another attempt's end, or for a slot; in order of arrival
  // What an ended one that never started had waited for: a launch may name it still.
  std::map<AttemptId, std::optional<AttemptId>> unstarted_;
  std::map<AttemptId, std::uint64_t> ended_;  // -> its report; 0 until it is durable
  std::uint64_t committed_ = 0;               // reports up to here are acknowledged
  bool leaving_ = false;
};

}  // namespace trawl::core
