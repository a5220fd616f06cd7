// The worker agent's state machine.
#include "core/agent.h"

#include <algorithm>
#include <csignal>

#include <catch2/catch.hpp>

#include "tests/unit/core/cluster.h"

namespace trawl::core {
namespace {

using std::chrono::seconds;

const AttemptId kAttempt = attempt_id(1, 0);
const Outcome kSuccess{};

template <class Kind>
std::vector<Kind> all(const std::vector<AgentCommand>& commands) {
  std::vector<Kind> found;
  for (const AgentCommand& command : commands) {
    if (const auto* one = std::get_if<Kind>(&command)) found.push_back(*one);
  }
  return found;
}

class Bench {
 public:
  template <class Kind>
  std::vector<AgentCommand> happens(Kind event) {
    return agent_.step({now_, std::move(event)});
  }
  Bench() { welcome({}); }
  /// A new session.
  std::vector<AgentCommand> welcome(const Welcome& message) {
    happens(LinkUp{});
    order_count_ = 0;
    return gets(message);
  }
  /// In the present session, and in order.
  std::vector<AgentCommand> gets(const ToWorkerBody& body) {
    const bool is_order =
        std::holds_alternative<Launch>(body) || std::holds_alternative<Stop>(body);
    return happens(MessageArrived{{agent_.session(), is_order ? ++order_count_ : 0, body}});
  }
  std::vector<AgentCommand> launch(AttemptId attempt = kAttempt) {
    LaunchOrder order;
    order.attempt = attempt;
    return gets(Launch{order, std::nullopt});
  }
  std::vector<AgentCommand> spawned() { return happens(Spawned{kAttempt, 7, "/node/attempt"}); }
  void advance(Duration by) { now_ = now_ + by; }
  Instant now() const { return now_; }
  const Agent& agent() const { return agent_; }

 private:
  Agent agent_{AgentIdentity{"w", 3, 5, 2}};
  Instant now_{1'000'000};
  std::uint64_t order_count_ = 0;
};

TEST_CASE("the agent says hello with its name, its slots and what it knows", "[core][agent]") {
  Bench bench;
  bench.launch();
  const auto hellos = all<SayHello>(bench.happens(LinkUp{}));
  REQUIRE(hellos.size() == 1);
  CHECK(hellos[0].session == Session{3, 2});
  CHECK(hellos[0].hello == Hello{"w", 5, 2, {kAttempt}});
}

TEST_CASE("a launch that arrives twice spawns once", "[core][agent]") {
  Bench bench;
  CHECK(all<Spawn>(bench.launch()).size() == 1);
  CHECK(bench.launch().empty());
  bench.spawned();
  CHECK(bench.launch().empty());
  bench.happens(ProcessesGone{kAttempt, kSuccess});
  CHECK(bench.launch().empty());  // ended, and not yet acknowledged
}

TEST_CASE("a start and an end go into the spool, in that order", "[core][agent]") {
  Bench bench;
  bench.launch();
  const auto starts = all<Append>(bench.spawned());
  REQUIRE(starts.size() == 1);
  CHECK(starts[0].body == ReportBody{AttemptStarted{kAttempt, 7, "/node/attempt"}});
  const auto ends = all<Append>(bench.happens(ProcessesGone{kAttempt, kSuccess}));
  REQUIRE(ends.size() == 1);
  CHECK(ends[0].body == ReportBody{AttemptEnded{kAttempt, kSuccess}});
  CHECK(bench.agent().running_count() == 0);
}

TEST_CASE("an attempt that could not be started ends without a start", "[core][agent]") {
  Bench bench;
  bench.launch();
  const Outcome outcome{Outcome::Kind::kUnstarted, 0, "no such folder"};
  const auto reports = all<Append>(bench.happens(ProcessesGone{kAttempt, outcome}));
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].body == ReportBody{AttemptEnded{kAttempt, outcome}});
}

TEST_CASE("a stop asks first, and kills when the grace is over", "[core][agent]") {
  Bench bench;
  bench.launch();
  bench.spawned();
  const auto commands = bench.gets(Stop{kAttempt, seconds(10)});
  REQUIRE(all<Signal>(commands).size() == 1);
  CHECK_FALSE(all<Signal>(commands)[0].kill);
  REQUIRE(all<SetAgentTimer>(commands).size() == 1);
  CHECK(all<SetAgentTimer>(commands)[0].at == bench.now() + seconds(10));

  bench.advance(seconds(10));
  const auto kills = all<Signal>(bench.happens(AgentTimerFired{}));
  REQUIRE(kills.size() == 1);
  CHECK(kills[0].kill);
}

TEST_CASE("a stop that is repeated does not begin the grace anew", "[core][agent]") {
  Bench bench;
  bench.launch();
  bench.spawned();
  bench.gets(Stop{kAttempt, seconds(10)});
  bench.advance(seconds(9));
  CHECK(bench.gets(Stop{kAttempt, seconds(10)}).empty());
}

TEST_CASE("each stopped attempt has a grace of its own", "[core][agent]") {
  Bench bench;
  const AttemptId other = attempt_id(1, 1);
  bench.launch();
  bench.launch(other);
  bench.spawned();
  bench.happens(Spawned{other, 8, "/other"});
  bench.gets(Stop{kAttempt, seconds(10)});
  bench.advance(seconds(4));
  // The earlier timer stands.
  CHECK(all<SetAgentTimer>(bench.gets(Stop{other, seconds(10)})).empty());

  bench.advance(seconds(6));
  const auto commands = bench.happens(AgentTimerFired{});
  REQUIRE(all<Signal>(commands).size() == 1);
  CHECK(all<Signal>(commands)[0].attempt == kAttempt);
  REQUIRE(all<SetAgentTimer>(commands).size() == 1);
  CHECK(all<SetAgentTimer>(commands)[0].at == bench.now() + seconds(4));
}

TEST_CASE("an attempt that ends in its grace is not killed", "[core][agent]") {
  Bench bench;
  bench.launch();
  bench.spawned();
  bench.gets(Stop{kAttempt, seconds(10)});
  bench.happens(ProcessesGone{kAttempt, {Outcome::Kind::kSignalled, SIGTERM, ""}});
  bench.advance(seconds(10));
  CHECK(bench.happens(AgentTimerFired{}).empty());
}

TEST_CASE("a stop that comes before the start is told at once, and again at the start",
          "[core][agent]") {
  Bench bench;
  bench.launch();
  const auto early = all<Signal>(bench.gets(Stop{kAttempt, seconds(10)}));
  REQUIRE(early.size() == 1);
  CHECK_FALSE(early[0].kill);
  const auto signals = all<Signal>(bench.spawned());
  REQUIRE(signals.size() == 1);
  CHECK_FALSE(signals[0].kill);
  bench.advance(seconds(10));
  const auto kills = all<Signal>(bench.happens(AgentTimerFired{}));
  REQUIRE(kills.size() == 1);
  CHECK(kills[0].kill);
}

// Found by the simulator (seed 153): the kill was spent on an attempt that was not there yet.
TEST_CASE("an attempt that starts when its grace is over is killed at once", "[core][agent]") {
  Bench bench;
  bench.launch();
  bench.gets(Stop{kAttempt, seconds(10)});
  bench.advance(seconds(10));
  CHECK(all<Signal>(bench.happens(AgentTimerFired{})).empty());
  const auto signals = all<Signal>(bench.spawned());
  REQUIRE(signals.size() == 1);
  CHECK(signals[0].kill);
}

TEST_CASE("a stop of an attempt that is not here changes nothing", "[core][agent]") {
  Bench bench;
  CHECK(bench.gets(Stop{kAttempt, seconds(10)}).empty());
}

TEST_CASE("an ended attempt is known until its end is acknowledged", "[core][agent]") {
  Bench bench;
  bench.launch();
  bench.spawned();
  bench.happens(ProcessesGone{kAttempt, kSuccess});
  CHECK(bench.agent().known() == std::vector{kAttempt});
  bench.gets(Acknowledge{1});
  CHECK(bench.agent().known() == std::vector{kAttempt});  // its end is not durable yet
  bench.happens(EndSpooled{kAttempt, 2});
  CHECK(bench.agent().known() == std::vector{kAttempt});
  const auto discards = all<Discard>(bench.gets(Acknowledge{2}));
  REQUIRE(discards.size() == 1);
  CHECK(discards[0].committed == 2);
  CHECK(bench.agent().known().empty());
}

// Found by the simulator (seed 15): such an attempt stayed known, and its worker never left.
TEST_CASE("an acknowledgement may come before the agent hears that the end is durable",
          "[core][agent]") {
  Bench bench;
  bench.launch();
  bench.spawned();
  bench.happens(ProcessesGone{kAttempt, kSuccess});
  bench.gets(Acknowledge{2});
  bench.happens(EndSpooled{kAttempt, 2});
  CHECK(bench.agent().known().empty());
}

TEST_CASE("an end that an earlier incarnation spooled is known", "[core][agent]") {
  Bench bench;
  bench.happens(EndSpooled{kAttempt, 4});
  CHECK(bench.agent().known() == std::vector{kAttempt});
  bench.welcome({4});
  CHECK(bench.agent().known().empty());
}

TEST_CASE("a welcome drops what is committed and has the rest sent again", "[core][agent]") {
  Bench bench;
  const auto commands = bench.welcome({6});
  REQUIRE(all<Discard>(commands).size() == 1);
  CHECK(all<Discard>(commands)[0].committed == 6);
  REQUIRE(all<Resend>(commands).size() == 1);
  CHECK(all<Resend>(commands)[0].committed == 6);
}

TEST_CASE("a worker that is to leave quits once nothing runs and every end is acknowledged",
          "[core][agent]") {
  Bench bench;
  bench.launch();
  bench.spawned();
  CHECK(all<Quit>(bench.gets(Leave{})).empty());
  CHECK(all<Append>(bench.welcome({})).empty());                     // as one that leaves
  const auto refused = all<Append>(bench.launch(attempt_id(1, 1)));  // nothing new
  REQUIRE(refused.size() == 1);
  CHECK(std::get<AttemptEnded>(refused[0].body).outcome.kind == Outcome::Kind::kReturned);
  bench.happens(EndSpooled{attempt_id(1, 1), 1});
  CHECK(all<Quit>(bench.happens(ProcessesGone{kAttempt, kSuccess})).empty());
  CHECK(all<Quit>(bench.happens(EndSpooled{kAttempt, 2})).empty());
  CHECK(all<Quit>(bench.gets(Acknowledge{2})).size() == 1);
}

TEST_CASE("an idle worker that is to leave quits at once", "[core][agent]") {
  Bench bench;
  CHECK(all<Quit>(bench.gets(Leave{})).size() == 1);
}

LaunchOrder order_of(AttemptId attempt) {
  LaunchOrder order;
  order.attempt = attempt;
  return order;
}

TEST_CASE("a successor starts when the one before has ended, and not sooner", "[core][agent]") {
  Bench bench;
  bench.launch();
  bench.spawned();
  CHECK(all<Spawn>(bench.gets(Launch{order_of(attempt_id(1, 1)), kAttempt})).empty());
  CHECK(all<Spawn>(bench.gets(Launch{order_of(attempt_id(1, 2)), attempt_id(1, 1)})).empty());
  const auto spawned = all<Spawn>(bench.happens(ProcessesGone{kAttempt, kSuccess}));
  REQUIRE(spawned.size() == 1);
  CHECK(spawned[0].order.attempt == attempt_id(1, 1));
}

TEST_CASE("a successor of an attempt that is unknown starts at once, if a slot is free",
          "[core][agent]") {
  Bench bench;
  CHECK(all<Spawn>(bench.gets(Launch{order_of(attempt_id(1, 1)), kAttempt})).size() == 1);
  CHECK(all<Spawn>(bench.launch(attempt_id(1, 2))).size() == 1);
  CHECK(all<Spawn>(bench.launch(attempt_id(1, 3))).empty());  // two slots
  CHECK(all<Spawn>(bench.happens(ProcessesGone{attempt_id(1, 1), kSuccess})).size() == 1);
}

TEST_CASE("a successor whose slot stays busy goes back, and its own successor moves up",
          "[core][agent]") {
  Bench bench;
  bench.launch();
  bench.spawned();
  const auto timers = all<SetAgentTimer>(bench.gets(Launch{order_of(attempt_id(1, 1)), kAttempt}));
  REQUIRE(timers.size() == 1);
  bench.advance(timers[0].at - bench.now());
  const auto reports = all<Append>(bench.happens(AgentTimerFired{}));
  REQUIRE(reports.size() == 1);
  const auto& ended = std::get<AttemptEnded>(reports[0].body);
  CHECK(ended.attempt == attempt_id(1, 1));
  CHECK(ended.outcome.kind == Outcome::Kind::kReturned);
  // The coordinator did not know that yet when it sent this one: it waits for the first attempt.
  CHECK(all<Spawn>(bench.gets(Launch{order_of(attempt_id(1, 2)), attempt_id(1, 1)})).empty());
  const auto spawned = all<Spawn>(bench.happens(ProcessesGone{kAttempt, kSuccess}));
  REQUIRE(spawned.size() == 1);
  CHECK(spawned[0].order.attempt == attempt_id(1, 2));
}

TEST_CASE("the next of each slot is prepared, once, and none behind it", "[core][agent]") {
  Bench bench;
  bench.launch();
  const auto prepared = all<Prepare>(bench.gets(Launch{order_of(attempt_id(1, 1)), kAttempt}));
  REQUIRE(prepared.size() == 1);
  CHECK(prepared[0].order.attempt == attempt_id(1, 1));
  CHECK(all<Prepare>(bench.gets(Launch{order_of(attempt_id(1, 2)), attempt_id(1, 1)})).empty());
  CHECK(all<Prepare>(bench.launch(attempt_id(2, 0))).empty());  // it starts: a slot is free
  const auto other = all<Prepare>(bench.gets(Launch{order_of(attempt_id(2, 1)), attempt_id(2, 0)}));
  REQUIRE(other.size() == 1);
  CHECK(other[0].order.attempt == attempt_id(2, 1));
  const auto commands = bench.happens(ProcessesGone{kAttempt, kSuccess});
  REQUIRE(all<Spawn>(commands).size() == 1);
  REQUIRE(all<Prepare>(commands).size() == 1);
  CHECK(all<Prepare>(commands)[0].order.attempt == attempt_id(1, 2));
  CHECK(all<Forget>(commands).empty());
}

TEST_CASE("what was prepared and is not started is forgotten", "[core][agent]") {
  Bench bench;
  bench.launch();
  bench.gets(Launch{order_of(attempt_id(1, 1)), kAttempt});
  bench.gets(Launch{order_of(attempt_id(1, 2)), attempt_id(1, 1)});
  CHECK(all<Forget>(bench.gets(Stop{attempt_id(1, 2), seconds(10)})).empty());
  const auto forgotten = all<Forget>(bench.gets(Stop{attempt_id(1, 1), seconds(10)}));
  REQUIRE(forgotten.size() == 1);
  CHECK(forgotten[0].attempt == attempt_id(1, 1));
}

TEST_CASE("an end that many successors follow may be told late, others not", "[core][agent]") {
  Bench bench;
  bench.launch();
  CHECK_FALSE(all<Append>(bench.spawned())[0].is_awaited);
  constexpr int kCount = 10;
  for (int i = 0; i < kCount; ++i) {
    bench.gets(Launch{order_of(attempt_id(1, i + 1)), attempt_id(1, i)});
  }
  std::vector<bool> awaited;
  for (int i = 0; i <= kCount; ++i) {
    const auto ends = all<Append>(bench.happens(ProcessesGone{attempt_id(1, i), kSuccess}));
    REQUIRE(ends.size() == 1);
    awaited.push_back(ends[0].is_awaited);
  }
  CHECK_FALSE(awaited.front());
  CHECK(awaited.back());
  CHECK(std::ranges::is_sorted(awaited));
}

TEST_CASE("a successor that is stopped never starts", "[core][agent]") {
  Bench bench;
  bench.launch();
  bench.spawned();
  bench.gets(Launch{order_of(attempt_id(1, 1)), kAttempt});
  bench.gets(Launch{order_of(attempt_id(1, 2)), attempt_id(1, 1)});
  const auto commands = bench.gets(Stop{attempt_id(1, 1), seconds(10)});
  CHECK(all<Signal>(commands).empty());
  REQUIRE(all<Append>(commands).size() == 1);
  const auto spawned = all<Spawn>(bench.happens(ProcessesGone{kAttempt, kSuccess}));
  REQUIRE(spawned.size() == 1);
  CHECK(spawned[0].order.attempt == attempt_id(1, 2));
}

constexpr Duration kLease = seconds(60);
constexpr Duration kGrace = seconds(10);

// With the lease begun now.
Bench leased() {
  Bench bench;
  bench.welcome({0, 1, kLease, kGrace});
  return bench;
}

TEST_CASE("a leased worker says a heartbeat with its time and how far it has come",
          "[core][agent]") {
  Bench bench = leased();
  bench.launch();
  bench.spawned();
  bench.advance(kLease / 6);
  const auto beats = all<SayHeartbeat>(bench.happens(AgentTimerFired{}));
  REQUIRE(beats.size() == 1);
  CHECK(beats[0].session == bench.agent().session());
  CHECK(beats[0].heartbeat.sent == bench.now());
  CHECK(beats[0].heartbeat.orders == 1);
}

TEST_CASE("a worker without a lease says no heartbeats and goes on for ever", "[core][agent]") {
  Bench bench;
  bench.launch();
  bench.spawned();
  bench.happens(LinkDown{});
  bench.advance(std::chrono::hours(1000));
  CHECK(bench.happens(AgentTimerFired{}).empty());
}

TEST_CASE("what the coordinator has answered begins the lease anew at the time it was sent",
          "[core][agent]") {
  Bench bench = leased();
  const Instant sent = bench.now() + seconds(10);
  bench.advance(seconds(25));
  const auto limits = all<LimitAttempts>(bench.gets(HeartbeatSeen{sent}));
  REQUIRE(limits.size() == 1);
  CHECK(limits[0].until == sent + kLease + kGrace);
  CHECK(all<LimitAttempts>(bench.gets(HeartbeatSeen{sent - seconds(5)})).empty());  // late: no less
}

TEST_CASE("when the lease is over, everything is ended, and told as such", "[core][agent]") {
  Bench bench = leased();
  bench.launch();
  bench.spawned();
  bench.advance(kLease - Duration{1});
  bench.gets(Launch{order_of(attempt_id(1, 1)), kAttempt});
  bench.happens(LinkDown{});
  CHECK(all<Signal>(bench.happens(AgentTimerFired{})).empty());
  bench.advance(Duration{1});
  const auto commands = bench.happens(AgentTimerFired{});
  REQUIRE(all<Signal>(commands).size() == 1);
  CHECK_FALSE(all<Signal>(commands)[0].kill);
  REQUIRE(all<Append>(commands).size() == 1);  // the successor, which never ran
  const auto given_back = std::get<AttemptEnded>(all<Append>(commands)[0].body);
  CHECK(given_back.attempt == attempt_id(1, 1));
  CHECK(given_back.outcome.kind == Outcome::Kind::kFenced);
  CHECK(all<Spawn>(commands).empty());
  bench.advance(kGrace);
  const auto kills = all<Signal>(bench.happens(AgentTimerFired{}));
  REQUIRE(kills.size() == 1);
  CHECK(kills[0].kill);
  const auto ends = all<Append>(bench.happens(ProcessesGone{kAttempt, kSuccess}));
  REQUIRE(ends.size() == 1);
  CHECK(std::get<AttemptEnded>(ends[0].body).outcome.kind == Outcome::Kind::kFenced);
}

// It was frozen: what waits for it may be as old as that.
TEST_CASE("a lease that is over is noticed before a message is read", "[core][agent]") {
  Bench bench = leased();
  const Session before = bench.agent().session();
  bench.advance(kLease);
  const auto commands = bench.launch();
  CHECK(all<Spawn>(commands).empty());
  REQUIRE(all<SayHello>(commands).size() == 1);
  CHECK(all<SayHello>(commands)[0].session > before);
}

TEST_CASE("a message of an earlier session changes nothing", "[core][agent]") {
  Bench bench;
  const Session before = bench.agent().session();
  bench.welcome({});
  LaunchOrder order;
  order.attempt = kAttempt;
  CHECK(bench.happens(MessageArrived{{before, 1, Launch{order, std::nullopt}}}).empty());
}

TEST_CASE("orders are taken in their order, once", "[core][agent]") {
  Bench bench;
  const auto give = [&](std::uint64_t order, std::int64_t number) {
    return all<Spawn>(bench.happens(MessageArrived{
        {bench.agent().session(), order, Launch{order_of(attempt_id(1, number)), std::nullopt}}}));
  };
  CHECK(give(2, 1).empty());  // the first is missing
  CHECK(give(1, 0).size() == 1);
  CHECK(give(1, 0).empty());
  CHECK(give(2, 1).size() == 1);
}

TEST_CASE("a hello that is not answered is said again, at growing intervals", "[core][agent]") {
  Bench bench;
  bench.happens(LinkUp{});
  std::vector<Duration> waits;
  for (int i = 0; i < 6; ++i) {
    const Instant before = bench.now();
    while (all<SayHello>(bench.happens(AgentTimerFired{})).empty()) bench.advance(seconds(1));
    waits.push_back(bench.now() - before);
  }
  CHECK(std::ranges::is_sorted(waits));
  CHECK(waits.front() == seconds(5));
  CHECK(waits.back() == seconds(40));
}

TEST_CASE("a link over which nothing is answered is made anew", "[core][agent]") {
  Bench bench = leased();
  std::size_t reconnect_count = 0;
  for (int i = 0; i < 4; ++i) {
    bench.advance(kLease / 6);
    reconnect_count += all<Reconnect>(bench.happens(AgentTimerFired{})).size();
  }
  CHECK(reconnect_count == 1);
}

TEST_CASE("a worker that is refused says hello again later", "[core][agent]") {
  Bench bench;
  bench.happens(LinkUp{});
  const auto told = all<TellAgent>(
      bench.happens(MessageArrived{{bench.agent().session(), 0, Refused{"the name is taken"}}}));
  REQUIRE(told.size() == 1);
  CHECK(told[0].sentence == "the coordinator refuses this worker: the name is taken");
  bench.advance(seconds(5));
  CHECK(all<SayHello>(bench.happens(AgentTimerFired{})).size() == 1);
}

TEST_CASE("an attempt that an earlier life has started is known, told and stopped like others",
          "[core][agent]") {
  Bench bench;
  const auto starts = all<Append>(bench.happens(Adopted{kAttempt, 7, "/node/attempt"}));
  REQUIRE(starts.size() == 1);
  CHECK(starts[0].body == ReportBody{AttemptStarted{kAttempt, 7, "/node/attempt"}});
  CHECK(bench.agent().known() == std::vector{kAttempt});
  CHECK(all<Signal>(bench.gets(Stop{kAttempt, kGrace})).size() == 1);
}

TEST_CASE("an adopted attempt holds its slot, is stopped and ends like any other",
          "[core][agent]") {
  Bench bench;
  bench.happens(Adopted{kAttempt, 7, "/node/attempt"});
  bench.launch(attempt_id(1, 1));
  CHECK(all<Spawn>(bench.launch(attempt_id(1, 2))).empty());  // of two slots
  CHECK(all<Signal>(bench.gets(Stop{kAttempt, seconds(10)})).size() == 1);
  bench.advance(seconds(10));
  CHECK(all<Signal>(bench.happens(AgentTimerFired{})).size() == 1);
  const auto commands = bench.happens(ProcessesGone{kAttempt, kSuccess});
  CHECK(all<Append>(commands).at(0).body == ReportBody{AttemptEnded{kAttempt, kSuccess}});
  CHECK(all<Spawn>(commands).size() == 1);
}

TEST_CASE("an adopted attempt that could not be started has no start to report", "[core][agent]") {
  Bench bench;
  CHECK(bench.happens(Adopted{kAttempt, 0, "/node/attempt"}).empty());
  CHECK(bench.agent().known() == std::vector{kAttempt});
}

TEST_CASE("an attempt whose end is in the spool is not adopted", "[core][agent]") {
  Bench bench;
  bench.happens(EndSpooled{kAttempt, 4});
  CHECK(bench.happens(Adopted{kAttempt, 7, "/node/attempt"}).empty());
  CHECK(bench.agent().running_count() == 0);
}

}  // namespace
}  // namespace trawl::core
