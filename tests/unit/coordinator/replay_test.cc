// What the store gives back after a crash. StoredCluster compares after every commit, so these
// tests only have to live through something.
#include <cmath>
#include <future>
#include <limits>
#include <numeric>
#include <random>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/unit/coordinator/stored_cluster.h"

namespace trawl::coordinator {
namespace {

using core::attempt_id;
using core::command_job;
using core::Outcome;
using core::sweep_job;
using std::chrono::seconds;

TEST_CASE("a sweep's whole life replays to the same state after every commit", "[store]") {
  StoredCluster stored;
  JobSpec spec = sweep_job("lr", {.total = 4, .concurrent = 2});
  spec.sweep->early_termination.rule = Bandit{std::nullopt, 0.1};
  stored.keep(stored.cluster.join({}));
  stored.start(spec);
  stored.keep(stored.cluster.logged(attempt_id(1, 0), {0.5, std::nan(""), 0.9}));
  stored.keep(stored.cluster.logged(attempt_id(1, 1), {0.1}));  // the policy stops it
  stored.keep(stored.cluster.ended(attempt_id(1, 1), {Outcome::Kind::kSignalled, 15, ""}));
  stored.keep(stored.cluster.suggested(1));
  stored.keep(stored.cluster.started(attempt_id(1, 2)));
  stored.keep(stored.cluster.join({.link = 2, .incarnation = 2}));  // both attempts are lost
  stored.keep(stored.cluster.logged(attempt_id(1, 0, 1), {0.95}, 2));
  stored.keep(stored.cluster.started(attempt_id(1, 0, 2), 2));
  stored.keep(stored.cluster.logged(attempt_id(1, 0, 2), {0.7}, 2));
  stored.keep(stored.cluster.ended(attempt_id(1, 0, 2), {}, 2));
  stored.keep(stored.cluster.suggested(1));
  stored.keep(stored.cluster.ended(attempt_id(1, 2, 2), {Outcome::Kind::kExited, 3, "boom"}, 2));
  stored.reopen();
  stored.keep(stored.cluster.ended(attempt_id(1, 3), {}, 2));
  CHECK(stored.cluster.job(1) == nullptr);
  CHECK(stored.row("SELECT status, best_trial, best_value FROM jobs") == "Completed|0|0.7");
}

TEST_CASE("every way of canceling replays to the same state", "[store]") {
  StoredCluster stored;
  JobSpec limited = sweep_job("limited", {.total = 9, .concurrent = 1});
  limited.sweep->limits.trial_timeout = seconds(10);
  limited.timeout = seconds(30);
  stored.keep(stored.cluster.join({.slots = 3}));
  stored.start(limited);
  stored.start(command_job("hello"));
  stored.keep(stored.cluster.cancel("hello"));
  stored.cluster.advance(seconds(11));
  stored.keep(stored.cluster.step(core::TimerFired{}));
  stored.keep(stored.cluster.ended(attempt_id(1, 0), {Outcome::Kind::kSignalled, 15, ""}));
  stored.keep(stored.cluster.suggested(1));
  stored.keep(stored.cluster.cancel("limited_1"));
  stored.cluster.advance(seconds(20));
  stored.keep(stored.cluster.step(core::TimerFired{}));
  stored.keep(stored.cluster.ended(attempt_id(1, 1), {Outcome::Kind::kSignalled, 9, ""}));
  stored.keep(stored.cluster.ended(attempt_id(2, 0), {Outcome::Kind::kSignalled, 15, ""}));
  CHECK(
      stored.rows("SELECT name, status, reason FROM jobs ORDER BY id") ==
      std::vector<std::string>{"limited|Canceled|" + stored.row("SELECT reason FROM jobs WHERE id "
                                                                "= 1"),
                               "hello|Canceled|canceled on request"});
  CHECK(stored.rows("SELECT name, status, stopped_by FROM trials ORDER BY job, number") ==
        std::vector<std::string>{"limited_0|Canceled|trial_timeout", "limited_1|Canceled|cancel",
                                 "hello|Canceled|cancel"});
}

TEST_CASE("numbers that JSON has none for replay to the same state", "[store]") {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  stored.start(sweep_job("lr", {.total = 2, .concurrent = 2}));
  stored.keep(stored.cluster.logged(attempt_id(1, 0), {std::nan(""), -kInfinity, 1e-320, -0.0}));
  stored.keep(stored.cluster.logged(attempt_id(1, 1), {kInfinity, std::nan("")}));
  stored.keep(stored.cluster.ended(attempt_id(1, 1), {Outcome::Kind::kExited, 1, ""}));
}

// Submissions, joins, reports, cancels, losses and time at random; the file is closed and opened
// again now and then.
class RandomLife {
 public:
  explicit RandomLife(std::uint32_t seed) : random_(seed) { join(); }

  void step() {
    switch (below(9)) {
      case 0:
        return submit();
      case 1:
        return join();
      case 2:
        return cancel();
      case 3:
        stored_.cluster.advance(seconds(below(20)));
        return keep(stored_.cluster.step(core::TimerFired{}));
      case 4:
        if (below(8) == 0) stored_.reopen();
        return keep(stored_.cluster.step(core::WorkerLost{core::WorkerId{link_ - below(2)}}));
      default:
        return report();
    }
  }

  StoredCluster& stored() { return stored_; }

 private:
  std::int64_t below(std::int64_t count) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(count));
  }

  void submit() {
    const std::string name = fmt::format("job{}", ++job_count_);
    JobSpec spec = command_job(name);
    if (below(3) > 0) {
      spec = sweep_job(name, {.total = 1 + below(5), .concurrent = 1 + below(3)});
      if (below(2) == 0) spec.sweep->objective.goal = Goal::kMinimize;
      if (below(2) == 0) spec.sweep->early_termination.rule = MedianStopping{};
      if (below(3) == 0) spec.sweep->limits.trial_timeout = seconds(15);
    }
    if (below(3) == 0) spec.timeout = seconds(60);
    keep(stored_.cluster.submit(spec));
  }

  void join() {
    incarnation_ += static_cast<std::uint64_t>(below(2));
    std::vector<core::AttemptId> known;
    for (const core::AttemptId& attempt : live()) {
      if (below(2) == 0) known.push_back(attempt);
    }
    keep(stored_.cluster.join(
        {.link = ++link_, .incarnation = incarnation_, .slots = 4, .known = known}));
  }

  void cancel() {
    if (job_count_ == 0 || below(3) > 0) return;
    const std::string job = fmt::format("job{}", 1 + below(job_count_));
    keep(stored_.cluster.cancel(below(2) == 0 ? job : fmt::format("{}_{}", job, below(3))));
  }

  void report() {
    const std::vector<core::AttemptId> attempts = live();
    if (attempts.empty()) return;
    const auto at = static_cast<std::size_t>(below(static_cast<std::int64_t>(attempts.size())));
    const core::AttemptId attempt = attempts[at];
    const std::array kOutcomes = {Outcome{}, Outcome{Outcome::Kind::kExited, 3, "tail"},
                                  Outcome{Outcome::Kind::kSignalled, 9, ""},
                                  Outcome{Outcome::Kind::kUnstarted, 0, "no such file"},
                                  Outcome{Outcome::Kind::kLost, 0, "the worker was restarted"}};
    if (below(4) == 0) {
      return keep(stored_.cluster.ended(
          attempt, kOutcomes[static_cast<std::size_t>(below(kOutcomes.size()))], link_));
    }
    if (below(3) == 0) return keep(stored_.cluster.started(attempt, link_));
    // Few values, so that ties are common.
    std::vector<double> values;
    for (std::int64_t i = below(3); i >= 0; --i) values.push_back(static_cast<double>(below(4)));
    if (below(5) == 0) values.push_back(std::nan(""));
    keep(stored_.cluster.logged(attempt, values, link_));
  }

  std::vector<core::AttemptId> live() const {
    std::vector<core::AttemptId> found;
    for (const auto& [id, job] : stored_.cluster.core().state().jobs) {
      for (const std::int64_t number : job.live) {
        found.push_back({{id, number}, job.trials[static_cast<std::size_t>(number)].attempt});
      }
    }
    return found;
  }

  // Suggestions are answered at once.
  void keep(const core::Decision& decision) {
    stored_.keep(decision);
    for (const core::Suggest& asked : core::commands<core::Suggest>(decision)) {
      keep(stored_.cluster.suggested(asked.job.number));
    }
  }

  std::mt19937 random_;
  StoredCluster stored_;
  std::int64_t link_ = 0;
  std::uint64_t incarnation_ = 1;
  std::int64_t job_count_ = 0;
};

TEST_CASE("random lives replay to the same state after every commit", "[store]") {
  const auto seed = static_cast<std::uint32_t>(GENERATE(range(1, 7)));
  INFO("seed " << seed);
  RandomLife life(seed);
  for (int i = 0; i < 120; ++i) life.step();
}

TEST_CASE("random lives leave the same tables however many facts a write has", "[store]") {
  const auto seed = static_cast<std::uint32_t>(GENERATE(range(7, 11)));
  INFO("seed " << seed);
  RandomLife life(seed);
  for (int i = 0; i < 120; ++i) life.step();
  for (const std::size_t count : {1, 3, 50, 1'000'000}) life.stored().compare_in_turns_of(count);
}

TEST_CASE("commits are told in the order in which their facts came", "[store]") {
  StoredCluster stored;
  std::vector<int> told;  // by the writer's thread alone, until the last promise
  std::promise<void> last;
  constexpr int kCount = 200;
  for (int i = 0; i < kCount; ++i) {
    stored.store().append({{{}, core::ReportsTaken{7, static_cast<std::uint64_t>(i)}}},
                          [&, i](const Result<void>& result) {
                            if (result) told.push_back(i);
                            if (i == kCount - 1) last.set_value();
                          });
  }
  last.get_future().get();
  std::vector<int> expected(kCount);
  std::iota(expected.begin(), expected.end(), 0);
  CHECK(told == expected);
  CHECK(stored.row("SELECT spool, taken FROM spools") == "7|199");
}

TEST_CASE("closing the store commits what was handed in", "[store]") {
  StoredCluster stored;
  for (std::uint64_t i = 0; i < 500; ++i) {
    stored.store().append({{{}, core::ReportsTaken{i, 1}}}, [](const Result<void>&) {});
  }
  stored.reopen();
  CHECK(stored.row("SELECT count(*) FROM spools") == "500");
}

TEST_CASE("a spool's number may be any 64 bits", "[store]") {
  StoredCluster stored;
  constexpr std::uint64_t kLargest = std::numeric_limits<std::uint64_t>::max();
  std::promise<Result<void>> promise;
  stored.store().append({{{}, core::ReportsTaken{kLargest, 5}}},
                        [&](const Result<void>& result) { promise.set_value(result); });
  REQUIRE(promise.get_future().get());
  core::Coordinator replayed({});
  REQUIRE(stored.store().reader().replay(replayed));
  CHECK(replayed.state().spools ==
        std::map<std::uint64_t, std::uint64_t>{{kLargest, std::uint64_t{5}}});
}

TEST_CASE("a damaged row of the journal is named", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.submit(sweep_job("lr", {})));
  stored.keep(stored.cluster.submit(sweep_job("other", {})));
  stored.tamper("UPDATE events SET fact = substr(fact, 1, 20) WHERE id = 2");
  core::Coordinator replayed({});
  const auto result = stored.store().reader().replay(replayed);
  REQUIRE_FALSE(result);
  CHECK(result.error().code == ErrorCode::kInvalid);
  CHECK(result.error().message ==
        "event 2 of the journal: a damaged message: the message is cut off");
}

TEST_CASE("of a job that has ended only its name and number come back", "[store]") {
  StoredCluster stored;
  stored.keep(stored.cluster.join({}));
  stored.start(command_job("hello"));
  stored.keep(stored.cluster.ended(attempt_id(1, 0)));
  stored.tamper("UPDATE events SET fact = x'00'");  // nobody reads them
  core::Coordinator replayed({});
  REQUIRE(stored.store().reader().replay(replayed));
  CHECK(replayed.state().jobs.empty());
  CHECK(replayed.state().names == std::map<std::string, core::JobId>{{"hello", core::JobId{1}}});
  CHECK(replayed.state().job_id_last == 1);
}

}  // namespace
}  // namespace trawl::coordinator
