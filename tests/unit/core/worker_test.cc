// Workers that come, go and come back, and the coordinator that crashes.
#include <catch2/catch.hpp>

#include "tests/unit/core/cluster.h"

namespace trawl::core {
namespace {

using std::chrono::seconds;

JobSpec one_trial() {
  return sweep_job("lr", {.total = 1, .concurrent = 1});
}

TEST_CASE("a worker is welcomed with what is committed of its spool", "[core]") {
  Cluster cluster;
  CHECK(sent<Welcome>(cluster.join({})) == std::vector{Welcome{0}});
  cluster.start(command_job("hello"));
  CHECK(sent<Welcome>(cluster.join({.link = 2, .known = {attempt_id(1, 0)}})) ==
        std::vector{Welcome{1}});
}

TEST_CASE("attempts wait for the word of a worker that is lost", "[core]") {
  Cluster cluster;
  cluster.join({.link = 1, .name = "a", .slots = 1});
  cluster.join({.link = 2, .name = "b", .slots = 1});
  cluster.start(command_job("hello"));
  const Decision decision = cluster.step(WorkerLost{WorkerId{1}});
  CHECK(decision.facts.empty());
  CHECK(decision.commands == std::vector<Command>{Dismiss{WorkerId{1}}});
}

TEST_CASE("a worker that comes back with its attempt keeps it", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(one_trial());
  cluster.step(WorkerLost{WorkerId{1}});
  const Decision decision = cluster.join({.link = 2, .known = {attempt_id(1, 0)}});
  CHECK(decision.facts.empty());
  CHECK(launched(decision).empty());
  CHECK(cluster.trial(1, 0).attempt == 1);
  CHECK(facts<TrialEnded>(cluster.ended(attempt_id(1, 0), {}, 2)).size() == 1);
}

TEST_CASE("a worker that was restarted without its attempt loses it, and it is tried again",
          "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(one_trial());
  cluster.logged(attempt_id(1, 0), {0.5});
  const Decision decision = cluster.join({.link = 2, .incarnation = 2});
  const auto finished = facts<AttemptFinished>(decision);
  REQUIRE(finished.size() == 1);
  CHECK(finished[0].outcome.kind == Outcome::Kind::kLost);
  CHECK(facts<TrialEnded>(decision).empty());
  CHECK(launched(decision) == std::vector{attempt_id(1, 0, 2)});
  CHECK(cluster.trial(1, 0).reports.empty());  // its intervals begin anew
  CHECK_FALSE(cluster.job(1)->best_trial);
}

TEST_CASE("a restarted worker whose attempt had ended has its end in the spool", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(one_trial());
  const Decision decision =
      cluster.join({.link = 2, .incarnation = 2, .known = {attempt_id(1, 0)}});
  CHECK(decision.facts.empty());
  CHECK(facts<JobEnded>(cluster.ended(attempt_id(1, 0), {}, 2)).size() == 1);
}

// Found by the simulator (seed 285): core::check took the old ends for slots given twice.
TEST_CASE("a restarted worker may have fewer slots than it has ends to report", "[core]") {
  Cluster cluster;
  cluster.join({.slots = 2});
  cluster.start(sweep_job("lr", {.total = 3, .concurrent = 2}));
  const Decision decision = cluster.join(
      {.link = 2, .incarnation = 2, .slots = 1, .known = {attempt_id(1, 0), attempt_id(1, 1)}});
  CHECK(commands<Suggest>(decision).empty());  // until the ends are in, no slot is free
  CHECK(commands<Suggest>(cluster.ended(attempt_id(1, 0), {}, 2)).empty());
  CHECK(commands<Suggest>(cluster.ended(attempt_id(1, 1), {}, 2)).size() == 1);
}

TEST_CASE("a launch that was lost on its way is repeated", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.submit(one_trial());
  cluster.suggested(1);
  const Decision decision = cluster.join({.link = 2});
  CHECK(decision.facts.empty());
  CHECK(launched(decision) == std::vector{attempt_id(1, 0, 1)});
}

TEST_CASE("a stop that was lost on its way is repeated", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(one_trial());
  cluster.cancel("lr");
  const Decision decision = cluster.join({.link = 2, .known = {attempt_id(1, 0)}});
  CHECK(sent<Stop>(decision) == std::vector{Stop{attempt_id(1, 0), seconds(10)}});
}

TEST_CASE("a stop decided while its worker was away waits for it", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(one_trial());
  cluster.step(WorkerLost{WorkerId{1}});
  CHECK(sent<Stop>(cluster.cancel("lr")).empty());
  CHECK(sent<Stop>(cluster.join({.link = 2, .known = {attempt_id(1, 0)}})).size() == 1);
}

TEST_CASE("a worker is told to stop what nobody expects of it", "[core]") {
  Cluster cluster;
  const Decision decision = cluster.join({.known = {attempt_id(9, 0)}});
  CHECK(sent<Stop>(decision) == std::vector{Stop{attempt_id(9, 0), seconds(10)}});
}

TEST_CASE("a stopped attempt that is lost is not tried again", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(one_trial());
  cluster.cancel("lr_0");
  const Decision decision = cluster.join({.link = 2, .incarnation = 2});
  CHECK(launched(decision).empty());
  CHECK(facts<TrialEnded>(decision) ==
        std::vector{TrialEnded{{JobId{1}, 0}, Status::kCanceled, "canceled on request"}});
}

TEST_CASE("a trial that was lost five times fails", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(one_trial());
  Decision decision;
  for (std::int64_t life = 2; life <= 6; ++life) {
    CHECK(cluster.trial(1, 0).attempt == life - 1);
    decision = cluster.join({.link = life, .incarnation = static_cast<std::uint64_t>(life)});
  }
  CHECK(launched(decision).empty());
  CHECK(
      facts<TrialEnded>(decision) ==
      std::vector{TrialEnded{{JobId{1}, 0},
                             Status::kFailed,
                             "its worker was lost 5 times, the last 2 while it ran there alone"}});
  CHECK(facts<JobEnded>(decision).size() == 1);
}

TEST_CASE("a trial that kills its worker fails alone, and its neighbours get through", "[core]") {
  Cluster cluster;
  cluster.join({.slots = 3});
  cluster.start(sweep_job("lr", {.total = 3, .concurrent = 3}));
  std::int64_t link = 1;
  const auto die = [&] {
    ++link;
    return cluster.join(
        {.link = link, .incarnation = static_cast<std::uint64_t>(link), .slots = 3});
  };
  CHECK(launched(die()).size() == 3);
  CHECK(launched(die()).size() == 3);
  // From here on one at a time, lowest number first. Trial 0 is innocent.
  CHECK(launched(die()) == std::vector{attempt_id(1, 0, 4)});
  CHECK(cluster.bound(1) ==
        "trial lr_0 runs alone, since it was lost with its worker again and again");
  CHECK(launched(cluster.ended(attempt_id(1, 0, 4), {}, link)) == std::vector{attempt_id(1, 1, 4)});
  // Trial 1 is the culprit.
  CHECK(launched(die()) == std::vector{attempt_id(1, 1, 5)});
  const Decision last = die();
  CHECK(facts<TrialEnded>(last).size() == 1);
  CHECK(launched(last) == std::vector{attempt_id(1, 2, 4)});
  cluster.ended(attempt_id(1, 2, 4), {}, link);
  CHECK(cluster.job(1) == nullptr);
}

TEST_CASE("a worker runs empty for a trial that runs alone, and others go on elsewhere", "[core]") {
  Cluster cluster({.lost_in_company_max = 1});
  cluster.join({.link = 1, .name = "a", .slots = 2});
  cluster.start(one_trial());
  cluster.join({.link = 2, .name = "b", .slots = 3});
  cluster.submit(sweep_job("other", {.total = 9, .concurrent = 4}));
  CHECK(launched(cluster.suggested(2)).size() == 4);  // one slot of `a`, three of `b`
  // `a` dies with lr_0, which runs alone from now on, and one of `other`.
  const Decision lost = cluster.join({.link = 3, .name = "a", .incarnation = 2, .slots = 2});
  CHECK(launched(lost) == std::vector{attempt_id(1, 0, 2)});
  // The other one waits for a worker of its own: `b` gets nothing new until it is empty.
  CHECK(launched(cluster.ended(attempt_id(2, 1), {}, 2)).empty());
  CHECK(launched(cluster.ended(attempt_id(2, 2), {}, 2)).empty());
  CHECK(launched(cluster.ended(attempt_id(2, 3), {}, 2)) == std::vector{attempt_id(2, 0, 2)});
}

TEST_CASE("a lost attempt is tried again on a worker that has room", "[core]") {
  Cluster cluster;
  cluster.join({.link = 1, .name = "a", .slots = 1});
  cluster.start(one_trial());
  cluster.join({.link = 2, .name = "b", .slots = 1});
  const Decision decision = cluster.join({.link = 3, .name = "a", .incarnation = 2, .slots = 0});
  const auto assigned = facts<AttemptAssigned>(decision);
  REQUIRE(assigned.size() == 1);
  CHECK(assigned[0].worker_name == "b");
}

TEST_CASE("after a crash the state is what the facts made, and the limits of time stand",
          "[core]") {
  Cluster cluster;
  JobSpec spec = sweep_job("lr", {.total = 4, .concurrent = 2});
  spec.timeout = seconds(100);
  spec.sweep->limits.trial_timeout = seconds(60);
  cluster.join({});
  cluster.start(spec);
  cluster.logged(attempt_id(1, 0), {0.5, 0.75});
  const Instant started = cluster.now();
  const State before = cluster.core().state();
  cluster.advance(seconds(30));
  const Decision recovery = cluster.crash();
  CHECK(cluster.core().state() == before);
  CHECK(recovery.facts.empty());
  CHECK(recovery.commands == std::vector<Command>{SetTimer{started + seconds(60)}});
}

TEST_CASE("after a crash a stop is told again to the worker that comes back", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(one_trial());
  cluster.cancel("lr");
  cluster.crash();
  CHECK(sent<Stop>(cluster.join({.link = 2, .known = {attempt_id(1, 0)}})).size() == 1);
}

TEST_CASE("after a crash a report that was taken is not taken again", "[core]") {
  Cluster cluster;
  cluster.join({});
  cluster.start(one_trial());
  cluster.logged(attempt_id(1, 0), {0.5});
  cluster.crash();
  CHECK(sent<Welcome>(cluster.join({.link = 2, .known = {attempt_id(1, 0)}})) ==
        std::vector{Welcome{2}});
  const Decision decision = cluster.at_report(2, {2, AttemptLogged{attempt_id(1, 0), {}}});
  CHECK(decision.facts.empty());
}

}  // namespace
}  // namespace trawl::core
