// Cancels, limits of time, and how trials and jobs end.
#include <csignal>

#include <catch2/catch.hpp>

#include "tests/unit/core/cluster.h"

namespace trawl::core {
namespace {

using std::chrono::seconds;

const std::string kOnRequest = "canceled on request";
const Outcome kTerminated{Outcome::Kind::kSignalled, SIGTERM, ""};

std::string error_of(const Decision& decision) {
  const auto replies = commands<Reply>(decision);
  REQUIRE(replies.size() == 1);
  REQUIRE_FALSE(replies[0].answer);
  return replies[0].answer.error().message;
}

TEST_CASE("a canceled sweep stops what runs and starts nothing new", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(sweep_job("lr", {.total = 6, .concurrent = 2}));
  const Decision decision = cluster.cancel("lr");
  CHECK(facts<JobCancelRequested>(decision).size() == 1);
  CHECK(facts<StopDecided>(decision).size() == 2);
  CHECK(sent<Stop>(decision).size() == 2);
  CHECK(commands<Reply>(decision) == std::vector{Reply{RequestId{2}, "lr"}});

  CHECK(launched(cluster.ended(attempt_id(1, 0), kTerminated)).empty());
  const Decision last = cluster.ended(attempt_id(1, 1), kTerminated);
  CHECK(commands<Suggest>(last).empty());
  CHECK(facts<JobEnded>(last) == std::vector{JobEnded{JobId{1}, Status::kCanceled, kOnRequest}});
}

TEST_CASE("a job that waits is canceled at once", "[core]") {
  Cluster cluster;
  cluster.submit(command_job("hello"));
  const Decision decision = cluster.cancel("hello");
  CHECK(facts<TrialEnded>(decision) ==
        std::vector{TrialEnded{{JobId{1}, 0}, Status::kCanceled, kOnRequest}});
  CHECK(facts<JobEnded>(decision) ==
        std::vector{JobEnded{JobId{1}, Status::kCanceled, kOnRequest}});
  CHECK(launched(cluster.join({})).empty());
}

TEST_CASE("a sweep that has no trial yet is canceled at once", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.submit(sweep_job("lr", {.total = 6, .concurrent = 2}));
  CHECK(facts<JobEnded>(cluster.cancel("lr")).size() == 1);
  CHECK(cluster.suggested(1).facts.empty());  // its answer comes too late
}

TEST_CASE("suggestions that arrive for a canceled sweep make no trials", "[core]") {
  Cluster cluster;
  cluster.join({.slots = 2});
  cluster.start(sweep_job("lr", {.total = 6, .concurrent = 2}));
  cluster.ended(attempt_id(1, 0));  // asks for trial 2
  cluster.cancel("lr");
  CHECK(cluster.suggested(1).facts.empty());
  CHECK(facts<JobEnded>(cluster.ended(attempt_id(1, 1), kTerminated)).size() == 1);
}

TEST_CASE("a canceled sweep keeps no slot for suggestions on their way", "[core]") {
  Cluster cluster;
  cluster.join({.slots = 2});
  cluster.start(sweep_job("lr", {.total = 6, .concurrent = 2}));
  cluster.submit(command_job("next"));
  CHECK(launched(cluster.ended(attempt_id(1, 0))).empty());  // kept for trial 2
  CHECK(launched(cluster.cancel("lr")) == std::vector{attempt_id(2, 0)});
}

TEST_CASE("a canceled trial makes room for the next one", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(sweep_job("lr", {.total = 3, .concurrent = 2}));
  const Decision decision = cluster.cancel("lr_1");
  CHECK(facts<StopDecided>(decision) ==
        std::vector{StopDecided{attempt_id(1, 1), StopCause::kCancel, kOnRequest}});
  CHECK(commands<Reply>(decision) == std::vector{Reply{RequestId{2}, "lr_1"}});
  const Decision end = cluster.ended(attempt_id(1, 1), kTerminated);
  CHECK(facts<TrialEnded>(end) ==
        std::vector{TrialEnded{{JobId{1}, 1}, Status::kCanceled, kOnRequest}});
  CHECK(commands<Suggest>(end) == std::vector{Suggest{JobId{1}, 2, 1}});
}

TEST_CASE("a cancel that is repeated is answered again and decides nothing", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(sweep_job("lr", {.total = 3, .concurrent = 2}));
  cluster.cancel("lr");
  for (const std::string name : {"lr", "lr_0"}) {
    const Decision decision = cluster.cancel(name);
    CHECK(decision.facts.empty());
    CHECK(sent<Stop>(decision).empty());
    REQUIRE(commands<Reply>(decision).size() == 1);
    CHECK(commands<Reply>(decision)[0].answer.has_value());
  }
}

TEST_CASE("a trial that waits for a retry can be canceled", "[core]") {
  Cluster cluster;
  cluster.join({.slots = 1});
  cluster.start(sweep_job("lr", {.total = 1, .concurrent = 1}));
  cluster.join({.link = 2, .incarnation = 2, .slots = 0});  // lost, and no slot to try again
  const Decision decision = cluster.cancel("lr_0");
  CHECK(facts<TrialEnded>(decision).size() == 1);
  CHECK(facts<JobEnded>(decision) ==
        std::vector{JobEnded{JobId{1}, Status::kCanceled, "all 1 trials were canceled"}});
}

TEST_CASE("what has ended or is not there cannot be canceled", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(command_job("hello"));
  cluster.ended(attempt_id(1, 0));
  CHECK(error_of(cluster.cancel("hello")) == "'hello' has already ended");
  cluster.start(sweep_job("lr", {.total = 3, .concurrent = 1}));
  cluster.ended(attempt_id(2, 0));
  CHECK(error_of(cluster.cancel("lr_0")) == "'lr_0' has already ended");
  const auto unknown = [](const std::string& name) {
    return "there is no unfinished job or trial named '" + name + "'; see `trawl job list`";
  };
  for (const std::string name : {"nobody", "lr_7", "lr_", "lr_x", "lr_-1", "hello_0", "_0", ""}) {
    CHECK(error_of(cluster.cancel(name)) == unknown(name));
  }
}

TEST_CASE("trial_timeout stops the trial that runs too long", "[core]") {
  Cluster cluster;
  JobSpec spec = sweep_job("lr", {.total = 2, .concurrent = 2});
  spec.sweep->limits.trial_timeout = seconds(60);
  cluster.join({});
  cluster.submit(spec);
  cluster.suggested(1);
  CHECK(commands<SetTimer>(cluster.started(attempt_id(1, 0))) ==
        std::vector{SetTimer{cluster.now() + seconds(60)}});
  cluster.advance(seconds(10));
  cluster.started(attempt_id(1, 1));
  cluster.advance(seconds(50));
  const Decision decision = cluster.step(TimerFired{});
  CHECK(facts<StopDecided>(decision) ==
        std::vector{StopDecided{attempt_id(1, 0), StopCause::kTrialTimeout,
                                "limits.trial_timeout of 60 s is over"}});
  CHECK(commands<SetTimer>(decision) == std::vector{SetTimer{cluster.now() + seconds(10)}});
}

TEST_CASE("a trial that ends in time is not stopped by trial_timeout", "[core]") {
  Cluster cluster;
  JobSpec spec = sweep_job("lr", {.total = 2, .concurrent = 1});
  spec.sweep->limits.trial_timeout = seconds(60);
  cluster.join({});
  cluster.start(spec);
  cluster.ended(attempt_id(1, 0));
  cluster.advance(seconds(60));
  CHECK(cluster.step(TimerFired{}).facts.empty());
}

TEST_CASE("a retry has the whole of trial_timeout again", "[core]") {
  Cluster cluster;
  JobSpec spec = sweep_job("lr", {.total = 1, .concurrent = 1});
  spec.sweep->limits.trial_timeout = seconds(60);
  cluster.join({});
  cluster.start(spec);
  cluster.advance(seconds(50));
  cluster.join({.link = 2, .incarnation = 2});
  cluster.started(attempt_id(1, 0, 2), 2);
  cluster.advance(seconds(10));
  CHECK(cluster.step(TimerFired{}).facts.empty());
  cluster.advance(seconds(50));
  CHECK(facts<StopDecided>(cluster.step(TimerFired{})).size() == 1);
}

TEST_CASE("limits.timeout cancels the whole job", "[core]") {
  Cluster cluster;
  JobSpec spec = sweep_job("lr", {.total = 9, .concurrent = 2});
  spec.timeout = seconds(100);
  cluster.submit(spec);
  cluster.advance(seconds(1000));  // it counts from the first attempt, not from the submission
  cluster.join({});
  CHECK(commands<SetTimer>(cluster.suggested(1)) ==
        std::vector{SetTimer{cluster.now() + seconds(100)}});
  cluster.advance(seconds(100));
  const Decision decision = cluster.step(TimerFired{});
  CHECK(facts<JobCancelRequested>(decision) ==
        std::vector{JobCancelRequested{JobId{1}, StopCause::kJobTimeout,
                                       "limits.timeout of 100 s is over"}});
  CHECK(sent<Stop>(decision).size() == 2);
  cluster.ended(attempt_id(1, 0), kTerminated);
  CHECK(facts<JobEnded>(cluster.ended(attempt_id(1, 1), kTerminated)) ==
        std::vector{JobEnded{JobId{1}, Status::kCanceled, "limits.timeout of 100 s is over"}});
}

TEST_CASE("a timer that fires too early changes nothing and is set again", "[core]") {
  Cluster cluster;
  JobSpec spec = command_job("hello");
  spec.timeout = seconds(100);
  cluster.join({});
  cluster.submit(spec);
  const Decision decision = cluster.step(TimerFired{});
  CHECK(decision.facts.empty());
  CHECK(commands<SetTimer>(decision) == std::vector{SetTimer{cluster.now() + seconds(100)}});
}

void check_failure(const Outcome& outcome, const std::string& reason) {
  Cluster cluster;
  cluster.join({});
  cluster.start(command_job("hello"));
  const Decision decision = cluster.ended(attempt_id(1, 0), outcome);
  CHECK(facts<TrialEnded>(decision) ==
        std::vector{TrialEnded{{JobId{1}, 0}, Status::kFailed, reason}});
  CHECK(facts<JobEnded>(decision) == std::vector{JobEnded{JobId{1}, Status::kFailed, reason}});
}

TEST_CASE("the reason of a failure says what the attempt's end was", "[core]") {
  using Kind = Outcome::Kind;
  check_failure({Kind::kExited, 1, ""}, "exit code 1");
  check_failure({Kind::kExited, 2, "Traceback\nValueError: bad\n\n"},
                "exit code 2: ValueError: bad");
  check_failure({Kind::kExited, 126, "bad input"}, "exit code 126: bad input");
  check_failure({Kind::kExited, 127, ""}, "exit code 127");
  check_failure({Kind::kSignalled, SIGKILL, "half a line"}, "killed by signal 9: half a line");
  check_failure({Kind::kSignalled, SIGKILL, "x", {}, 3 << 20, true},
                "killed by the kernel: out of memory (largest process 3 MiB)");
  check_failure({Kind::kExited, 137, "Killed", {}, 1, true},
                "killed by the kernel: out of memory (largest process 0 MiB)");
  check_failure({Kind::kUnstarted, 0, "no such folder"}, "could not be started: no such folder");
}

TEST_CASE("what exit codes 126 and 127 mean is said where a shell may have given them", "[core]") {
  Outcome outcome{Outcome::Kind::kExited, 127, "sh: 1: trian: not found"};
  outcome.of_shell = true;
  check_failure(outcome,
                "exit code 127 (a shell's code for a command that it cannot find): sh: 1: trian: "
                "not found");
  outcome = {Outcome::Kind::kExited, 126, ""};
  outcome.of_shell = true;
  check_failure(outcome, "exit code 126 (a shell's code for a file that it cannot execute)");
  outcome.code = 1;
  check_failure(outcome, "exit code 1");
}

TEST_CASE("a sweep with failed trials and a completed one is Completed, and says so", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(sweep_job("lr", {.total = 2, .concurrent = 2}));
  cluster.logged(attempt_id(1, 0), {0.5});
  cluster.ended(attempt_id(1, 1), {Outcome::Kind::kExited, 1, ""});
  CHECK(facts<JobEnded>(cluster.ended(attempt_id(1, 0))) ==
        std::vector{JobEnded{JobId{1}, Status::kCompleted, "1 of 2 trials failed"}});
}

TEST_CASE("a sweep all of whose trials failed is Failed, with the first reason", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(sweep_job("lr", {.total = 2, .concurrent = 2}));
  cluster.ended(attempt_id(1, 1), {Outcome::Kind::kExited, 1, "ValueError: bad"});
  CHECK(facts<JobEnded>(cluster.ended(attempt_id(1, 0), {Outcome::Kind::kExited, 3, ""})) ==
        std::vector{JobEnded{JobId{1}, Status::kFailed,
                             "2 of 2 trials failed and none completed; the first: exit code 1: "
                             "ValueError: bad"}});
}

TEST_CASE("a failed trial is never the best", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(sweep_job("lr", {.total = 3, .concurrent = 2}));
  cluster.logged(attempt_id(1, 0), {0.5});
  cluster.logged(attempt_id(1, 1), {0.9});
  CHECK(cluster.job(1)->best_trial == 1);
  cluster.ended(attempt_id(1, 1), {Outcome::Kind::kExited, 1, ""});
  CHECK(cluster.job(1)->best_trial == 0);
}

TEST_CASE("a metric that is never logged is said loudly", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(sweep_job("lr", {.total = 1, .concurrent = 1}));
  const Decision decision = cluster.ended(attempt_id(1, 0));
  CHECK(facts<TrialEnded>(decision) ==
        std::vector{TrialEnded{
            {JobId{1}, 0}, Status::kCompleted, "never logged the primary metric 'acc'"}});
  CHECK(facts<JobEnded>(decision) ==
        std::vector{JobEnded{JobId{1}, Status::kCompleted,
                             "no trial logged the primary metric 'acc', so there is no best trial: "
                             "the script must call mlflow.log_metric(\"acc\", value)"}});
}

}  // namespace
}  // namespace trawl::core
