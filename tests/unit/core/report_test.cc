// Reports of workers: each once, in order; the primary metric meets the policy in the step in which
// it arrives.
#include <cmath>

#include <catch2/catch.hpp>

#include "tests/unit/core/cluster.h"

namespace trawl::core {
namespace {

using std::chrono::seconds;

JobSpec bandit_job() {
  JobSpec spec = sweep_job("lr", {.total = 4, .concurrent = 2});
  spec.sweep->early_termination.rule = Bandit{std::nullopt, 0.1};
  return spec;
}

const std::string kBanditReason =
    "bandit: the best value up to report 1 is 0.5; it must be at least 0.8 (best of any trial 0.9 "
    "- 0.1)";

TEST_CASE("a report is acknowledged with the step that takes it", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.submit(command_job("hello"));
  const Decision decision = cluster.started(attempt_id(1, 0));
  CHECK(facts<AttemptRunning>(decision).size() == 1);
  CHECK(facts<ReportsTaken>(decision) == std::vector{ReportsTaken{1, 1}});
  CHECK(sent<Acknowledge>(decision) == std::vector{Acknowledge{1}});
}

TEST_CASE("a report that comes again is acknowledged again and changes nothing", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.submit(command_job("hello"));
  cluster.started(attempt_id(1, 0));
  const AttemptEnded ended{attempt_id(1, 0), {}};
  const Decision decision = cluster.at_report(1, {1, ended});
  CHECK(decision.facts.empty());
  CHECK(sent<Acknowledge>(decision) == std::vector{Acknowledge{1}});
  CHECK(cluster.job(1) != nullptr);
}

TEST_CASE("after a gap the worker is told from where to send again", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.submit(command_job("hello"));
  cluster.started(attempt_id(1, 0));
  const AttemptEnded ended{attempt_id(1, 0), {}};
  const Decision decision = cluster.at_report(1, {3, ended});
  CHECK(decision.facts.empty());
  CHECK(sent<SendAgain>(decision) == std::vector{SendAgain{1}});
}

TEST_CASE("a report over a link that is gone changes nothing", "[core]") {
  Cluster cluster;
  cluster.join({.link = 1});
  cluster.submit(command_job("hello"));
  cluster.join({.link = 2});
  const Decision decision = cluster.at_report(1, {1, AttemptEnded{attempt_id(1, 0), {}}});
  CHECK(decision.facts.empty());
  CHECK(decision.commands.empty());
}

TEST_CASE("what a fenced attempt logs is taken from its spool and kept out of the history",
          "[core]") {
  Cluster cluster;
  cluster.join({.slots = 1});
  cluster.start(sweep_job("lr", {.total = 1, .concurrent = 1}));
  cluster.join({.link = 2, .incarnation = 2, .slots = 1});  // lost: attempt 2 begins
  const Decision decision = cluster.logged(attempt_id(1, 0, 1), {0.5}, 2);
  CHECK(facts<RecordsAccepted>(decision).empty());
  CHECK(facts<PrimaryReported>(decision).empty());
  CHECK(facts<ReportsTaken>(decision).size() == 1);
  CHECK(sent<Acknowledge>(decision).size() == 1);
  CHECK(facts<AttemptFinished>(cluster.ended(attempt_id(1, 0, 1), {}, 2)).empty());
}

TEST_CASE("the primary metric of the trial's own run is reported, nothing else", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(sweep_job("lr", {.total = 4, .concurrent = 2}));
  const AttemptLogged logged{
      attempt_id(1, 0),
      {MetricLogged{"lr_0", "loss", 1.0, 0, 0}, MetricLogged{"another-run", "acc", 0.9, 0, 0},
       ParamLogged{"lr_0", "acc", "0.8"}, MetricLogged{"lr_0", "acc", 0.7, 0, 3}}};
  const Decision decision = cluster.report(logged);
  REQUIRE(facts<RecordsAccepted>(decision).size() == 1);
  CHECK(facts<RecordsAccepted>(decision)[0].records == logged.records);
  CHECK(facts<PrimaryReported>(decision) ==
        std::vector{PrimaryReported{attempt_id(1, 0), 0.7, 3, true, true}});
}

TEST_CASE("metrics of a command job are kept and rank nothing", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(command_job("hello"));
  const Decision decision = cluster.logged(attempt_id(1, 0), {0.5});
  CHECK(facts<RecordsAccepted>(decision).size() == 1);
  CHECK(facts<PrimaryReported>(decision).empty());
}

TEST_CASE("a report says whether it is the best of its trial and of the job", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(sweep_job("lr", {.total = 4, .concurrent = 2}));
  const auto report = [&](std::int64_t number, double value) {
    const auto reports = facts<PrimaryReported>(cluster.logged(attempt_id(1, number), {value}));
    REQUIRE(reports.size() == 1);
    return std::pair{reports[0].best_of_trial, reports[0].best_of_job};
  };
  CHECK(report(0, std::nan("")) == std::pair{false, false});
  CHECK(report(0, 0.5) == std::pair{true, true});
  CHECK(report(1, 0.4) == std::pair{true, false});
  CHECK(report(1, 0.5) == std::pair{true, false});  // a tie is no better
  CHECK(report(1, 0.6) == std::pair{true, true});
  CHECK(report(0, 0.4) == std::pair{false, false});
  CHECK(cluster.job(1)->best_trial == 1);
}

TEST_CASE("a policy stops a trial in the step in which the report arrives", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(bandit_job());
  CHECK(facts<StopDecided>(cluster.logged(attempt_id(1, 0), {0.9})).empty());
  const Decision decision = cluster.logged(attempt_id(1, 1), {0.5});
  CHECK(facts<StopDecided>(decision) ==
        std::vector{StopDecided{attempt_id(1, 1), StopCause::kPolicy, kBanditReason}});
  CHECK(sent<Stop>(decision) == std::vector{Stop{attempt_id(1, 1), seconds(10)}});

  const Decision end = cluster.ended(attempt_id(1, 1), {Outcome::Kind::kSignalled, 15, ""});
  CHECK(facts<TrialEnded>(end) ==
        std::vector{TrialEnded{{JobId{1}, 1}, Status::kCanceled, kBanditReason}});
  CHECK(cluster.job(1)->counts.stopped_by_policy == 1);
}

TEST_CASE("a trial that is being stopped may report, and is not judged again", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(bandit_job());
  cluster.logged(attempt_id(1, 0), {0.9});
  const Decision decision = cluster.logged(attempt_id(1, 1), {0.5, 0.4, 0.95});
  CHECK(facts<PrimaryReported>(decision).size() == 3);
  CHECK(facts<StopDecided>(decision).size() == 1);
  CHECK(sent<Stop>(decision).size() == 1);
  CHECK(cluster.job(1)->best_trial == 1);  // what it logged counts
}

TEST_CASE("a trial that a policy stopped is Canceled even if it ended by itself", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(bandit_job());
  cluster.logged(attempt_id(1, 0), {0.9});
  cluster.logged(attempt_id(1, 1), {0.5});
  const auto ends = facts<TrialEnded>(cluster.ended(attempt_id(1, 1)));
  REQUIRE(ends.size() == 1);
  CHECK(ends[0].status == Status::kCanceled);
}

TEST_CASE("a sweep whose trials were stopped by its policy is Completed", "[core]") {
  Cluster cluster;
  cluster.join({});
  JobSpec spec = bandit_job();
  spec.sweep->limits.max_total_trials = 2;
  cluster.start(spec);
  cluster.logged(attempt_id(1, 0), {0.9});
  cluster.logged(attempt_id(1, 1), {0.5});
  cluster.ended(attempt_id(1, 1));
  CHECK(facts<JobEnded>(cluster.ended(attempt_id(1, 0))) ==
        std::vector{JobEnded{JobId{1}, Status::kCompleted, ""}});
}

TEST_CASE("metrics may come before the start is reported", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.submit(sweep_job("lr", {.total = 1, .concurrent = 1}));
  cluster.suggested(1);
  CHECK(facts<PrimaryReported>(cluster.logged(attempt_id(1, 0), {0.5})).size() == 1);
  CHECK(facts<AttemptRunning>(cluster.started(attempt_id(1, 0))).size() == 1);
}

}  // namespace
}  // namespace trawl::core
