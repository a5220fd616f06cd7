#include "tests/unit/core/cluster.h"

#include <algorithm>

#include <catch2/catch.hpp>

#include "core/check.h"
#include "tests/stories/replay.h"

namespace trawl::core {
JobSpec command_job(const std::string& name) {
  JobSpec spec;
  spec.name = name;
  spec.command.command = "true";
  return spec;
}

JobSpec sweep_job(const std::string& name, SweepShape shape) {
  JobSpec spec = command_job(name);
  spec.sweep.emplace();
  spec.sweep->search_space = {{"x", RandInt{1'000}}};
  spec.sweep->objective = {Goal::kMaximize, "acc"};
  spec.sweep->limits.max_total_trials = shape.total;
  spec.sweep->limits.max_concurrent_trials = shape.concurrent;
  return spec;
}

AttemptId attempt_id(std::int64_t job, std::int64_t number, std::int32_t attempt) {
  return {{JobId{job}, number}, attempt};
}

std::vector<AttemptId> launched(const Decision& decision) {
  std::vector<AttemptId> attempts;
  for (const Launch& launch : sent<Launch>(decision)) attempts.push_back(launch.order.attempt);
  return attempts;
}

Decision Cluster::step(const EventBody& event) {
  Decision decision = core_.step({now_, event});
  keep(decision);
  return decision;
}

void Cluster::keep(const Decision& decision) {
  journal_.insert(journal_.end(), decision.facts.begin(), decision.facts.end());
  for (const Suggest& suggest : commands<Suggest>(decision)) asked_[suggest.job.number] = suggest;
  CHECK(check(core_) == std::vector<std::string>{});
  CHECK(replay(options_, journal_).state() == core_.state());
}

Decision Cluster::submit(const JobSpec& spec) {
  return step(SubmitRequested{RequestId{++request_count_}, spec});
}

Decision Cluster::cancel(const std::string& name) {
  return step(CancelRequested{RequestId{++request_count_}, name});
}

Decision Cluster::join(const Join& join) {
  names_[join.link] = join.name;
  const auto own = spools_.try_emplace(join.name, spools_.size() + 1).first->second;
  const std::uint64_t spool = join.spool == 0 ? own : join.spool;
  sessions_[join.link] = {join.incarnation, ++hello_count_};
  return step(WorkerJoined{WorkerId{join.link},
                           sessions_[join.link],
                           {join.name, spool, join.slots, join.known, join.leaving},
                           join.local});
}

Decision Cluster::heartbeat(std::int64_t link, std::uint64_t orders, std::uint64_t spooled) {
  advance(Duration{1});
  const Instant answered = std::exchange(beats_[sessions_.at(link)], now_);
  return step(
      WorkerHeard{WorkerId{link}, sessions_.at(link), {"", now_, answered, orders, spooled, spooled}});
}

Decision Cluster::goodbye(std::int64_t link) {
  return step(WorkerLeft{WorkerId{link}, sessions_.at(link)});
}

Decision Cluster::at_report(std::int64_t link, const Report& report) {
  return step(ReportArrived{WorkerId{link}, sessions_.at(link), report});
}

Decision Cluster::report(const ReportBody& body, std::int64_t link) {
  return at_report(link, {++last_seq_[names_.at(link)], body});
}

Decision Cluster::started(const AttemptId& attempt, std::int64_t link) {
  return report(AttemptStarted{attempt, 100, "/node/attempt"}, link);
}

Decision Cluster::logged(const AttemptId& attempt, const std::vector<double>& values,
                         std::int64_t link) {
  const std::string run_id = job(attempt.trial.job.number)->trial_name(attempt.trial.number);
  auto metric_step = static_cast<std::int64_t>(
      trial(attempt.trial.job.number, attempt.trial.number).reports.size());
  AttemptLogged logged{attempt, {}};
  for (const double value : values) {
    logged.records.push_back(MetricLogged{run_id, "acc", value, 0, metric_step++});
  }
  return report(logged, link);
}

Decision Cluster::ended(const AttemptId& attempt, const Outcome& outcome, std::int64_t link) {
  return report(AttemptEnded{attempt, outcome}, link);
}

Decision Cluster::suggested(std::int64_t job, std::int64_t available) {
  const Suggest asked = asked_.at(job);
  Suggested event{asked.job, asked.first, asked.count, {}};
  for (std::int64_t i = asked.first; i < std::min(asked.first + asked.count, available); ++i) {
    event.suggestions.push_back({NamedValue{"x", Value{i}}});
  }
  return step(event);
}

void Cluster::start(const JobSpec& spec) {
  const Decision submission = submit(spec);
  const std::int64_t job = core_.state().job_id_last;
  const bool asks = !commands<Suggest>(submission).empty();
  const Decision decision = asks ? suggested(job) : submission;
  for (const AttemptId& attempt : launched(decision)) started(attempt);
}

Decision Cluster::crash() {
  core_ = replay(options_, journal_);
  Decision decision = core_.recover(now_);
  keep(decision);
  return decision;
}

const Job* Cluster::job(std::int64_t number) const {
  const auto found = core_.state().jobs.find(JobId{number});
  return found == core_.state().jobs.end() ? nullptr : &found->second;
}

const Trial& Cluster::trial(std::int64_t job_number, std::int64_t number) const {
  return job(job_number)->trials.at(static_cast<std::size_t>(number));
}

std::string Cluster::bound(std::int64_t job) const {
  return concurrency_bound(core_.state(), core_.runtime(), JobId{job});
}

}  // namespace trawl::core
