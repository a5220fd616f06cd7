#include "tests/sim/worker_host.h"

#include <csignal>

#include <fmt/format.h>

#include "tests/sim/world.h"
#include "tests/stories/print.h"

namespace trawl::sim {
namespace {

constexpr Duration kRetry = std::chrono::milliseconds(100);  // of a process that was not answered

}  // namespace

WorkerHost::WorkerHost(World& world, std::uint64_t seed, std::size_t index)
    : world_(world),
      seed_(seed),
      chance_(seed, Purpose::kWorker, index),
      index_(index),
      name_(fmt::format("w{}", index)) {
  if (!world.profile.is_cluster) return;
  clock_start_ = Instant{chance_.between(0, 1'000'000'000'000)};
  clock_rate_ = 1 + world.profile.clock_skew_max * (2 * chance_.uniform() - 1);
}

Instant WorkerHost::local_now() const {
  const double passed = static_cast<double>(world_.timeline.now().us) * clock_rate_;
  return clock_start_ + Duration{static_cast<std::int64_t>(passed)};
}

template <class What>
void WorkerHost::later(Duration delay, What what) {
  world_.timeline.after(delay, [this, life = life_, what] {
    if (is_up() && life_ == life) when_thawed(what);
  });
}

void WorkerHost::when_thawed(std::function<void()> what) {
  if (is_frozen_) {
    held_.push_back(std::move(what));
  } else {
    what();
  }
}

// --- lives

void WorkerHost::start() {
  ++life_;
  const std::int64_t slots = chance_.between(1, world_.profile.slot_count_max);
  world_.trace.line(world_.timeline.now(), name_,
                    fmt::format("starts, incarnation {}, {} slots", life_, slots));
  world_.checks.worker_started(index_, life_, slots, processes_.size());
  agent_.emplace(core::AgentIdentity{name_, life_, index_ + 1, static_cast<std::int32_t>(slots)});
  for (const core::Report& report : std::deque<core::Report>(spool_)) {
    const auto* ended = std::get_if<core::AttemptEnded>(&report.body);
    if (ended != nullptr) step(core::EndSpooled{ended->attempt, report.seq});
  }
  take_over();
  world_.network.connect(index_);
}

void WorkerHost::take_over() {
  const std::map<core::AttemptId, core::Outcome> ends = untold_ends_;
  for (const auto& [attempt, process] : std::map(processes_)) {
    world_.trace.line(world_.timeline.now(), name_, "takes over " + to_string(attempt));
    processes_.at(attempt).is_told = true;
    step(core::Adopted{attempt, static_cast<std::int32_t>(process.number), "/folder"});
    answer(attempt);
  }
  for (const auto& [attempt, outcome] : ends) {
    world_.trace.line(world_.timeline.now(), name_, "takes over the end of " + to_string(attempt));
    step(core::Adopted{attempt, 0, "/folder"});
    tell_end(attempt);
  }
}

void WorkerHost::die() {
  agent_.reset();
  prepared_.clear();
  starting_.clear();
  held_.clear();
  is_frozen_ = false;
  // Who was not answered asks again.
  for (auto body = pending_.rbegin(); body != pending_.rend(); ++body) {
    const auto* logged = std::get_if<core::AttemptLogged>(&*body);
    const auto process = logged == nullptr ? processes_.end() : processes_.find(logged->attempt);
    if (process == processes_.end()) continue;
    auto& unanswered = process->second.unanswered;
    unanswered.insert(unanswered.begin(), logged->records.begin(), logged->records.end());
  }
  pending_.clear();
  flushing_ = false;
  world_.network.hang_up(index_);
}

void WorkerHost::come_back() {
  const Duration down = chance_.between(Duration{1}, world_.profile.worker_down_max);
  world_.timeline.after(down, [this] { start(); });
}

void WorkerHost::crash() {
  if (!is_up()) return;
  world_.trace.line(world_.timeline.now(), name_, "goes down");
  die();
  for (const auto& [attempt, process] : processes_) world_.checks.process_ended(attempt);
  processes_.clear();
  untold_ends_.clear();
  limit_.reset();
  come_back();
}

void WorkerHost::crash_agent() {
  if (!is_up()) return;
  world_.trace.line(world_.timeline.now(), name_, "its process crashes");
  world_.checks.agent_died(index_);
  die();
  world_.timeline.after(kTakeoverMax, [this, life = life_] {
    if (!is_up() && life_ == life) kill_all(core::Outcome::Kind::kLost, "nobody took it over");
  });
  come_back();
}

void WorkerHost::freeze(Duration length) {
  if (!is_up()) return;
  world_.trace.line(world_.timeline.now(), name_,
                    fmt::format("is frozen for {} s", static_cast<double>(length.count()) / 1e6));
  is_frozen_ = true;
  world_.timeline.after(length, [this, freeze = ++freeze_count_, life = life_] {
    if (is_up() && life_ == life && freeze_count_ == freeze) thaw();
  });
}

void WorkerHost::thaw() {
  world_.trace.line(world_.timeline.now(), name_, "goes on");
  is_frozen_ = false;
  while (!held_.empty() && is_up()) {
    const std::function<void()> what = std::move(held_.front());
    held_.pop_front();
    what();
  }
}

void WorkerHost::stall_disk(Duration length) {
  world_.trace.line(world_.timeline.now(), name_, "its disk takes nothing");
  stalled_until_ = world_.timeline.now() + length;
}

bool WorkerHost::is_done() const {
  return is_up() && !is_frozen_ && agent_->is_welcome() && agent_->known().empty() &&
         spooled_count() == 0 && processes_.empty() && untold_ends_.empty();
}

// --- the link

void WorkerHost::link_came_up() {
  when_thawed([this] { step(core::LinkUp{}); });
}

void WorkerHost::link_went_down() {
  if (is_up()) when_thawed([this] { step(core::LinkDown{}); });
}

void WorkerHost::receive(const core::ToWorker& message) {
  if (!is_up()) return;
  when_thawed([this, message] {
    world_.trace.line(world_.timeline.now(), name_, "gets " + core::to_text(message));
    const bool is_current = message.session == agent_->session() && agent_->is_welcome();
    const auto* stop = std::get_if<core::Stop>(&message.body);
    if (stop != nullptr && is_current) {
      world_.checks.stop_arrived(stop->attempt, stop->grace);
    }
    step(core::MessageArrived{message});
  });
}

void WorkerHost::tell_to_leave() {
  receive({agent_->session(), 0, core::Leave{}});
}

void WorkerHost::act(const core::SayHello& command) {
  world_.network.send_to_coordinator(index_, {command.session, command.hello});
}

void WorkerHost::act(const core::SayHeartbeat& command) {
  core::Heartbeat heartbeat = command.heartbeat;
  heartbeat.spooled = last_seq_;
  world_.network.send_to_coordinator(index_, {command.session, heartbeat});
}

void WorkerHost::act(const core::Reconnect&) {
  world_.trace.line(world_.timeline.now(), name_, "connects again");
  // Its shell hears of the new link later.
  later(Duration{0}, [this] { world_.network.break_link(index_); });
}

void WorkerHost::act(const core::TellAgent& command) {
  world_.trace.line(world_.timeline.now(), name_, command.sentence);
}

// --- the agent

void WorkerHost::step(const decltype(core::AgentEvent::body)& event) {
  const std::vector<core::AgentCommand> commands = agent_->step({local_now(), event});
  for (const core::AgentCommand& command : commands) {
    std::visit([this](const auto& kind) { act(kind); }, command);
  }
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
  starting_[command.order.attempt] = true;
  later(delay, [this, order = command.order] { begin_process(order); });
}

void WorkerHost::act(const core::SetAgentTimer& command) {
  const std::uint64_t timer = ++timer_count_;
  const double left = static_cast<double>((command.at - local_now()).count()) / clock_rate_;
  later(Duration{static_cast<std::int64_t>(left) + 1}, [this, timer] {
    if (timer_count_ == timer) step(core::AgentTimerFired{});
  });
}

void WorkerHost::act(const core::SayGoodbye& command) {
  world_.network.send_to_coordinator(index_, {command.session, core::Goodbye{}});
}

void WorkerHost::act(const core::Quit&) {
  has_quit_ = true;
}

// --- processes and their keepers

void WorkerHost::begin_process(const core::LaunchOrder& order) {
  const core::AttemptId attempt = order.attempt;
  const std::uint64_t number = ++process_count_;
  const ProcessPlan plan = plan_process(seed_, world_.profile, order);
  if (!starting_.extract(attempt).mapped()) {
    step(core::ProcessesGone{attempt, {core::Outcome::Kind::kUnstarted, 0, "stopped"}});
    return;
  }
  if (limit_ && *limit_ <= local_now()) {
    step(core::ProcessesGone{attempt, {core::Outcome::Kind::kFenced, 0, "too late"}});
    return;
  }
  if (!plan.starts) {
    step(core::ProcessesGone{attempt, plan.outcome});
    return;
  }
  world_.trace.line(world_.timeline.now(), name_, "process begins: " + to_string(attempt));
  world_.checks.process_began(attempt, index_);
  processes_.emplace(attempt, Process{plan, number, false, false, {}});
  // The endpoint may take a metric before the agent has heard of the start, never an end.
  const Duration heard = chance_.between(Duration{0}, kKernelDelayMax);
  later(heard, [this, attempt, number] {
    if (Process* process = find(attempt, number)) process->is_told = true;
    step(core::Spawned{attempt, static_cast<std::int32_t>(number), "/folder"});
  });
  for (const LoggedAt& logged : plan.logged) {
    world_.timeline.after(logged.after, [this, attempt, number, record = logged.record] {
      log(attempt, number, record);
    });
  }
  world_.timeline.after(heard + plan.run_time,
                        [this, attempt, number] { end_when_answered(attempt, number); });
}

void WorkerHost::end_when_answered(core::AttemptId attempt, std::uint64_t number) {
  const Process* process = find(attempt, number);
  if (process == nullptr || process->ending) return;
  if (process->unanswered.empty()) {
    end_process(attempt, number, process->plan.outcome);
  } else {
    world_.timeline.after(kRetry, [this, attempt, number] { end_when_answered(attempt, number); });
  }
}

void WorkerHost::act(const core::Signal& command) {
  const auto found = processes_.find(command.attempt);
  world_.trace.line(
      world_.timeline.now(), name_,
      fmt::format("{} {}", command.kill ? "kills" : "asks to end:", to_string(command.attempt)));
  world_.checks.signalled(command.attempt);
  if (const auto starting = starting_.find(command.attempt); starting != starting_.end()) {
    starting->second = false;
  }
  if (found == processes_.end() || !found->second.is_told) return;  // too early, or gone
  Process& process = found->second;
  if (!command.kill && process.plan.ignores_sigterm) return;
  process.ending = process.ending || command.kill;
  const Duration kernel = chance_.between(Duration{0}, kKernelDelayMax);
  const Duration delay = command.kill ? kernel : process.plan.sigterm_delay;
  const core::Outcome outcome{core::Outcome::Kind::kSignalled, command.kill ? SIGKILL : SIGTERM,
                              ""};
  world_.timeline.after(delay, [this, attempt = command.attempt, number = process.number, outcome] {
    end_process(attempt, number, outcome);
  });
}

void WorkerHost::act(const core::LimitAttempts& command) {
  limit_ = command.until;
  if (!limit_) return;
  const double left = static_cast<double>((*limit_ - local_now()).count()) / clock_rate_;
  world_.timeline.after(Duration{static_cast<std::int64_t>(left) + 1}, [this] {
    if (limit_ && *limit_ <= local_now()) {
      kill_all(core::Outcome::Kind::kFenced, "its worker was cut off");
    }
  });
}

void WorkerHost::kill_all(core::Outcome::Kind kind, const std::string& why) {
  for (auto& [attempt, process] : processes_) {
    process.ending = true;
    const core::Outcome outcome{kind, 0, why};
    world_.timeline.after(chance_.between(Duration{0}, kKernelDelayMax),
                          [this, attempt = attempt, number = process.number, outcome] {
                            end_process(attempt, number, outcome);
                          });
  }
}

void WorkerHost::end_process(core::AttemptId attempt, std::uint64_t number, core::Outcome outcome) {
  if (find(attempt, number) == nullptr) return;
  world_.trace.line(world_.timeline.now(), name_,
                    fmt::format("process ends: {} {}", to_string(attempt), core::to_text(outcome)));
  processes_.erase(attempt);
  world_.checks.process_ended(attempt);
  untold_ends_.emplace(attempt, std::move(outcome));
  // Its last metric, if it is still on its way to the spool, is there before its end.
  later(kKernelDelayMax, [this, attempt] { tell_end(attempt); });
}

void WorkerHost::tell_end(core::AttemptId attempt) {
  const auto end = untold_ends_.extract(attempt);
  if (!end.empty()) step(core::ProcessesGone{attempt, end.mapped()});
}

WorkerHost::Process* WorkerHost::find(core::AttemptId attempt, std::uint64_t number) {
  const auto found = processes_.find(attempt);
  const bool same = found != processes_.end() && found->second.number == number;
  return same ? &found->second : nullptr;
}

void WorkerHost::log(core::AttemptId attempt, std::uint64_t number, const Record& record) {
  Process* process = find(attempt, number);
  if (process == nullptr) return;
  process->unanswered.push_back(record);
  if (is_up()) when_thawed([this, attempt] { answer(attempt); });
}

void WorkerHost::answer(core::AttemptId attempt) {
  const auto found = processes_.find(attempt);
  if (found == processes_.end()) return;
  for (const Record& record : std::exchange(found->second.unanswered, {})) {
    auto* last = pending_.empty() ? nullptr : std::get_if<core::AttemptLogged>(&pending_.back());
    const bool shares = last != nullptr && last->attempt == attempt && chance_.one_in(2);
    if (shares) {  // one write for several requests
      last->records.push_back(record);
    } else {
      append(core::AttemptLogged{attempt, {record}});
    }
  }
}

// --- the spool

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
  const Duration stalled = stalled_until_ - world_.timeline.now();
  const Duration delay = chance_.between(Duration{0}, world_.profile.spool_delay_max) +
                         std::max<Duration>(stalled, Duration{0});
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
  if (agent_->is_welcome()) send(report);
  if (const auto* ended = std::get_if<core::AttemptEnded>(&body)) {
    world_.checks.end_spooled(ended->attempt);
    const core::EndSpooled event{ended->attempt, report.seq};
    // The agent may hear of it after the coordinator's answer.
    const bool late = chance_.one_in(4);
    const Duration delay = late ? 4 * world_.profile.link_delay_max : Duration{0};
    later(delay, [this, event] { step(event); });
  }
}

void WorkerHost::send(const core::Report& report) {
  world_.network.send_to_coordinator(index_, {agent_->session(), report});
}

void WorkerHost::act(const core::Discard& command) {
  while (!spool_.empty() && spool_.front().seq <= command.committed) spool_.pop_front();
}

void WorkerHost::act(const core::Resend& command) {
  for (const core::Report& report : spool_) {
    if (report.seq > command.committed) send(report);
  }
}

}  // namespace trawl::sim
