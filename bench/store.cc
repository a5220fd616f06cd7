// bench/store.cc: what a trial costs the coordinator without its sockets: the core's decisions, the
// store's rows, and the replay of both, for a sweep on many workers.
//
//   bench_store FOLDER [TRIALS]
//
// One line a figure: name, microseconds of a trial, what was measured beside it, ratio, goal.
#include "coordinator/store.h"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <random>
#include <string>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "core/coordinator.h"
#include "samplers/sampler.h"

namespace trawl::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kWorkerCount = 2000;
constexpr int kTurn = 500;  // trials that end in one turn of the loop

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "bench_store: {}\n", why);
  std::exit(70);
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

JobSpec sweep(std::int64_t trial_count) {
  JobSpec spec;
  spec.name = "bench";
  spec.experiment_name = "Default";
  spec.document = "{}";
  spec.command.command = "python train.py --lr ${{search_space.lr}}";
  spec.command.environment = "azureml:none@latest";
  spec.command.shell_environment = "/home/somebody/.trawl/snapshots/bench/environment";
  SweepSpec search;
  search.search_space.push_back({"lr", Uniform{0, 1}});
  search.objective = {Goal::kMinimize, "loss"};
  search.limits.max_total_trials = trial_count;
  search.limits.max_concurrent_trials = kWorkerCount;
  spec.sweep = search;
  return spec;
}

class Cluster {
 public:
  explicit Cluster(coordinator::Store& store) : store_(store) {}

  void happened(decltype(core::Event::body) body) {
    std::vector<decltype(core::Event::body)> events;
    events.push_back(std::move(body));
    for (std::size_t i = 0; i < events.size(); ++i) {
      core::Decision decision = core_.step({{now_us_ += 10}, std::move(events[i])});
      std::ranges::move(decision.facts, std::back_inserter(facts_));
      for (core::Command& command : decision.commands) {
        if (const auto* ask = std::get_if<core::Suggest>(&command)) {
          events.emplace_back(answer(*ask));
        } else if (const auto* send = std::get_if<core::Send>(&command)) {
          const auto* launch = std::get_if<core::Launch>(&send->message.body);
          if (launch != nullptr) live_.push_back({send->worker, launch->order.attempt});
        }
      }
    }
  }

  /// `count` trials, chosen by chance, start and end.
  void end_some(std::size_t count) {
    for (; count > 0 && !live_.empty(); --count) {
      std::swap(live_[random_() % live_.size()], live_.back());
      const Live live = live_.back();
      live_.pop_back();
      std::uint64_t& seq = seqs_[static_cast<std::size_t>(live.worker.number)];
      const std::string folder = fmt::format("/home/somebody/.trawl/worker/attempts/bench_{}/1",
                                             live.attempt.trial.number);
      happened(core::ReportArrived{
          live.worker, {1, 1}, {++seq, core::AttemptStarted{live.attempt, 4711, folder}}});
      core::Outcome outcome;
      outcome.kind = core::Outcome::Kind::kExited;
      outcome.elapsed = std::chrono::seconds(1);
      happened(core::ReportArrived{
          live.worker, {1, 1}, {++seq, core::AttemptEnded{live.attempt, outcome}}});
      ++ended_count_;
    }
  }

  void commit() {
    std::promise<Result<void>> promise;
    store_.append(std::exchange(facts_, {}),
                  [&](const Result<void>& result) { promise.set_value(result); });
    const auto done = promise.get_future().get();
    if (!done) give_up(done.error().message);
  }

  std::int64_t ended_count() const { return ended_count_; }

 private:
  struct Live {
    core::WorkerId worker;
    core::AttemptId attempt;
  };

  core::Suggested answer(const core::Suggest& ask) const {
    core::Suggested suggested{ask.job, ask.first, ask.count, {}};
    const SweepSpec& sweep = *core_.state().jobs.at(ask.job).spec.sweep;
    for (std::int64_t index = ask.first; index < ask.first + ask.count; ++index) {
      suggested.suggestions.push_back(*samplers::suggest(sweep, index));
    }
    return suggested;
  }

  coordinator::Store& store_;
  core::Coordinator core_{{}};
  std::int64_t now_us_ = 1'000'000'000'000'000;
  std::vector<core::Fact> facts_;
  std::vector<Live> live_;
  std::vector<std::uint64_t> seqs_ = std::vector<std::uint64_t>(kWorkerCount + 1);
  std::int64_t ended_count_ = 0;
  std::mt19937 random_;
};

void print(const std::string& name, double figure, double beside, const std::string& beside_name,
           const std::string& goal) {
  fmt::print("{:<28} {:>12.4g} {:<14} {}: {:.4g}   ratio {:.3f}   goal {}\n", name, figure,
             "us/trial", beside_name, beside, figure / beside, goal);
  std::fflush(stdout);
}

std::unique_ptr<coordinator::Store> open_store(const std::string& path) {
  auto store = coordinator::Store::open(path);
  if (!store) give_up(store.error().message);
  return *std::move(store);
}

int run(const std::string& place, std::int64_t trial_count) {
  const std::string folder = fmt::format("{}/bench_store.{}", place, getpid());
  std::filesystem::create_directories(folder);
  const std::string path = folder + "/trawl.db";
  double core_s = 0;
  double store_s = 0;
  {
    const auto store = open_store(path);
    Cluster cluster(*store);
    for (int i = 1; i <= kWorkerCount; ++i) {
      core::Hello hello{fmt::format("worker-{}", i), static_cast<std::uint64_t>(i), 1, {}};
      cluster.happened(core::WorkerJoined{core::WorkerId{i}, {1, 1}, std::move(hello), true});
    }
    // One more than will end, so that the sweep stays unfinished.
    cluster.happened(core::SubmitRequested{core::RequestId{1}, sweep(trial_count + 1)});
    cluster.commit();
    while (cluster.ended_count() < trial_count) {
      auto begin = Clock::now();
      cluster.end_some(static_cast<std::size_t>(
          std::min<std::int64_t>(kTurn, trial_count - cluster.ended_count())));
      core_s += seconds_since(begin);
      begin = Clock::now();
      cluster.commit();
      store_s += seconds_since(begin);
    }
  }
  const auto begin = Clock::now();
  const auto store = open_store(path);
  core::Coordinator replayed({});
  const auto newest = store->reader().replay(replayed);
  if (!newest) give_up(newest.error().message);
  const double replay_s = seconds_since(begin);
  const auto us = [&](double seconds) { return seconds * 1e6 / static_cast<double>(trial_count); };
  print("store/decide", us(core_s), us(store_s), "its rows", "no goal of its own");
  print("store/write", us(store_s), us(core_s), "the decisions", "no goal of its own");
  print("store/replay", us(replay_s), us(store_s), "its rows", "no goal of its own");
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace trawl::bench

int main(int argument_count, char** arguments) {
  constexpr std::int64_t kTrials = 100'000;
  return trawl::bench::run(argument_count > 1 ? arguments[1] : ".",
                           argument_count > 2 ? std::atoll(arguments[2]) : kTrials);
}
