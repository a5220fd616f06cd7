#include "tests/sim/worker_host.h"

#include <csignal>

#include <fmt/format.h>

#include "tests/sim/world.h"
#include "tests/stories/print.h"

namespace trawl::sim {

WorkerHost::WorkerHost(World& world, std::uint64_t seed, std::size_t index)
    : world_(world),
      seed_(seed),
      chance_(seed, Purpose::kWorker, index),
      index_(index),
      name_(fmt::format("w{}", index)) {}

template <class What>
void WorkerHost::later(Duration delay, What what) {
  world_.timeline.after(delay, [this, life = life_, what] {
    if (is_up() && life_ == life) what();
  });
}

void WorkerHost::start() {
  ++life_;
  const std::int64_t slots = chance_.between(1, world_.profile.slot_count_max);
  world_.trace.line(world_.timeline.now(), name_,
                    fmt::format("starts, incarnation {}, {} slots", life_, slots));
  world_.checks.worker_started(index_, life_, slots);
  agent_.emplace(core::AgentIdentity{name_, life_, index_ + 1, static_cast<std::int32_t>(slots)});
  for (const core::Report& report : std::deque<core::Report>(spool_)) {
    const auto* ended = std::get_if<core::AttemptEnded>(&report.body);
    if (ended != nullptr) step(core::EndSpooled{ended->attempt, report.seq});
  }
  world_.network.connect(index_);
}

void WorkerHost::crash() {
  if (!is_up()) return;
  world_.trace.line(world_.timeline.now(), name_, "crashes");
  for (const auto& [attempt, process] : processes_) world_.checks.process_ended(attempt);
  processes_.clear();
  prepared_.clear();
  agent_.reset();
  pending_.clear();
  flushing_ = false;
  world_.network.hang_up(index_);
  const Duration down = chance_.between(Duration{1}, world_.profile.worker_down_max);
  world_.timeline.after(down, [this] { start(); });
}

void WorkerHost::link_came_up() {
  step(core::LinkUp{});
}

void WorkerHost::link_went_down() {
  step(core::LinkDown{});
}

void WorkerHost::receive(const core::ToWorker& message) {
  world_.trace.line(world_.timeline.now(), name_, "gets " + core::to_text(message));
  if (const auto* stop = std::get_if<core::Stop>(&message.body)) {
    world_.checks.stop_arrived(stop->attempt, stop->grace);
  }
  step(core::MessageArrived{message});
}

void WorkerHost::tell_to_leave() {
  receive({agent_->session(), 0, core::Leave{}});
}

void WorkerHost::step(const decltype(core::AgentEvent::body)& event) {
  const std::vector<core::AgentCommand> commands = agent_->step({world_.timeline.now(), event});
  for (const core::AgentCommand& command : commands) {
    std::visit([this](const auto& kind) { act(kind); }, command);
  }
}

void WorkerHost::act(const core::SayHello& command) {
  world_.network.send_to_coordinator(index_, {command.session, command.hello});
}

void WorkerHost::act(const core::SayHeartbeat& command) {
  core::Heartbeat heartbeat = command.heartbeat;
  heartbeat.spooled = last_seq_;
  world_.network.send_to_coordinator(index_, {command.session, heartbeat});
}

void WorkerHost::act(const core::LimitAttempts&) {}

void WorkerHost::act(const core::Reconnect&) {
  world_.network.break_link(index_);
}

void WorkerHost::act(const core::TellAgent& command) {
  world_.trace.line(world_.timeline.now(), name_, command.sentence);
}

void WorkerHost::act(const core::Prepare& command) {
  world_.checks.prepared(command.order.attempt, prepared_.insert(command.order.attempt).second);
}

void WorkerHost::act(const core::Forget& command) {
  world_.checks.forgotten(command.attempt, prepared_.erase(command.attempt) == 1);
}

void WorkerHost::act(const core::Spawn& command) {
  prepared_.erase(command.order.attempt);
  world_.checks.spawn_ordered(command.order.attempt);
  const Duration delay = chance_.between(Duration{0}, world_.profile.spawn_delay_max);
  later(delay, [this, order = command.order] { begin_process(order); });
}

void WorkerHost::begin_process(const core::LaunchOrder& order) {
  const core::AttemptId attempt = order.attempt;
  const std::uint64_t number = ++process_count_;
  const ProcessPlan plan = plan_process(seed_, world_.profile, order);
  if (!plan.starts) {
    step(core::ProcessesGone{attempt, plan.outcome});
    return;
  }
  world_.trace.line(world_.timeline.now(), name_, "process begins: " + to_string(attempt));
  world_.checks.process_began(attempt, index_);
  processes_.emplace(attempt, Process{plan, number, false});
  // The endpoint may take a metric before the agent has heard of the start, never an end.
  const Duration heard = chance_.between(Duration{0}, kKernelDelayMax);
  later(heard, [this, attempt, number] {
    step(core::Spawned{attempt, static_cast<std::int32_t>(number), "/folder"});
  });
  for (const LoggedAt& logged : plan.logged) {
    later(logged.after, [this, attempt, number, record = logged.record] {
      if (find(attempt, number) != nullptr) log(attempt, record);
    });
  }
  later(heard + plan.run_time, [this, attempt, number, outcome = plan.outcome] {
    const Process* process = find(attempt, number);
    if (process != nullptr && !process->ending) end_process(attempt, number, outcome);
  });
}

void WorkerHost::act(const core::Signal& command) {
  const auto found = processes_.find(command.attempt);
  world_.trace.line(
      world_.timeline.now(), name_,
      fmt::format("{} {}", command.kill ? "kills" : "asks to end:", to_string(command.attempt)));
  if (found == processes_.end()) return;  // not started yet, or gone
  Process& process = found->second;
  if (!command.kill && process.plan.ignores_sigterm) return;
  process.ending = process.ending || command.kill;
  const Duration kernel = chance_.between(Duration{0}, kKernelDelayMax);
  const Duration delay = command.kill ? kernel : process.plan.sigterm_delay;
  const core::Outcome outcome{core::Outcome::Kind::kSignalled, command.kill ? SIGKILL : SIGTERM,
                              ""};
  later(delay, [this, attempt = command.attempt, number = process.number, outcome] {
    end_process(attempt, number, outcome);
  });
}

void WorkerHost::end_process(core::AttemptId attempt, std::uint64_t number,
                             const core::Outcome& outcome) {
  if (find(attempt, number) == nullptr) return;
  world_.trace.line(world_.timeline.now(), name_,
                    fmt::format("process ends: {} {}", to_string(attempt), core::to_text(outcome)));
  processes_.erase(attempt);
  world_.checks.process_ended(attempt);
  // Its last metric, if it is still on its way to the spool, is there before its end.
  later(kKernelDelayMax, [this, attempt, outcome] { step(core::ProcessesGone{attempt, outcome}); });
}

WorkerHost::Process* WorkerHost::find(core::AttemptId attempt, std::uint64_t number) {
  const auto found = processes_.find(attempt);
  const bool same = found != processes_.end() && found->second.number == number;
  return same ? &found->second : nullptr;
}

void WorkerHost::log(core::AttemptId attempt, const Record& record) {
  if (!pending_.empty() && chance_.one_in(2)) {  // one write for several requests
    auto* last = std::get_if<core::AttemptLogged>(&pending_.back());
    if (last != nullptr && last->attempt == attempt) {
      last->records.push_back(record);
      return;
    }
  }
  append(core::AttemptLogged{attempt, {record}});
}

void WorkerHost::act(const core::Append& command) {
  append(command.body);
}

void WorkerHost::append(const core::ReportBody& body) {
  pending_.push_back(body);
  if (!flushing_) flush();
}

// One write at a time, of everything that waits when it ends.
void WorkerHost::flush() {
  flushing_ = true;
  const Duration delay = chance_.between(Duration{0}, world_.profile.spool_delay_max);
  later(delay, [this] {
    flushing_ = false;
    while (!pending_.empty()) {
      const core::ReportBody body = std::move(pending_.front());
      pending_.pop_front();
      make_durable(body);
    }
  });
}

void WorkerHost::make_durable(const core::ReportBody& body) {
  const core::Report report{++last_seq_, body};
  spool_.push_back(report);
  world_.trace.line(world_.timeline.now(), name_, "spools " + core::to_text(report));
  if (const auto* logged = std::get_if<core::AttemptLogged>(&body)) {
    world_.checks.records_accepted(logged->attempt, logged->records);
  }
  if (agent_->is_welcome()) {
    world_.network.send_to_coordinator(index_, {agent_->session(), report});
  }
  if (const auto* ended = std::get_if<core::AttemptEnded>(&body)) {
    world_.checks.end_spooled(ended->attempt);
    const core::EndSpooled event{ended->attempt, report.seq};
    // The agent may hear of it after the coordinator's answer.
    const bool late = chance_.one_in(4);
    const Duration delay = late ? 4 * world_.profile.link_delay_max : Duration{0};
    later(delay, [this, event] { step(event); });
  }
}

void WorkerHost::act(const core::Discard& command) {
  while (!spool_.empty() && spool_.front().seq <= command.committed) spool_.pop_front();
}

void WorkerHost::act(const core::Resend& command) {
  for (const core::Report& report : spool_) {
    if (report.seq <= command.committed) continue;
    world_.network.send_to_coordinator(index_, {agent_->session(), report});
  }
}

void WorkerHost::act(const core::SetAgentTimer& command) {
  const std::uint64_t timer = ++timer_count_;
  later(command.at - world_.timeline.now(), [this, timer] {
    if (timer_count_ == timer) step(core::AgentTimerFired{});
  });
}

void WorkerHost::act(const core::Quit&) {
  has_quit_ = true;
}

}  // namespace trawl::sim
