#include "core/agent.h"

#include <algorithm>
#include <utility>

namespace trawl::core {
namespace {

// A successor is for slots that come free in milliseconds; another worker may have one sooner.
constexpr Duration kSuccessorPatience = std::chrono::milliseconds(500);
constexpr std::int64_t kPlenty = 8;  // that wait, a slot

}  // namespace

std::vector<AgentCommand> Agent::step(const AgentEvent& event) {
  Commands commands;
  std::visit([&](const auto& body) { on(body, event.at, commands); }, event.body);
  quit_if_done(commands);
  return commands;
}

std::vector<AttemptId> Agent::known() const {
  std::vector<AttemptId> attempts;
  for (const auto& [attempt, running] : running_) attempts.push_back(attempt);
  for (const auto& [attempt, seq] : ended_) attempts.push_back(attempt);
  return attempts;
}

void Agent::on(const LinkUp&, Instant, Commands& commands) {
  commands.push_back(SayHello{{identity_.worker_name, identity_.incarnation, identity_.spool,
                               identity_.slot_count, known()}});
}

void Agent::on(const MessageArrived& event, Instant at, Commands& commands) {
  if (const auto* launch = std::get_if<Launch>(&event.message)) {
    const AttemptId attempt = launch->order.attempt;
    if (leaving_ || running_.contains(attempt) || ended_.contains(attempt)) return;
    running_[attempt].waits = true;
    waiting_.push_back({*launch, std::nullopt, false});
    std::optional<AttemptId>& after = waiting_.back().launch.after;
    for (auto moved = after ? unstarted_.find(*after) : unstarted_.end(); moved != unstarted_.end();
         moved = after ? unstarted_.find(*after) : unstarted_.end()) {
      after = moved->second;
    }
    if (after) waiting_.back().return_at = at + kSuccessorPatience;
    start_waiting(commands);
    if (running_.at(attempt).waits) set_timer(commands);
  } else if (const auto* stop_message = std::get_if<Stop>(&event.message)) {
    stop(*stop_message, at, commands);
  } else if (const auto* welcome = std::get_if<Welcome>(&event.message)) {
    acknowledge(welcome->committed, commands);
    commands.push_back(Resend{welcome->committed});
  } else if (const auto* acknowledged = std::get_if<Acknowledge>(&event.message)) {
    acknowledge(acknowledged->committed, commands);
  } else if (std::holds_alternative<Leave>(event.message)) {
    leaving_ = true;
  }
}

void Agent::on(const Spawned& event, Instant, Commands& commands) {
  const auto found = running_.find(event.attempt);
  if (found == running_.end()) return;
  found->second.spawned = true;
  commands.push_back(Append{AttemptStarted{event.attempt, event.pid, event.folder}, false});
  const bool in_grace = found->second.kill_at.has_value();
  if (found->second.stopping) commands.push_back(Signal{event.attempt, !in_grace});
}

void Agent::on(const ProcessesGone& event, Instant, Commands& commands) {
  if (running_.erase(event.attempt) == 0) return;
  ended_.emplace(event.attempt, 0);
  // Where more wait here than can run soon, the coordinator has nothing to start yet.
  const bool has_plenty = static_cast<std::int64_t>(waiting_.size()) >=
                          kPlenty * std::max<std::int64_t>(busy_slot_count(), 1);
  commands.push_back(Append{AttemptEnded{event.attempt, event.outcome}, !has_plenty});
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
  set_timer(commands);
}

void Agent::set_timer(Commands& commands) const {
  std::optional<Instant> next;
  const auto no_later = [&](const std::optional<Instant>& at) {
    if (at && (!next || *at < *next)) next = at;
  };
  for (const auto& [attempt, running] : running_) no_later(running.kill_at);
  for (const Waiting& each : waiting_) no_later(each.return_at);
  if (next) commands.push_back(SetAgentTimer{*next});
}

void Agent::stop(const Stop& message, Instant at, Commands& commands) {
  const auto found = running_.find(message.attempt);
  if (found == running_.end() || found->second.stopping) return;
  if (found->second.waits) {
    drop_waiting(message.attempt, {Outcome::Kind::kUnstarted, 0, "stopped before it was started"},
                 commands);
    return;
  }
  found->second.stopping = true;
  found->second.kill_at = at + message.grace;
  commands.push_back(Signal{message.attempt, false});
  set_timer(commands);
}

void Agent::drop_waiting(AttemptId attempt, Outcome outcome, Commands& commands) {
  std::optional<AttemptId> before;
  std::erase_if(waiting_, [&](const Waiting& each) {
    if (each.launch.order.attempt != attempt) return false;
    before = each.launch.after;
    if (each.is_prepared) commands.push_back(Forget{attempt});
    return true;
  });
  for (Waiting& each : waiting_) {
    if (each.launch.after == attempt) each.launch.after = before;  // moves up
  }
  running_.erase(attempt);
  ended_.emplace(attempt, 0);
  unstarted_.emplace(attempt, before);
  commands.push_back(Append{AttemptEnded{attempt, std::move(outcome)}});
  start_waiting(commands);
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
  if (leaving_ && running_.empty() && ended_.empty()) commands.push_back(Quit{});
}

}  // namespace trawl::core
