#include "tests/stories/story.h"

#include <algorithm>
#include <cstdlib>
#include <sstream>

#include <fmt/format.h>

#include "base/assert.h"
#include "base/text.h"
#include "core/check.h"
#include "tests/stories/print.h"
#include "tests/stories/replay.h"

namespace trawl::core {
namespace {

constexpr const char* kSeparator = "----";

Duration seconds_of(const std::string& text) {
  return Duration{static_cast<std::int64_t>(std::strtod(text.c_str(), nullptr) * 1e6)};
}

// `1.0.2`: job 1, trial 0, attempt 2.
AttemptId attempt_of(std::string_view text) {
  std::vector<std::int64_t> numbers;
  for (const std::string_view part : split(text, '.')) {
    numbers.push_back(std::strtoll(std::string(part).c_str(), nullptr, 10));
  }
  TRAWL_ASSERT(numbers.size() == 3);
  return {{JobId{numbers[0]}, numbers[1]}, static_cast<std::int32_t>(numbers[2])};
}

// `exit=0`, `signal=9`, with the last line that was printed in `saying`.
Outcome outcome_of(const std::map<std::string, std::string>& named) {
  Outcome outcome;
  if (const auto signal = named.find("signal"); signal != named.end()) {
    outcome.kind = Outcome::Kind::kSignalled;
    outcome.code = std::atoi(signal->second.c_str());
  } else if (const auto code = named.find("exit"); code != named.end()) {
    outcome.code = std::atoi(code->second.c_str());
  }
  if (const auto kind = named.find("as"); kind != named.end()) {
    static const std::map<std::string, Outcome::Kind> kKinds = {
        {"returned", Outcome::Kind::kReturned},
        {"unstarted", Outcome::Kind::kUnstarted},
        {"lost", Outcome::Kind::kLost},
        {"orphaned", Outcome::Kind::kOrphaned},
        {"fenced", Outcome::Kind::kFenced}};
    outcome.kind = kKinds.at(kind->second);
  }
  if (const auto saying = named.find("saying"); saying != named.end()) {
    outcome.detail = saying->second;
  }
  return outcome;
}

// `bandit:0.1`, `median_stopping`, `truncation_selection:20`.
Policy policy_of(const std::string& text) {
  Policy policy;
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  const std::string value = colon == std::string::npos ? "" : text.substr(colon + 1);
  if (name == "bandit") {
    policy.rule = Bandit{std::nullopt, std::strtod(value.c_str(), nullptr)};
  } else if (name == "median_stopping") {
    policy.rule = MedianStopping{};
  } else if (name == "truncation_selection") {
    policy.rule = TruncationSelection{std::atoi(value.c_str())};
  }
  return policy;
}

}  // namespace

Story::Story() : core_(options_) {}

std::string Story::play(const std::string& text) {
  std::string played;
  std::istringstream lines(text);
  std::string line;
  std::string commands;
  bool in_trace = false;
  while (std::getline(lines, line)) {
    if (in_trace) {  // told anew; it ends with an empty line
      in_trace = !line.empty();
      continue;
    }
    played += line + "\n";
    if (line == kSeparator) {
      std::istringstream block(commands);
      std::string trace;
      for (std::string command; std::getline(block, command);) trace += run(command);
      played += (trace.empty() ? "(nothing)\n" : trace) + "\n";
      commands.clear();
      in_trace = true;
    } else if (line.empty() || line.front() == '#') {
      commands.clear();
    } else {
      commands += line + "\n";
    }
  }
  return played;
}

std::string Story::run(const std::string& line) {
  const std::string verb = line.substr(0, line.find(' '));
  const Words words = parse(line);
  if (verb == "at") {
    now_ = Instant{} + seconds_of(words.plain.at(0));
    return "";
  }
  if (verb == "submit") return submit(words);
  if (verb == "join") return join(words);
  if (verb == "heard") return heard(words);
  if (verb == "lost") return step(WorkerLost{WorkerId{words.number("link", 1)}});
  if (verb == "suggested") return suggested(words);
  if (verb == "logged") return logged(words);
  if (verb == "timer") return step(TimerFired{});
  if (verb == "crash") return crash();
  if (verb == "cancel") {
    return step(CancelRequested{RequestId{++request_count_}, words.plain.at(0)});
  }
  if (verb == "started") {
    return report(words, AttemptStarted{attempt_of(words.plain.at(0)), 100, "/work"});
  }
  if (verb == "ended") {
    return report(words, AttemptEnded{attempt_of(words.plain.at(0)), outcome_of(words.named)});
  }
  if (verb == "bound") {
    const JobId job{std::strtoll(words.plain.at(0).c_str(), nullptr, 10)};
    return concurrency_bound(core_.state(), core_.runtime(), job) + "\n";
  }
  return "the story has no command '" + verb + "'\n";
}

Story::Words Story::parse(const std::string& line) {
  Words words;
  std::istringstream in(line);
  std::string word;
  in >> word;  // the verb
  while (in >> word) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos) {
      words.plain.push_back(word);
    } else {
      words.named[word.substr(0, equals)] = word.substr(equals + 1);
    }
  }
  return words;
}

std::string Story::Words::get(const std::string& key, const std::string& otherwise) const {
  const auto found = named.find(key);
  return found == named.end() ? otherwise : found->second;
}

std::int64_t Story::Words::number(const std::string& key, std::int64_t otherwise) const {
  const auto found = named.find(key);
  return found == named.end() ? otherwise : std::strtoll(found->second.c_str(), nullptr, 10);
}

std::string Story::submit(const Words& words) {
  JobSpec spec;
  spec.name = words.plain.at(0);
  spec.command.command = "python train.py";
  if (words.named.contains("timeout")) spec.timeout = seconds_of(words.get("timeout", ""));
  if (words.named.contains("total")) {
    SweepSpec& sweep = spec.sweep.emplace();
    sweep.search_space = {{"x", RandInt{1'000}}};
    sweep.objective = {Goal::kMaximize, "acc"};
    sweep.early_termination = policy_of(words.get("policy", ""));
    sweep.limits.max_total_trials = words.number("total", 1);
    sweep.limits.max_concurrent_trials = words.number("concurrent", 1);
    if (words.named.contains("trial_timeout")) {
      sweep.limits.trial_timeout = seconds_of(words.get("trial_timeout", ""));
    }
  }
  return step(SubmitRequested{RequestId{++request_count_}, spec});
}

std::string Story::join(const Words& words) {
  const std::string name = words.plain.at(0);
  const std::int64_t link = words.number("link", 1);
  worker_names_[link] = name;
  sequences_.try_emplace(name, 0);
  const std::int64_t spool = std::distance(sequences_.begin(), sequences_.find(name)) + 1;
  Hello hello{name,
              static_cast<std::uint64_t>(words.number("spool", spool)),
              static_cast<std::int32_t>(words.number("slots", 2)),
              {}};
  if (words.named.contains("known")) {
    for (const std::string_view known : split(words.named.at("known"), ',')) {
      hello.known.push_back(attempt_of(known));
    }
  }
  sessions_[link] = {static_cast<std::uint64_t>(words.number("incarnation", 1)), ++hello_count_};
  return step(WorkerJoined{WorkerId{link}, sessions_[link], hello, words.number("leased", 0) == 0});
}

std::string Story::heard(const Words& words) {
  const WorkerId link{words.number("link", 1)};
  const auto worker = core_.runtime().workers.find(link);
  const auto sent = worker == core_.runtime().workers.end()
                        ? 0
                        : static_cast<std::int64_t>(worker->second.orders_sent);
  const Instant answered = std::exchange(beats_[sessions_.at(link.number)], now_);
  Heartbeat heartbeat{"", now_, answered, static_cast<std::uint64_t>(words.number("orders", sent)),
                      static_cast<std::uint64_t>(words.number("spooled", 0)),
                      ~std::uint64_t{0}};  // it has heard of everything
  return step(WorkerHeard{link, sessions_.at(link.number), heartbeat});
}

std::string Story::suggested(const Words& words) {
  const Suggest asked = asked_.at(std::strtoll(words.plain.at(0).c_str(), nullptr, 10));
  const std::int64_t available = words.number("available", 1'000);
  Suggested event{asked.job, asked.first, asked.count, {}};
  for (std::int64_t i = asked.first; i < std::min(asked.first + asked.count, available); ++i) {
    event.suggestions.push_back({NamedValue{"x", Value{i}}});
  }
  return step(event);
}

std::string Story::logged(const Words& words) {
  const AttemptId attempt = attempt_of(words.plain.at(0));
  AttemptLogged body{attempt, {}};
  const auto job = core_.state().jobs.find(attempt.trial.job);
  const std::string run_id =
      job == core_.state().jobs.end() ? "" : job->second.trial_name(attempt.trial.number);
  for (std::size_t i = 1; i < words.plain.size(); ++i) {
    body.records.push_back(MetricLogged{run_id, "acc", std::strtod(words.plain[i].c_str(), nullptr),
                                        0, static_cast<std::int64_t>(i)});
  }
  return report(words, body);
}

std::string Story::report(const Words& words, const ReportBody& body) {
  const std::int64_t link = words.number("link", 1);
  return step(ReportArrived{
      WorkerId{link}, sessions_.at(link), {++sequences_[worker_names_.at(link)], body}});
}

std::string Story::crash() {
  core_ = replay(options_, journal_);
  return tell(core_.recover(now_));
}

std::string Story::step(const EventBody& event) {
  return tell(core_.step({now_, event}));
}

std::string Story::tell(const Decision& decision) {
  std::string trace;
  for (const Fact& fact : decision.facts) {
    trace += to_text(fact.body) + "\n";
    journal_.push_back(fact);
  }
  for (const Command& command : decision.commands) {
    trace += "> " + to_text(command) + "\n";
    if (const auto* suggest = std::get_if<Suggest>(&command)) {
      asked_[suggest->job.number] = *suggest;
    }
  }
  for (const std::string& fault : check(core_)) trace += "FAULT " + fault + "\n";
  return trace;
}

}  // namespace trawl::core
