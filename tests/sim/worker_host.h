// tests/sim/worker_host.h: the shell of a worker's agent: a spool that survives crashes, processes
// that do not, timers, and a link. A report becomes durable some time after it was appended, and
// only then has its process seen it accepted.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
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
  /// The worker and everything that it runs is gone; it starts again some time later.
  void crash();
  void link_came_up();
  void link_went_down();
  void receive(const core::ToWorker& message);
  void tell_to_leave();

  bool is_up() const { return agent_.has_value(); }
  bool has_quit() const { return has_quit_; }
  const std::string& name() const { return name_; }
  std::size_t spooled_count() const { return spool_.size() + pending_.size(); }

 private:
  struct Process {
    ProcessPlan plan;
    std::uint64_t number{};  // of this host's processes
    bool ending = false;     // a signal has taken effect
  };

  void step(const decltype(core::AgentEvent::body)& event);
  void act(const core::AgentCommand& command);
  void act(const core::SayHello& command);
  void act(const core::Spawn& command);
  void act(const core::Prepare& command);
  void act(const core::Forget& command);
  void act(const core::Signal& command);
  void act(const core::Append& command);
  void act(const core::Discard& command);
  void act(const core::Resend& command);
  void act(const core::SetAgentTimer& command);
  void act(const core::Quit& command);
  void act(const core::SayHeartbeat& command);
  void act(const core::LimitAttempts& command);
  void act(const core::Reconnect& command);
  void act(const core::TellAgent& command);

  void begin_process(const core::LaunchOrder& order);
  void end_process(core::AttemptId attempt, std::uint64_t number, const core::Outcome& outcome);
  void log(core::AttemptId attempt, const Record& record);
  void append(const core::ReportBody& body);
  void flush();
  void make_durable(const core::ReportBody& body);
  Process* find(core::AttemptId attempt, std::uint64_t number);
  /// Runs `what` later, unless the worker has died meanwhile.
  template <class What>
  void later(Duration delay, What what);

  World& world_;
  std::uint64_t seed_;
  Chance chance_;
  std::size_t index_;
  std::string name_;

  std::uint64_t life_ = 0;  // the incarnation
  std::optional<core::Agent> agent_;
  std::map<core::AttemptId, Process> processes_;
  std::set<core::AttemptId> prepared_;  // and neither spawned nor forgotten yet
  std::uint64_t process_count_ = 0;
  std::uint64_t timer_count_ = 0;
  bool has_quit_ = false;

  std::deque<core::Report> spool_;        // durable, not yet discarded
  std::uint64_t last_seq_ = 0;            // durable
  std::deque<core::ReportBody> pending_;  // appended, not yet durable
  bool flushing_ = false;
};

}  // namespace trawl::sim
