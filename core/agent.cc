#include "core/agent.h"

#include <algorithm>

namespace trawl::core {

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
    running_.emplace(attempt, Running{});
    commands.push_back(Spawn{launch->order});
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
  commands.push_back(Append{AttemptStarted{event.attempt, event.pid, event.folder}});
  const bool in_grace = found->second.kill_at.has_value();
  if (found->second.stopping) commands.push_back(Signal{event.attempt, !in_grace});
}

void Agent::on(const ProcessesGone& event, Instant, Commands& commands) {
  if (running_.erase(event.attempt) == 0) return;
  ended_.emplace(event.attempt, 0);
  commands.push_back(Append{AttemptEnded{event.attempt, event.outcome}});
}

void Agent::on(const EndSpooled& event, Instant, Commands&) {
  // Also for an end that an earlier incarnation put into the spool; and the coordinator's answer
  // may have been faster than this.
  if (event.seq <= committed_) {
    ended_.erase(event.attempt);
  } else {
    ended_[event.attempt] = event.seq;
  }
}

void Agent::on(const AgentTimerFired&, Instant at, Commands& commands) {
  std::optional<Instant> next;
  for (auto& [attempt, running] : running_) {
    if (!running.kill_at) continue;
    if (*running.kill_at <= at) {
      running.kill_at.reset();
      if (running.spawned) commands.push_back(Signal{attempt, true});
    } else if (!next || *running.kill_at < *next) {
      next = running.kill_at;
    }
  }
  if (next) commands.push_back(SetAgentTimer{*next});
}

void Agent::stop(const Stop& message, Instant at, Commands& commands) {
  const auto found = running_.find(message.attempt);
  if (found == running_.end() || found->second.stopping) return;
  found->second.stopping = true;
  found->second.kill_at = at + message.grace;
  if (found->second.spawned) commands.push_back(Signal{message.attempt, false});
  Instant earliest = *found->second.kill_at;
  for (const auto& [attempt, running] : running_) {
    if (running.kill_at) earliest = std::min(earliest, *running.kill_at);
  }
  commands.push_back(SetAgentTimer{earliest});
}

void Agent::acknowledge(std::uint64_t committed, Commands& commands) {
  committed_ = std::max(committed_, committed);
  std::erase_if(ended_,
                [&](const auto& entry) { return entry.second != 0 && entry.second <= committed; });
  commands.push_back(Discard{committed});
}

void Agent::quit_if_done(Commands& commands) {
  if (leaving_ && running_.empty() && ended_.empty()) commands.push_back(Quit{});
}

}  // namespace trawl::core
