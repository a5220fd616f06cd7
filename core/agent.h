// core/agent.h: the worker agent's state machine: which attempts run here, which are being stopped,
// which have ended and still wait to be acknowledged, and how long all that may go on without the
// coordinator (core/lease.h). Pure, like core/coordinator.h.
//
// The shell's contract: Append puts a report into the spool and, once it is durable, sends it
// within the present session (a report's number is its place in the spool); an AttemptEnded that
// became durable comes back as EndSpooled. The instants of the events come from a clock that never
// goes back and counts while the machine sleeps; nobody else's clock need agree with it.
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
struct LinkDown {};
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
/// It runs since an earlier life of this worker. Before the first LinkUp.
struct Adopted {
  AttemptId attempt;
  std::int32_t pid{};
  std::string folder;
};
struct AgentTimerFired {};
/// What a heartbeat's `trouble` says has changed.
struct TroubleChanged {};

struct AgentEvent {
  Instant at;
  std::variant<LinkUp, MessageArrived, Spawned, ProcessesGone, EndSpooled, AgentTimerFired,
               LinkDown, TroubleChanged, Adopted>
      body;
};

// --- what its shell must do

struct SayHello {
  Session session;
  Hello hello;
};
/// The shell fills in `trouble` and `spooled`.
struct SayHeartbeat {
  Session session;
  Heartbeat heartbeat;
};
/// The last word.
struct SayGoodbye {
  Session session;
};
/// Whatever happens to this process, no attempt may have a process after `until` (absent: there is
/// no such limit).
struct LimitAttempts {
  std::optional<Instant> until;
};
/// The link seems to be up, and nothing comes: make another one.
struct Reconnect {};
/// For the log.
struct TellAgent {
  std::string sentence;
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
/// Ask the attempt's processes to end (SIGTERM), or end them (SIGKILL). Of one that is still being
/// made ready: it must not start any more, and ProcessesGone answers; where the start has been
/// given to the kernel, Spawned is answered with the signal again.
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

using AgentCommand =
    std::variant<SayHello, Spawn, Signal, Append, Discard, Resend, SetAgentTimer, Quit, Prepare,
                 Forget, SayHeartbeat, LimitAttempts, Reconnect, TellAgent, SayGoodbye>;

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

  /// The coordinator has answered the last Hello: reports may be sent in this session.
  bool is_welcome() const { return is_welcome_; }
  Session session() const { return {identity_.incarnation, session_number_}; }

 private:
  struct Running {
    bool waits = false;  // in `waiting_`
    bool spawned = false;
    bool stopping = false;
    bool fenced = false;             // it is stopped because the lease was over
    std::optional<Instant> kill_at;  // present while a stop's grace lasts
  };
  struct Waiting {
    Launch launch;
    std::optional<Instant> return_at;  // of a successor
    bool is_prepared = false;          // Prepare was said
  };
  using Commands = std::vector<AgentCommand>;

  void on(const LinkUp& event, Instant at, Commands& commands);
  void on(const Adopted& event, Instant at, Commands& commands);
  void on(const LinkDown& event, Instant at, Commands& commands);
  void on(const TroubleChanged& event, Instant at, Commands& commands);
  void on(const MessageArrived& event, Instant at, Commands& commands);
  void on(const Spawned& event, Instant at, Commands& commands);
  void on(const ProcessesGone& event, Instant at, Commands& commands);
  void on(const EndSpooled& event, Instant at, Commands& commands);
  void on(const AgentTimerFired& event, Instant at, Commands& commands);
  void on(const Welcome& message, Instant at, Commands& commands);
  void on(const Launch& message, Instant at, Commands& commands);
  void on(const Stop& message, Instant at, Commands& commands);
  void on(const Acknowledge& message, Instant at, Commands& commands);
  void on(const Leave& message, Instant at, Commands& commands);
  void on(const HeartbeatSeen& message, Instant at, Commands& commands);
  void on(const SendAgain& message, Instant at, Commands& commands);
  void on(const HelloAgain& message, Instant at, Commands& commands);
  void on(const Refused& message, Instant at, Commands& commands);
  void say_hello(Instant at, Commands& commands);
  void mind_session(Instant at, Commands& commands);
  void say_heartbeat(Instant at, Commands& commands);
  void renew_lease(Instant sent, Commands& commands);
  void fence(Instant at, Commands& commands);
  void begin_stop(AttemptId attempt, Instant kill_at, Commands& commands);
  void start_waiting(Commands& commands);
  void prepare_next(Commands& commands);
  void end_unstarted(const Waiting& waiting, Outcome outcome, Commands& commands);
  void drop_waiting(AttemptId attempt, Outcome outcome, Commands& commands);
  void set_timer(Commands& commands);
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
  std::optional<Instant> timer_;  // as last set

  bool link_is_up_ = false;
  std::uint64_t session_number_ = 0;
  bool is_welcome_ = false;
  Instant hello_sent_;
  std::optional<Instant> hello_again_at_;  // while it is not answered
  Duration hello_wait_{};                  // ... which is longer each time
  std::uint64_t orders_ = 0;               // taken in this session
  bool is_ahead_ = false;                  // the message that is read has overtaken an order
  Duration lease_{};                       // 0: there is none
  Duration fence_grace_{};
  std::optional<Instant> lease_until_;  // the present lease; absent: none, or it is over
  std::optional<Instant> beat_at_;
  Instant beat_answered_;  // in this session
  Instant answered_;       // the last time the coordinator was heard in this session
};

}  // namespace trawl::core
