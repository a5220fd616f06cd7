#include "tests/stories/print.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/text.h"

namespace trawl::core {
namespace {

std::string text(JobId id) {
  return "job/" + std::to_string(id.number);
}

std::string text(WorkerId id) {
  return "worker/" + std::to_string(id.number);
}

std::string text(Session session) {
  return fmt::format("session {}.{}", session.incarnation, session.number);
}

std::string text(RequestId id) {
  return "request/" + std::to_string(id.number);
}

std::string with_reason(std::string line, const std::string& reason) {
  if (!reason.empty()) line += ": " + reason;
  return line;
}

// A process may have printed several lines.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', '|');
  return text;
}

std::string_view text(StopCause cause) {
  switch (cause) {
    case StopCause::kPolicy:
      return "policy";
    case StopCause::kCancel:
      return "cancel";
    case StopCause::kTrialTimeout:
      return "trial_timeout";
    case StopCause::kJobTimeout:
      return "timeout";
  }
  return "";
}

std::string text(const JobSpec& spec) {
  if (!spec.sweep) return fmt::format("'{}', a command", spec.name);
  const SweepLimits& limits = spec.sweep->limits;
  std::string line = fmt::format("'{}', a sweep of {} trials, {} at once, policy {}", spec.name,
                                 limits.max_total_trials, limits.max_concurrent_trials,
                                 policy_name(spec.sweep->early_termination));
  if (limits.trial_timeout) {
    line += fmt::format(", trial_timeout {}s", limits.trial_timeout->count() / 1e6);
  }
  if (spec.timeout) line += fmt::format(", timeout {}s", spec.timeout->count() / 1e6);
  return line;
}

std::string after_text(const std::optional<AttemptId>& after) {
  return after ? ", after " + to_string(*after) : "";
}

std::string text(const std::vector<Record>& records) {
  std::string line;
  for (const Record& record : records) {
    const auto* metric = std::get_if<MetricLogged>(&record);
    line += metric == nullptr
                ? std::string(" (another record)")
                : fmt::format(" {}={}@{}", metric->key, python_repr(metric->value), metric->step);
  }
  return line;
}

struct FactText {
  std::string operator()(const JobSubmitted& fact) {
    return fmt::format("JobSubmitted {} {}", text(fact.job), text(fact.spec));
  }
  std::string operator()(const TrialSuggested& fact) {
    return fmt::format("TrialSuggested {} {}", to_string(fact.trial), to_text(fact.parameters));
  }
  std::string operator()(const SuggestionsExhausted& fact) {
    return "SuggestionsExhausted " + text(fact.job);
  }
  std::string operator()(const AttemptAssigned& fact) {
    return fmt::format("AttemptAssigned {} to {}, incarnation {}{}{}", to_string(fact.attempt),
                       fact.worker_name, fact.incarnation, fact.is_leased ? ", leased" : "",
                       after_text(fact.after));
  }
  std::string operator()(const AttemptRunning& fact) {
    return "AttemptRunning " + to_string(fact.started.attempt);
  }
  std::string operator()(const RecordsAccepted& fact) {
    return "RecordsAccepted " + to_string(fact.attempt) + text(fact.records);
  }
  std::string operator()(const PrimaryReported& fact) {
    return fmt::format("PrimaryReported {} {}@{}{}{}", to_string(fact.attempt),
                       python_repr(fact.value), fact.step,
                       fact.best_of_trial ? ", best of the trial" : "",
                       fact.best_of_job ? ", best of the job" : "");
  }
  std::string operator()(const StopDecided& fact) {
    return fmt::format("StopDecided {} by {}: {}", to_string(fact.attempt), text(fact.cause),
                       fact.reason);
  }
  std::string operator()(const AttemptFinished& fact) {
    return fmt::format("AttemptFinished {} {}", to_string(fact.attempt), to_text(fact.outcome));
  }
  std::string operator()(const TrialEnded& fact) {
    return with_reason(
        fmt::format("TrialEnded {} {}", to_string(fact.trial), to_string(fact.status)),
        fact.reason);
  }
  std::string operator()(const JobCancelRequested& fact) {
    return fmt::format("JobCancelRequested {} by {}: {}", text(fact.job), text(fact.cause),
                       fact.reason);
  }
  std::string operator()(const JobEnded& fact) {
    return with_reason(fmt::format("JobEnded {} {}", text(fact.job), to_string(fact.status)),
                       fact.reason);
  }
  std::string operator()(const ReportsTaken& fact) {
    return fmt::format("ReportsTaken spool {} up to {}", fact.spool, fact.seq);
  }
  std::string operator()(const JobUpdated& fact) {
    return fmt::format("JobUpdated {} {}", text(fact.job), merge_patch(fact.update));
  }
};

struct CommandText {
  std::string operator()(const Send& command) {
    return fmt::format("Send {} {}", text(command.worker), to_text(command.message));
  }
  std::string operator()(const Reply& command) {
    return command.answer ? fmt::format("Reply {} '{}'", text(command.request), *command.answer)
                          : fmt::format("Reply {} error: {}", text(command.request),
                                        command.answer.error().message);
  }
  std::string operator()(const Suggest& command) {
    return fmt::format("Suggest {} trials {} to {}", text(command.job), command.first,
                       command.first + command.count - 1);
  }
  std::string operator()(const SetTimer& command) { return "SetTimer " + to_text(command.at); }
  std::string operator()(const DropSnapshot& command) {
    return "DropSnapshot of " + command.shell_environment;
  }
  std::string operator()(const Dismiss& command) { return "Dismiss " + text(command.worker); }
  std::string operator()(const Tell& command) { return "Tell: " + command.sentence; }
};

struct EventText {
  std::string operator()(const SubmitRequested& event) {
    return fmt::format("SubmitRequested {} {}", text(event.request), text(event.spec));
  }
  std::string operator()(const CancelRequested& event) {
    return fmt::format("CancelRequested {} '{}'", text(event.request), event.name);
  }
  std::string operator()(const WorkerJoined& event) {
    return fmt::format("WorkerJoined {} {} {}", text(event.worker), text(event.session),
                       to_text(FromWorkerBody{event.hello}));
  }
  std::string operator()(const WorkerLost& event) { return "WorkerLost " + text(event.worker); }
  std::string operator()(const ReportArrived& event) {
    return fmt::format("ReportArrived {} {} {}", text(event.worker), text(event.session),
                       to_text(FromWorkerBody{event.report}));
  }
  std::string operator()(const Suggested& event) {
    return fmt::format("Suggested {} from {}: {} of {}", text(event.job), event.first,
                       event.suggestions.size(), event.asked_count);
  }
  std::string operator()(const TimerFired&) { return "TimerFired"; }
  std::string operator()(const WorkerLeft& event) {
    return fmt::format("WorkerLeft {} {}", text(event.worker), text(event.session));
  }
  std::string operator()(const DrainRequested& event) {
    return fmt::format("DrainRequested {} '{}'", text(event.request), event.worker_name);
  }
  std::string operator()(const WorkerHeard& event) {
    return fmt::format("WorkerHeard {} {} {}", text(event.worker), text(event.session),
                       to_text(FromWorkerBody{event.heartbeat}));
  }
  std::string operator()(const UpdateRequested& event) {
    return fmt::format("UpdateRequested {} '{}' {}", text(event.request), event.name,
                       merge_patch(event.update));
  }
};

struct MessageText {
  std::string operator()(const Hello& hello) {
    std::string line = fmt::format("Hello {}, spool {}, {} slots", hello.worker_name, hello.spool,
                                   hello.slot_count);
    for (const AttemptId& attempt : hello.known) line += ", knows " + to_string(attempt);
    if (hello.is_leaving) line += ", leaves";
    return line;
  }
  std::string operator()(const Report& report) {
    return fmt::format("report {} {}", report.seq, to_text(report.body));
  }
  std::string operator()(const Heartbeat& message) {
    return fmt::format("Heartbeat of {}, {} orders, spooled up to {}", to_text(message.sent),
                       message.orders, message.spooled);
  }
  std::string operator()(const Goodbye&) { return "Goodbye"; }
  std::string operator()(const Welcome& message) {
    const std::string lease =
        message.lease == Duration{}
            ? ""
            : fmt::format(", lease {}s", static_cast<double>(message.lease.count()) / 1e6);
    return fmt::format("Welcome, committed up to {}{}", message.committed, lease);
  }
  std::string operator()(const Launch& message) {
    return fmt::format("Launch {} '{}' {}{}", to_string(message.order.attempt),
                       message.order.trial_name, to_text(message.order.parameters),
                       after_text(message.after));
  }
  std::string operator()(const Stop& message) {
    return fmt::format("Stop {} grace {}s", to_string(message.attempt),
                       static_cast<double>(message.grace.count()) / 1e6);
  }
  std::string operator()(const Acknowledge& message) {
    return fmt::format("Acknowledge up to {}", message.committed);
  }
  std::string operator()(const Leave&) { return "Leave"; }
  std::string operator()(const HeartbeatSeen& message) {
    return "HeartbeatSeen of " + to_text(message.sent);
  }
  std::string operator()(const SendAgain& message) {
    return fmt::format("SendAgain after {}", message.committed);
  }
  std::string operator()(const HelloAgain&) { return "HelloAgain"; }
  std::string operator()(const Refused& message) { return "Refused: " + message.reason; }
  std::string operator()(const AttemptStarted& body) {
    return fmt::format("AttemptStarted {} pid {}", to_string(body.attempt), body.pid);
  }
  std::string operator()(const AttemptLogged& body) {
    return fmt::format("AttemptLogged {}{}", to_string(body.attempt), text(body.records));
  }
  std::string operator()(const AttemptEnded& body) {
    return fmt::format("AttemptEnded {} {}", to_string(body.attempt), to_text(body.outcome));
  }
};

}  // namespace

std::string to_text(const EventBody& event) {
  return std::visit(EventText{}, event);
}

std::string to_text(const FactBody& fact) {
  return std::visit(FactText{}, fact);
}

std::string to_text(const Command& command) {
  return std::visit(CommandText{}, command);
}

std::string to_text(const ToWorker& message) {
  return std::visit(MessageText{}, message.body);
}

std::string to_text(const FromWorkerBody& message) {
  return std::visit(MessageText{}, message);
}

std::string to_text(const ReportBody& body) {
  return std::visit(MessageText{}, body);
}

std::string to_text(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kExited:
      return with_reason(fmt::format("exited {}", outcome.code), one_line(outcome.detail));
    case Outcome::Kind::kSignalled:
      return with_reason(fmt::format("signalled {}", outcome.code), one_line(outcome.detail));
    case Outcome::Kind::kReturned:
      return with_reason("returned", outcome.detail);
    case Outcome::Kind::kUnstarted:
      return with_reason("unstarted", outcome.detail);
    case Outcome::Kind::kLost:
      return with_reason("lost", outcome.detail);
    case Outcome::Kind::kOrphaned:
      return with_reason("orphaned", outcome.detail);
    case Outcome::Kind::kFenced:
      return with_reason("fenced", outcome.detail);
  }
  return "";
}

std::string to_text(Instant at) {
  return fmt::format("{}s", static_cast<double>(at.us) / 1e6);
}

std::string to_text(const ParameterSet& parameters) {
  std::string line;
  for (const NamedValue& parameter : parameters) {
    if (!line.empty()) line += ' ';
    line += parameter.name + "=" + plain_text(parameter.value);
  }
  return line.empty() ? "no parameters" : line;
}

}  // namespace trawl::core
