// Leases: workers that are not heard of.
#include "core/lease.h"

#include <catch2/catch.hpp>

#include "tests/unit/core/cluster.h"

namespace trawl::core {
namespace {

using std::chrono::seconds;

constexpr Duration kLease = seconds(60);
constexpr Duration kGrace = seconds(10);
const Duration kWait = lease_wait(kLease, kGrace);

CoordinatorOptions options() {
  CoordinatorOptions options;
  options.lease = kLease;
  options.stop_grace = kGrace;
  return options;
}

Decision at_next_check(Cluster& cluster, Duration by) {
  cluster.advance(by);
  return cluster.step(TimerFired{});
}

TEST_CASE("a worker on another machine is told its lease, one on this machine has none", "[core]") {
  Cluster cluster(options());
  CHECK(sent<Welcome>(cluster.join({.link = 1, .name = "far", .local = false})) ==
        std::vector{Welcome{0, 0, kLease, kGrace}});
  CHECK(sent<Welcome>(cluster.join({.link = 2, .name = "near"})) == std::vector{Welcome{0}});
}

TEST_CASE("a heartbeat is answered with its own time", "[core]") {
  Cluster cluster(options());
  cluster.join({.local = false});
  const Decision decision = cluster.heartbeat(1, 0);
  CHECK(sent<HeartbeatSeen>(decision) == std::vector{HeartbeatSeen{cluster.now()}});
  CHECK(decision.facts.empty());
}

TEST_CASE("a silent worker gets nothing new until it is heard again", "[core]") {
  Cluster cluster(options());
  cluster.join({.link = 1, .name = "a", .slots = 1, .local = false});
  at_next_check(cluster, silence_max(kLease));
  CHECK(launched(cluster.submit(command_job("hello"))).empty());
  CHECK(cluster.bound(1) == "no worker is heard of");
  CHECK(launched(cluster.heartbeat(1, 0)) == std::vector{attempt_id(1, 0)});
}

TEST_CASE("an attempt is tried elsewhere once its worker must have ended it, and not sooner",
          "[core]") {
  Cluster cluster(options());
  cluster.join({.link = 1, .name = "a", .slots = 1, .local = false});
  cluster.start(command_job("hello"));
  cluster.join({.link = 2, .name = "b", .slots = 1});  // local: it needs no heartbeats
  at_next_check(cluster, silence_max(kLease));
  CHECK(at_next_check(cluster, kWait - silence_max(kLease) - Duration{1}).facts.empty());
  const Decision decision = at_next_check(cluster, Duration{1});
  REQUIRE(facts<AttemptFinished>(decision).size() == 1);
  CHECK(facts<AttemptFinished>(decision)[0].outcome.kind == Outcome::Kind::kLost);
  CHECK(launched(decision) == std::vector{attempt_id(1, 0, 2)});
  CHECK(commands<Dismiss>(decision) == std::vector{Dismiss{WorkerId{1}}});
}

TEST_CASE("a worker that is heard in time keeps its attempts for ever", "[core]") {
  Cluster cluster(options());
  cluster.join({.slots = 1, .local = false});
  cluster.start(command_job("hello"));
  for (int i = 0; i < 1000; ++i) {
    cluster.advance(kLease - seconds(1));
    CHECK(cluster.heartbeat(1, 1).facts.empty());
    CHECK(cluster.step(TimerFired{}).facts.empty());
  }
}

TEST_CASE("what a lost worker says later changes nothing", "[core]") {
  Cluster cluster(options());
  cluster.join({.slots = 1, .local = false});
  cluster.start(command_job("hello"));
  at_next_check(cluster, kWait);
  const Decision decision = cluster.ended(attempt_id(1, 0));
  CHECK(decision.facts.empty());
  CHECK(decision.commands.empty());
}

TEST_CASE("a lost worker that comes back ends what was given to others", "[core]") {
  Cluster cluster(options());
  cluster.join({.link = 1, .name = "a", .slots = 1, .local = false});
  cluster.start(command_job("hello"));
  cluster.join({.link = 2, .name = "b", .slots = 1});
  at_next_check(cluster, kWait);
  const Decision decision =
      cluster.join({.link = 3, .name = "a", .slots = 1, .known = {attempt_id(1, 0)}});
  CHECK(sent<Stop>(decision) == std::vector{Stop{attempt_id(1, 0), kGrace}});
}

TEST_CASE("a coordinator that starts waits for the leases of the one before", "[core]") {
  CoordinatorOptions shorter = options();
  shorter.lease_wait_before = seconds(600);
  Cluster cluster(shorter);
  cluster.join({.link = 1, .name = "a", .slots = 1, .local = false});
  cluster.start(command_job("hello"));
  cluster.crash();
  CHECK(at_next_check(cluster, seconds(599)).facts.empty());
  CHECK(facts<AttemptFinished>(at_next_check(cluster, seconds(1))).size() == 1);
}

TEST_CASE("a worker that ended an attempt itself, cut off, has it tried again without blame",
          "[core]") {
  CoordinatorOptions strict = options();
  strict.lost_attempts_max = 1;
  Cluster cluster(strict);
  cluster.join({.slots = 1, .local = false});
  cluster.start(command_job("hello"));
  for (std::int32_t attempt = 1; attempt < 10; ++attempt) {
    const Decision decision =
        cluster.ended(attempt_id(1, 0, attempt), {Outcome::Kind::kFenced, 0, "it was cut off"});
    CHECK(launched(decision) == std::vector{attempt_id(1, 0, attempt + 1)});
    cluster.started(attempt_id(1, 0, attempt + 1));
  }
}

TEST_CASE("a lost launch is noticed by the second heartbeat after it, and asked for", "[core]") {
  Cluster cluster(options());
  cluster.join({.slots = 1, .local = false});
  cluster.submit(command_job("hello"));
  CHECK(sent<HelloAgain>(cluster.heartbeat(1, 0)).empty());  // it may have crossed
  CHECK(sent<HelloAgain>(cluster.heartbeat(1, 0)).size() == 1);
  CHECK(launched(cluster.join({.slots = 1, .local = false})) == std::vector{attempt_id(1, 0)});
  CHECK(sent<HelloAgain>(cluster.heartbeat(1, 1)).empty());
  CHECK(sent<HelloAgain>(cluster.heartbeat(1, 1)).empty());
}

TEST_CASE("a lost report is noticed by the second heartbeat after it, and asked for", "[core]") {
  Cluster cluster(options());
  cluster.join({.slots = 1, .local = false});
  cluster.submit(command_job("hello"));
  CHECK(sent<SendAgain>(cluster.heartbeat(1, 1, 1)).empty());
  CHECK(sent<SendAgain>(cluster.heartbeat(1, 1, 1)) == std::vector{SendAgain{0}});
  cluster.started(attempt_id(1, 0));
  CHECK(sent<SendAgain>(cluster.heartbeat(1, 1, 1)).empty());
}

TEST_CASE("after a gap the reports are asked for once", "[core]") {
  Cluster cluster(options());
  cluster.join({.slots = 1, .local = false});
  cluster.submit(command_job("hello"));
  const AttemptLogged logged{attempt_id(1, 0), {}};
  CHECK(sent<SendAgain>(cluster.at_report(1, {2, logged})) == std::vector{SendAgain{0}});
  CHECK(cluster.at_report(1, {3, logged}).commands.empty());
}

TEST_CASE("a hello that was overtaken by a later one of its worker changes nothing", "[core]") {
  Cluster cluster(options());
  const auto hello = [&](std::int64_t link, Session session) {
    return cluster.step(WorkerJoined{WorkerId{link}, session, {"w", 1, 1, {}}, false});
  };
  hello(1, {2, 1});
  CHECK(commands<Dismiss>(hello(2, {1, 9})) == std::vector{Dismiss{WorkerId{2}}});
  CHECK(commands<Send>(hello(2, {2, 1})).empty());
  CHECK(sent<Welcome>(hello(2, {2, 2})).size() == 1);
}

TEST_CASE("a second worker may not take the name of one that is heard of", "[core]") {
  Cluster cluster(options());
  cluster.join({.link = 1, .name = "node", .local = false, .spool = 1});
  const Decision decision = cluster.join({.link = 2, .name = "node", .local = false, .spool = 2});
  REQUIRE(sent<Refused>(decision).size() == 1);
  CHECK(sent<Refused>(decision)[0].reason ==
        "another worker named 'node' is connected; give this one another name");
  at_next_check(cluster, silence_max(kLease));
  CHECK(
      sent<Welcome>(cluster.join({.link = 2, .name = "node", .local = false, .spool = 2})).size() ==
      1);
}

TEST_CASE("a drain is answered once the worker has said that it leaves", "[core]") {
  Cluster cluster(options());
  cluster.join({.slots = 1, .local = false});
  const Decision asked = cluster.step(DrainRequested{RequestId{9}, "w"});
  CHECK(sent<Leave>(asked).size() == 1);
  CHECK(commands<Reply>(asked).empty());
  const Decision joined = cluster.join({.slots = 1, .local = false, .leaving = true});
  CHECK(commands<Reply>(joined) == std::vector{Reply{RequestId{9}, "w"}});
  CHECK(launched(cluster.submit(command_job("hello"))).empty());
}

TEST_CASE("a drain whose order was lost is ordered again with the next hello", "[core]") {
  Cluster cluster(options());
  cluster.join({.slots = 1, .local = false});
  cluster.step(DrainRequested{RequestId{9}, "w"});
  CHECK(sent<Leave>(cluster.join({.slots = 1, .local = false})).size() == 1);
}

TEST_CASE("a worker that has said goodbye is gone at once", "[core]") {
  Cluster cluster(options());
  cluster.join({.slots = 1, .local = false});
  CHECK(commands<Tell>(cluster.goodbye(1)) == std::vector{Tell{"worker w has left"}});
  CHECK(cluster.core().runtime().workers.empty());
  CHECK(commands<Tell>(at_next_check(cluster, kWait)).empty());
}

TEST_CASE("a drain of a worker that is not there, or of the local one, is refused", "[core]") {
  Cluster cluster(options());
  cluster.join({});
  const auto code = [&](const std::string& name) {
    const auto replies = commands<Reply>(cluster.step(DrainRequested{RequestId{9}, name}));
    REQUIRE(replies.size() == 1);
    return replies[0].answer.error().code;
  };
  CHECK(code("nobody") == ErrorCode::kNotFound);
  CHECK(code("w") == ErrorCode::kInvalid);
}

}  // namespace
}  // namespace trawl::core
