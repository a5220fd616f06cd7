#include "core/agent.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "core/lease.h"

namespace trawl::core {
namespace {

// A successor is for slots that come free in milliseconds; another worker may have one sooner.
constexpr Duration kSuccessorPatience = std::chrono::milliseconds(500);
constexpr std::int64_t kPlenty = 8;  // that wait, a slot
// Before a Hello that is not answered is repeated. Longer each time, so that a slow network gets
// its chance: an answer counts only if it is to the last one.
constexpr Duration kHelloWaitMin = std::chrono::seconds(5);
constexpr Duration kHelloWaitMax = std::chrono::seconds(40);
const Outcome kLeavingOutcome{Outcome::Kind::kReturned, 0, "its worker is to leave"};
constexpr const char* kFencedReason =
    "its worker was cut off from the coordinator for longer than its lease";

}  // namespace

std::vector<AgentCommand> Agent::step(const AgentEvent& event) {
  Commands commands;
  // First: what waited while this process could not run may be out of date.
  if (lease_until_ && *lease_until_ <= event.at) fence(event.at, commands);
  std::visit([&](const auto& body) { on(body, event.at, commands); }, event.body);
  set_timer(commands);
  quit_if_done(commands);
  return commands;
}

std::vector<AttemptId> Agent::known() const {
  std::vector<AttemptId> attempts;
  for (const auto& [attempt, running] : running_) attempts.push_back(attempt);
  for (const auto& [attempt, seq] : ended_) attempts.push_back(attempt);
  return attempts;
}

// --- the session and its lease

void Agent::on(const LinkUp&, Instant at, Commands& commands) {
  link_is_up_ = true;
  hello_wait_ = kHelloWaitMin;
  say_hello(at, commands);
}

void Agent::on(const LinkDown&, Instant, Commands&) {
  link_is_up_ = false;
  is_welcome_ = false;
  hello_again_at_.reset();
  beat_at_.reset();
}

// A new session: what is on its way of an older one changes nothing any more.
void Agent::say_hello(Instant at, Commands& commands) {
  ++session_number_;
  is_welcome_ = false;
  orders_ = 0;
  beat_answered_ = {};
  beat_at_.reset();
  hello_sent_ = at;
  hello_again_at_ = at + hello_wait_;
  commands.push_back(
      SayHello{session(),
               {identity_.worker_name, identity_.spool, identity_.slot_count, known(), leaving_}});
}

void Agent::on(const MessageArrived& event, Instant at, Commands& commands) {
  const ToWorker& message = event.message;
  if (!link_is_up_ || message.session != session()) return;
  answered_ = at;
  const bool begins = std::holds_alternative<Welcome>(message.body) ||
                      std::holds_alternative<Refused>(message.body);
  if (is_welcome_ == begins) return;  // repeated, or overtaken by what needs it
  const bool is_order =
      std::holds_alternative<Launch>(message.body) || std::holds_alternative<Stop>(message.body);
  if (is_order) {
    if (message.order != orders_ + 1) return;  // a heartbeat tells of the one that is missing
    ++orders_;
  }
  is_ahead_ = message.order > orders_;
  std::visit([&](const auto& body) { on(body, at, commands); }, message.body);
}

void Agent::on(const Welcome& message, Instant at, Commands& commands) {
  if (message.lease > Duration{} && hello_sent_ + message.lease <= at) {
    say_hello(at, commands);  // its lease is over already
    return;
  }
  is_welcome_ = true;
  hello_again_at_.reset();
  hello_wait_ = kHelloWaitMin;
  lease_ = message.lease;
  fence_grace_ = message.fence_grace;
  renew_lease(hello_sent_, commands);
  if (lease_ > Duration{}) beat_at_ = at + beat_interval(lease_);
  acknowledge(message.committed, commands);
  commands.push_back(Resend{message.committed});
  say_heartbeat(at, commands);
}

void Agent::on(const Refused& message, Instant, Commands& commands) {
  commands.push_back(TellAgent{"the coordinator refuses this worker: " + message.reason});
}

void Agent::on(const HeartbeatSeen& message, Instant, Commands& commands) {
  beat_answered_ = std::max(beat_answered_, message.sent);
  renew_lease(message.sent, commands);
}

void Agent::on(const SendAgain& message, Instant, Commands& commands) {
  commands.push_back(Resend{message.committed});
}

void Agent::on(const HelloAgain&, Instant at, Commands& commands) {
  say_hello(at, commands);
}

void Agent::renew_lease(Instant sent, Commands& commands) {
  if (lease_ == Duration{}) {
    lease_until_.reset();
    commands.push_back(LimitAttempts{});
    return;
  }
  const Instant until = sent + lease_;
  if (lease_until_ && until <= *lease_until_) return;
  lease_until_ = until;
  commands.push_back(LimitAttempts{until + fence_grace_});
}

// The coordinator may count this worker as lost from now on, and start its attempts elsewhere once
// they have had their grace. The limit that LimitAttempts last named stays.
void Agent::fence(Instant at, Commands& commands) {
  const Instant kill_at = *std::exchange(lease_until_, std::nullopt) + fence_grace_;
  const std::deque<Waiting> waiting = std::exchange(waiting_, {});
  std::size_t stopped_count = 0;
  for (auto& [attempt, running] : running_) {
    if (running.waits || running.stopping) continue;
    ++stopped_count;
    running.fenced = true;
    begin_stop(attempt, kill_at, commands);
  }
  if (!running_.empty()) {
    commands.push_back(TellAgent{
        fmt::format("the coordinator has not answered for {:.1f} s: {} attempts that run here are "
                    "ended, and {} that wait are given up, so that they can run elsewhere",
                    std::chrono::duration<double>(lease_).count(), stopped_count, waiting.size())});
  }
  // In this session nothing more may begin.
  is_welcome_ = false;
  beat_at_.reset();
  for (const Waiting& each : waiting) {
    end_unstarted(each, {Outcome::Kind::kFenced, 0, kFencedReason}, commands);
  }
  if (link_is_up_) say_hello(at, commands);
}

// Of the timer.
void Agent::mind_session(Instant at, Commands& commands) {
  if (!link_is_up_) return;
  if (hello_again_at_ && *hello_again_at_ <= at) {
    const bool is_long = hello_wait_ >= kHelloWaitMax;
    hello_wait_ = std::min(hello_wait_ * 2, kHelloWaitMax);
    if (is_long) commands.push_back(Reconnect{});
    say_hello(at, commands);
  }
  if (beat_at_ && *beat_at_ <= at) {
    beat_at_ = at + beat_interval(lease_);
    if (at - answered_ >= silence_max(lease_)) {
      answered_ = at;
      commands.push_back(Reconnect{});
    }
    say_heartbeat(at, commands);
  }
}

void Agent::on(const TroubleChanged&, Instant at, Commands& commands) {
  if (is_welcome_) say_heartbeat(at, commands);
}

void Agent::say_heartbeat(Instant at, Commands& commands) {
  Heartbeat heartbeat;
  heartbeat.sent = at;
  heartbeat.answered = beat_answered_;
  heartbeat.orders = orders_;
  heartbeat.acknowledged = committed_;
  commands.push_back(SayHeartbeat{session(), heartbeat});
}

// --- attempts

void Agent::on(const Launch& message, Instant at, Commands& commands) {
  const AttemptId attempt = message.order.attempt;
  if (running_.contains(attempt) || ended_.contains(attempt)) return;
  if (leaving_) {
    end_unstarted({message, std::nullopt, false}, kLeavingOutcome, commands);
    return;
  }
  running_[attempt].waits = true;
  waiting_.push_back({message, std::nullopt, false});
  std::optional<AttemptId>& after = waiting_.back().launch.after;
  for (auto moved = after ? unstarted_.find(*after) : unstarted_.end(); moved != unstarted_.end();
       moved = after ? unstarted_.find(*after) : unstarted_.end()) {
    after = moved->second;
  }
  if (after) waiting_.back().return_at = at + kSuccessorPatience;
  start_waiting(commands);
}

void Agent::on(const Acknowledge& message, Instant, Commands& commands) {
  if (!is_ahead_) acknowledge(message.committed, commands);
}

void Agent::on(const Leave&, Instant at, Commands& commands) {
  if (std::exchange(leaving_, true)) return;
  for (const Waiting& each : std::exchange(waiting_, {})) {
    end_unstarted(each, kLeavingOutcome, commands);
  }
  say_hello(at, commands);
}

void Agent::on(const Spawned& event, Instant, Commands& commands) {
  const auto found = running_.find(event.attempt);
  if (found == running_.end()) return;
  found->second.spawned = true;
  commands.push_back(Append{AttemptStarted{event.attempt, event.pid, event.folder}, false});
  const bool in_grace = found->second.kill_at.has_value();
  if (found->second.stopping) commands.push_back(Signal{event.attempt, !in_grace});
}

// Its start may have been told, and may have been lost with the earlier life; a second one changes
// nothing.
void Agent::on(const Adopted& event, Instant, Commands& commands) {
  if (ended_.contains(event.attempt)) return;
  running_[event.attempt].spawned = true;
  if (event.pid == 0) return;
  commands.push_back(Append{AttemptStarted{event.attempt, event.pid, event.folder}, false});
}

void Agent::on(const ProcessesGone& event, Instant, Commands& commands) {
  const auto found = running_.find(event.attempt);
  if (found == running_.end()) return;
  Outcome outcome = event.outcome;
  if (found->second.fenced) {  // whatever it said in answer to that
    outcome.kind = Outcome::Kind::kFenced;
    outcome.code = 0;
    outcome.detail = kFencedReason;
  }
  running_.erase(found);
  ended_.emplace(event.attempt, 0);
  // Where more wait here than can run soon, the coordinator has nothing to start yet.
  const bool has_plenty = static_cast<std::int64_t>(waiting_.size()) >=
                          kPlenty * std::max<std::int64_t>(busy_slot_count(), 1);
  commands.push_back(Append{AttemptEnded{event.attempt, std::move(outcome)}, !has_plenty});
  start_waiting(commands);
}

std::int64_t Agent::busy_slot_count() const {
  return static_cast<std::int64_t>(running_.size()) - static_cast<std::int64_t>(waiting_.size());
}

// The number of slots is kept here too: a launch that was lost and repeated must not meet its own
// successor in its slot.
void Agent::start_waiting(Commands& commands) {
  for (auto next = waiting_.begin();
       next != waiting_.end() && busy_slot_count() < identity_.slot_count;) {
    const Launch& launch = next->launch;
    if (launch.after && running_.contains(*launch.after)) {
      ++next;
      continue;
    }
    running_.at(launch.order.attempt).waits = false;
    commands.push_back(Spawn{launch.order});
    next = waiting_.erase(next);
  }
  prepare_next(commands);
}

// Those that follow one which has its slot. They stand at the front but for those that follow them.
void Agent::prepare_next(Commands& commands) {
  std::int64_t left = busy_slot_count();
  for (auto next = waiting_.begin(); next != waiting_.end() && left > 0; ++next) {
    const auto before = next->launch.after ? running_.find(*next->launch.after) : running_.end();
    if (before == running_.end() || before->second.waits) continue;
    --left;
    if (std::exchange(next->is_prepared, true)) continue;
    commands.push_back(Prepare{next->launch.order});
  }
}

void Agent::on(const EndSpooled& event, Instant, Commands&) {
  // Also for an end that an earlier incarnation put into the spool; and the coordinator's answer
  // may have been faster than this.
  if (event.seq <= committed_) {
    ended_.erase(event.attempt);
    forget_unstarted();
  } else {
    ended_[event.attempt] = event.seq;
  }
}

void Agent::on(const AgentTimerFired&, Instant at, Commands& commands) {
  for (auto& [attempt, running] : running_) {
    if (!running.kill_at || *running.kill_at > at) continue;
    running.kill_at.reset();
    if (running.spawned) commands.push_back(Signal{attempt, true});
  }
  std::vector<AttemptId> returned;
  for (const Waiting& each : waiting_) {
    if (each.return_at && *each.return_at <= at) returned.push_back(each.launch.order.attempt);
  }
  for (const AttemptId& attempt : returned) {
    drop_waiting(attempt, {Outcome::Kind::kReturned, 0, "its slot stayed busy"}, commands);
  }
  timer_.reset();
  mind_session(at, commands);
}

void Agent::set_timer(Commands& commands) {
  std::optional<Instant> next;
  const auto no_later = [&](const std::optional<Instant>& at) {
    if (at && (!next || *at < *next)) next = at;
  };
  for (const auto& [attempt, running] : running_) no_later(running.kill_at);
  for (const Waiting& each : waiting_) no_later(each.return_at);
  no_later(hello_again_at_);
  no_later(beat_at_);
  no_later(lease_until_);
  if (!next || next == timer_) return;
  timer_ = next;
  commands.push_back(SetAgentTimer{*next});
}

void Agent::on(const Stop& message, Instant at, Commands& commands) {
  const auto found = running_.find(message.attempt);
  if (found == running_.end() || found->second.stopping) return;
  if (found->second.waits) {
    drop_waiting(message.attempt, {Outcome::Kind::kUnstarted, 0, "stopped before it was started"},
                 commands);
    return;
  }
  begin_stop(message.attempt, at + message.grace, commands);
}

void Agent::begin_stop(AttemptId attempt, Instant kill_at, Commands& commands) {
  Running& running = running_.at(attempt);
  running.stopping = true;
  running.kill_at = kill_at;
  commands.push_back(Signal{attempt, false});
}

void Agent::drop_waiting(AttemptId attempt, Outcome outcome, Commands& commands) {
  const auto found = std::ranges::find(
      waiting_, attempt, [](const Waiting& each) { return each.launch.order.attempt; });
  const Waiting dropped = std::move(*found);
  waiting_.erase(found);
  for (Waiting& each : waiting_) {
    if (each.launch.after == attempt) each.launch.after = dropped.launch.after;  // moves up
  }
  end_unstarted(dropped, std::move(outcome), commands);
  start_waiting(commands);
}

// It is out of `waiting_` already.
void Agent::end_unstarted(const Waiting& waiting, Outcome outcome, Commands& commands) {
  const AttemptId attempt = waiting.launch.order.attempt;
  if (waiting.is_prepared) commands.push_back(Forget{attempt});
  running_.erase(attempt);
  ended_.emplace(attempt, 0);
  unstarted_.emplace(attempt, waiting.launch.after);
  commands.push_back(Append{AttemptEnded{attempt, std::move(outcome)}});
}

void Agent::acknowledge(std::uint64_t committed, Commands& commands) {
  committed_ = std::max(committed_, committed);
  std::erase_if(ended_,
                [&](const auto& entry) { return entry.second != 0 && entry.second <= committed; });
  forget_unstarted();
  commands.push_back(Discard{committed});
}

// The coordinator knows of their ends, and its later launches name others.
void Agent::forget_unstarted() {
  std::erase_if(unstarted_, [&](const auto& entry) { return !ended_.contains(entry.first); });
}

void Agent::quit_if_done(Commands& commands) {
  if (!leaving_ || !running_.empty() || !ended_.empty()) return;
  if (link_is_up_) commands.push_back(SayGoodbye{session()});
  commands.push_back(Quit{});
}

}  // namespace trawl::core
