// Submitting jobs, and giving slots and suggestions to them.
#include <catch2/catch.hpp>

#include "tests/unit/core/cluster.h"

namespace trawl::core {
namespace {

TEST_CASE("a job's snapshot is dropped once, with its end", "[core]") {
  Cluster cluster;
  cluster.join({});
  JobSpec plain = command_job("plain");
  plain.command.shell_environment = "/snapshots/a/environment";
  const std::vector drop{DropSnapshot{"/snapshots/a/environment"}};
  cluster.start(plain);
  CHECK(commands<DropSnapshot>(cluster.ended(attempt_id(1, 0))) == drop);

  JobSpec sweep = sweep_job("lr", {.total = 2, .concurrent = 2});
  sweep.command = plain.command;
  cluster.start(sweep);
  CHECK(commands<DropSnapshot>(cluster.ended(attempt_id(2, 0))).empty());
  CHECK(commands<DropSnapshot>(cluster.ended(attempt_id(2, 1))) == drop);

  CHECK(commands<DropSnapshot>(cluster.ended(attempt_id(2, 1))).empty());
  JobSpec without = command_job("without");
  cluster.start(without);
  CHECK(commands<DropSnapshot>(cluster.ended(attempt_id(3, 0))).empty());
}

TEST_CASE("a submitted job is answered with its name", "[core]") {
  Cluster cluster;
  const Decision decision = cluster.submit(command_job("hello"));
  CHECK(facts<JobSubmitted>(decision).size() == 1);
  CHECK(commands<Reply>(decision) == std::vector{Reply{RequestId{1}, "hello"}});
}

TEST_CASE("a submission that is asked for again is the same job", "[core]") {
  Cluster cluster;
  JobSpec spec = command_job("hello");
  spec.submission = 7;
  cluster.submit(spec);
  const Decision again = cluster.submit(spec);
  CHECK(again.facts.empty());
  const auto replies = commands<Reply>(again);
  REQUIRE(replies.size() == 1);
  CHECK(replies[0].answer == "hello");
  spec.submission = 8;
  const auto other = commands<Reply>(cluster.submit(spec));
  REQUIRE(other.size() == 1);
  CHECK_FALSE(other[0].answer);
}

TEST_CASE("a name that is taken is refused, also when its job has ended", "[core]") {
  Cluster cluster;
  cluster.submit(command_job("hello"));
  const auto refused = [&] {
    const Decision decision = cluster.submit(command_job("hello"));
    CHECK(decision.facts.empty());
    const auto replies = commands<Reply>(decision);
    REQUIRE(replies.size() == 1);
    REQUIRE_FALSE(replies[0].answer);
    CHECK(replies[0].answer.error().code == ErrorCode::kConflict);
    CHECK(replies[0].answer.error().message ==
          "there is a job named 'hello' already; choose another with --name, or leave the name "
          "out");
  };
  refused();
  cluster.cancel("hello");
  REQUIRE(cluster.job(1) == nullptr);
  refused();
  cluster.crash();
  refused();
}

// The refusal of `second` beside `first`, or "".
std::string refusal(const JobSpec& first, const JobSpec& second, bool after_a_crash = false) {
  Cluster cluster;
  cluster.submit(first);
  if (after_a_crash) {
    cluster.cancel(first.name);
    cluster.crash();
  }
  const auto replies = commands<Reply>(cluster.submit(second));
  REQUIRE(replies.size() == 1);
  if (replies[0].answer) return "";
  CHECK(replies[0].answer.error().code == ErrorCode::kConflict);
  return replies[0].answer.error().message;
}

TEST_CASE("no job may be named as a trial of a sweep is or will be", "[core]") {
  const JobSpec sweep = sweep_job("lr", {.total = 4, .concurrent = 2});
  CHECK(
      refusal(sweep, command_job("lr_0")) ==
      "'lr_0' would name a job and a trial of a sweep: the new job 'lr_0' and the job 'lr' cannot "
      "both be there; choose another name with --name");
  CHECK(
      refusal(command_job("lr_3"), sweep) ==
      "'lr_3' would name a job and a trial of a sweep: the new job 'lr' and the job 'lr_3' cannot "
      "both be there; choose another name with --name");
  CHECK_FALSE(refusal(sweep, sweep_job("lr_1", {.total = 4, .concurrent = 2})).empty());
  CHECK_FALSE(refusal(sweep, command_job("lr_0"), true).empty());
}

TEST_CASE("a name that only looks like a trial's is free", "[core]") {
  const JobSpec sweep = sweep_job("lr", {.total = 4, .concurrent = 2});
  for (const char* name :
       {"lr_4", "lr_00", "lr_", "lr_final", "lrs_0", "lr_-1", "lr_99999999999999999999"}) {
    CAPTURE(name);
    CHECK(refusal(sweep, command_job(name)).empty());
    CHECK(refusal(sweep, command_job(name), true).empty());
    CHECK(refusal(command_job(name), sweep).empty());
  }
  CHECK(refusal(command_job("lr"), command_job("lr_1")).empty());
  CHECK(refusal(command_job("lr_1"), command_job("lr")).empty());
}

TEST_CASE("a job's number is never given again, also after a crash", "[core]") {
  Cluster cluster;
  cluster.submit(command_job("first"));
  cluster.cancel("first");
  cluster.crash();
  const auto submitted = facts<JobSubmitted>(cluster.submit(command_job("second")));
  REQUIRE(submitted.size() == 1);
  CHECK(submitted[0].job == JobId{2});
}

TEST_CASE("a job waits until a worker joins", "[core]") {
  Cluster cluster;
  CHECK(launched(cluster.submit(command_job("hello"))).empty());
  CHECK(launched(cluster.join({})) == std::vector{attempt_id(1, 0)});
}

TEST_CASE("a launch carries all that the worker needs", "[core]") {
  Cluster cluster;
  JobSpec spec = sweep_job("lr", {.total = 1, .concurrent = 1});
  spec.command.command = "python train.py";
  spec.display_name = "Learning rates";
  spec.experiment_name = "digits";
  spec.inputs = {{"data", Input::Kind::kLocalPath, "uri_folder", "ro_mount", "/data"}};
  spec.outputs = {{"model", "uri_folder", "rw_mount", ""}};
  cluster.join({});
  cluster.submit(spec);
  const auto launches = sent<Launch>(cluster.suggested(1));
  REQUIRE(launches.size() == 1);
  const LaunchOrder& order = launches[0].order;
  CHECK(order.attempt == attempt_id(1, 0));
  CHECK(order.job_name == "lr");
  CHECK(order.trial_name == "lr_0");
  CHECK(order.display_name == "Learning rates");
  CHECK(order.experiment_name == "digits");
  CHECK(order.primary_metric == "acc");
  CHECK(order.is_sweep);
  CHECK(order.command == spec.command);
  CHECK(order.inputs == spec.inputs);
  CHECK(order.outputs == spec.outputs);
  CHECK(order.parameters == ParameterSet{{"x", Value{std::int64_t{0}}}});
}

TEST_CASE("a command job's trial bears the job's name", "[core]") {
  Cluster cluster;
  cluster.join({});
  const auto launches = sent<Launch>(cluster.submit(command_job("hello")));
  REQUIRE(launches.size() == 1);
  CHECK(launches[0].order.trial_name == "hello");
  CHECK_FALSE(launches[0].order.is_sweep);
  CHECK(launches[0].order.primary_metric.empty());
}

TEST_CASE("the oldest job that can use a slot gets it", "[core]") {
  Cluster cluster;
  cluster.submit(command_job("first"));
  cluster.submit(command_job("second"));
  cluster.submit(command_job("third"));
  CHECK(launched(cluster.join({.slots = 2})) == std::vector{attempt_id(1, 0), attempt_id(2, 0)});
  CHECK(launched(cluster.ended(attempt_id(2, 0))) == std::vector{attempt_id(3, 0)});
}

TEST_CASE("what an older job cannot use goes to a younger one", "[core]") {
  Cluster cluster;
  cluster.submit(sweep_job("older", {.total = 5, .concurrent = 1}));
  cluster.submit(command_job("younger"));
  const Decision decision = cluster.join({.slots = 2});
  CHECK(commands<Suggest>(decision) == std::vector{Suggest{JobId{1}, 0, 1}});
  CHECK(launched(decision) == std::vector{attempt_id(2, 0)});
}

TEST_CASE("never more than max_concurrent_trials run", "[core]") {
  Cluster cluster;
  cluster.join({.slots = 8});
  cluster.submit(sweep_job("lr", {.total = 10, .concurrent = 3}));
  CHECK(launched(cluster.suggested(1)).size() == 3);
  const Decision decision = cluster.ended(attempt_id(1, 1));
  CHECK(commands<Suggest>(decision) == std::vector{Suggest{JobId{1}, 3, 1}});
  CHECK(launched(cluster.suggested(1)) == std::vector{attempt_id(1, 3)});
}

TEST_CASE("never more than max_total_trials are made", "[core]") {
  Cluster cluster;
  cluster.join({.slots = 8});
  cluster.submit(sweep_job("lr", {.total = 3, .concurrent = 2}));
  cluster.suggested(1);
  CHECK(commands<Suggest>(cluster.ended(attempt_id(1, 0))) == std::vector{Suggest{JobId{1}, 2, 1}});
  cluster.suggested(1);
  CHECK(commands<Suggest>(cluster.ended(attempt_id(1, 1))).empty());
  const auto ends = facts<JobEnded>(cluster.ended(attempt_id(1, 2)));
  CHECK(ends.size() == 1);
}

TEST_CASE("suggestions are asked for only as slots come free", "[core]") {
  Cluster cluster;
  CHECK(commands<Suggest>(cluster.submit(sweep_job("lr", {.total = 9, .concurrent = 5}))).empty());
  CHECK(commands<Suggest>(cluster.join({.slots = 2})) == std::vector{Suggest{JobId{1}, 0, 2}});
  CHECK(launched(cluster.suggested(1)).size() == 2);
  CHECK(commands<Suggest>(cluster.ended(attempt_id(1, 0))) == std::vector{Suggest{JobId{1}, 2, 1}});
  // While an answer is on its way, no second question is.
  CHECK(commands<Suggest>(cluster.ended(attempt_id(1, 1))).empty());
  const Decision decision = cluster.suggested(1);
  CHECK(launched(decision) == std::vector{attempt_id(1, 2)});
  CHECK(commands<Suggest>(decision) == std::vector{Suggest{JobId{1}, 3, 1}});
}

TEST_CASE("a slot is kept for the suggestion that was asked for it", "[core]") {
  Cluster cluster;
  cluster.submit(sweep_job("older", {.total = 5, .concurrent = 2}));
  cluster.submit(sweep_job("younger", {.total = 5, .concurrent = 2}));
  cluster.submit(command_job("youngest"));
  const Decision decision = cluster.join({.slots = 3});
  // One question for each slot, the older job's first.
  CHECK(commands<Suggest>(decision) ==
        std::vector{Suggest{JobId{1}, 0, 2}, Suggest{JobId{2}, 0, 1}});
  CHECK(launched(decision).empty());
  CHECK(launched(cluster.suggested(2)) == std::vector{attempt_id(2, 0)});
  CHECK(launched(cluster.suggested(1)) == std::vector{attempt_id(1, 0), attempt_id(1, 1)});
  const Decision freed = cluster.ended(attempt_id(2, 0));
  CHECK(commands<Suggest>(freed) == std::vector{Suggest{JobId{2}, 1, 1}});
  CHECK(launched(freed).empty());
}

TEST_CASE("a slot that a canceled or exhausted job does not need goes on", "[core]") {
  Cluster cluster;
  cluster.submit(sweep_job("grid", {.total = 5, .concurrent = 1}));
  cluster.submit(command_job("next"));
  CHECK(launched(cluster.join({.slots = 1})).empty());
  SECTION("canceled, before its answer comes") {
    CHECK(launched(cluster.cancel("grid")) == std::vector{attempt_id(2, 0)});
  }
  SECTION("exhausted") {
    CHECK(launched(cluster.suggested(1, 0)) == std::vector{attempt_id(2, 0)});
  }
}

TEST_CASE("an answer to a question of before a crash changes nothing", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.submit(sweep_job("lr", {.total = 4, .concurrent = 2}));
  cluster.crash();
  CHECK(cluster.suggested(1).facts.empty());
}

TEST_CASE("a question that a crash swallowed is asked again", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.submit(sweep_job("lr", {.total = 4, .concurrent = 2}));
  cluster.crash();
  CHECK(commands<Suggest>(cluster.join({.link = 2})) == std::vector{Suggest{JobId{1}, 0, 2}});
  CHECK(launched(cluster.suggested(1)).size() == 2);
}

TEST_CASE("a grid that runs out ends its sweep with the trials that there are", "[core]") {
  Cluster cluster;
  cluster.join({.slots = 2});
  cluster.submit(sweep_job("grid", {.total = 10, .concurrent = 2}));
  cluster.suggested(1, 3);
  cluster.logged(attempt_id(1, 0), {0.5});
  cluster.ended(attempt_id(1, 0));
  CHECK(facts<SuggestionsExhausted>(cluster.suggested(1, 3)).empty());  // 1 of 1
  cluster.ended(attempt_id(1, 1));
  CHECK(facts<SuggestionsExhausted>(cluster.suggested(1, 3)).size() == 1);  // 0 of 1
  const auto ends = facts<JobEnded>(cluster.ended(attempt_id(1, 2)));
  CHECK(ends == std::vector{JobEnded{JobId{1}, Status::kCompleted, ""}});
}

TEST_CASE("a grid that runs out when nothing runs ends its sweep in that step", "[core]") {
  Cluster cluster;
  cluster.join({.slots = 1});
  cluster.submit(sweep_job("grid", {.total = 10, .concurrent = 1}));
  cluster.suggested(1, 1);
  cluster.logged(attempt_id(1, 0), {0.5});
  cluster.ended(attempt_id(1, 0));
  CHECK(facts<JobEnded>(cluster.suggested(1, 1)) ==
        std::vector{JobEnded{JobId{1}, Status::kCompleted, ""}});
}

TEST_CASE("a person can read what bounds the concurrency", "[core]") {
  Cluster cluster;
  CHECK(cluster.bound(1).empty());
  cluster.submit(sweep_job("lr", {.total = 10, .concurrent = 3}));
  CHECK(cluster.bound(1) == "no worker is connected");
  cluster.join({.link = 1, .name = "a", .slots = 1});
  CHECK(cluster.bound(1) == "the workers' 1 slot (max_concurrent_trials is 3)");
  cluster.join({.link = 2, .name = "b", .slots = 2});
  CHECK(cluster.bound(1) == "max_concurrent_trials = 3 (the workers have 3 slots)");
}

}  // namespace
}  // namespace trawl::core
