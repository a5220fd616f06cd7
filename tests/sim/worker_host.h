// tests/sim/worker_host.h: the shell of a worker's agent: a spool that survives crashes, processes
// with keepers above them, timers, and a link. A report becomes durable some time after it was
// appended, and only then has its process seen it accepted; a process that is not answered waits
// and tries again.
//
// What belongs to the worker's process stands still while that is frozen and is gone when it
// crashes; its trials' processes and what their keepers know go on, and the next life takes them
// over. Its clock is its own: it starts anywhere and runs a little faster or slower than others.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/agent.h"
#include "tests/sim/chance.h"
#include "tests/sim/process.h"

namespace trawl::sim {

struct World;

class WorkerHost {
 public:
  WorkerHost(World& world, std::uint64_t seed, std::size_t index);

  void start();
  /// The machine goes down, with everything that runs on it, and comes back some time later.
  void crash();
  /// The worker's process alone.
  void crash_agent();
  void freeze(Duration length);
  /// Nothing becomes durable meanwhile.
  void stall_disk(Duration length);

  void link_came_up();
  void link_went_down();
  void receive(const core::ToWorker& message);
  void tell_to_leave();

  bool is_up() const { return agent_.has_value(); }
  /// Up, welcome, and with nothing that runs or is to be reported.
  bool is_done() const;
  bool has_quit() const { return has_quit_; }
  const std::string& name() const { return name_; }
  std::size_t spooled_count() const { return spool_.size() + pending_.size(); }

 private:
  struct Process {
    ProcessPlan plan;
    std::uint64_t number{};         // of this host's processes
    bool is_told = false;           // that it has started: it can be signalled
    bool ending = false;            // a signal has taken effect
    std::deque<Record> unanswered;  // what it wants to log, in order
  };

  void step(const decltype(core::AgentEvent::body)& event);
  void act(const core::AgentCommand& command);
  void act(const core::SayHello& command);
  void act(const core::SayHeartbeat& command);
  void act(const core::Spawn& command);
  void act(const core::Prepare& command);
  void act(const core::Forget& command);
  void act(const core::Signal& command);
  void act(const core::Append& command);
  void act(const core::Discard& command);
  void act(const core::Resend& command);
  void act(const core::SetAgentTimer& command);
  void act(const core::LimitAttempts& command);
  void act(const core::Reconnect& command);
  void act(const core::TellAgent& command);
  void act(const core::Quit& command);
  void act(const core::SayGoodbye& command);

  Instant local_now() const;
  void begin_process(const core::LaunchOrder& order);
  void end_process(core::AttemptId attempt, std::uint64_t number, core::Outcome outcome);
  void end_when_answered(core::AttemptId attempt, std::uint64_t number);
  void kill_all(core::Outcome::Kind kind, const std::string& why);
  void tell_end(core::AttemptId attempt);
  void take_over();
  void log(core::AttemptId attempt, std::uint64_t number, const Record& record);
  void answer(core::AttemptId attempt);
  void send(const core::Report& report);
  void append(const core::ReportBody& body);
  void flush();
  void make_durable(const core::ReportBody& body);
  void die();
  void come_back();
  void thaw();
  Process* find(core::AttemptId attempt, std::uint64_t number);
  /// Of the worker's process: runs `what` later, once it is not frozen, unless it has died.
  template <class What>
  void later(Duration delay, What what);
  /// Runs it now, or when the worker's process is no longer frozen.
  void when_thawed(std::function<void()> what);

  World& world_;
  std::uint64_t seed_;
  Chance chance_;
  std::size_t index_;
  std::string name_;
  Instant clock_start_;
  double clock_rate_ = 1;

  std::uint64_t life_ = 0;  // the incarnation
  std::optional<core::Agent> agent_;
  std::set<core::AttemptId> prepared_;        // and neither spawned nor forgotten yet
  std::map<core::AttemptId, bool> starting_;  // -> it is to start
  std::uint64_t timer_count_ = 0;
  bool has_quit_ = false;
  bool is_frozen_ = false;
  std::uint64_t freeze_count_ = 0;
  std::deque<std::function<void()>> held_;  // until it is thawed

  // The keepers'.
  std::map<core::AttemptId, Process> processes_;
  std::map<core::AttemptId, core::Outcome> untold_ends_;
  std::uint64_t process_count_ = 0;
  std::optional<Instant> limit_;  // by this worker's clock; processes do not live longer

  // The disk's.
  std::deque<core::Report> spool_;        // durable, not yet discarded
  std::uint64_t last_seq_ = 0;            // durable
  std::deque<core::ReportBody> pending_;  // appended, not yet durable; in memory
  bool flushing_ = false;
  Instant stalled_until_;
};

}  // namespace trawl::sim
