// tests/conformance/mlflow/tracking_server.cc: a tracking endpoint for tests: one session, records
// in memory, or appended to nothing at all. Prints its port, serves until standard input ends, then
// prints how many records it holds.
//
//   tracking_server TOKEN ARTIFACTS_FOLDER [COMMIT_MICROSECONDS]
//
// The last argument makes each commit take so long, as a disk would.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <iterator>
#include <mutex>
#include <random>
#include <thread>

#include <fmt/format.h>

#include "tracking/server.h"

namespace trawl::tracking {
namespace {

class MemorySink : public Sink {
 public:
  explicit MemorySink(std::chrono::microseconds commit_time) : commit_time_(commit_time) {}

  Result<void> commit(std::span<const Record> records) override {
    if (commit_time_.count() > 0) std::this_thread::sleep_for(commit_time_);
    const std::lock_guard lock(mutex_);
    records_.insert(records_.end(), records.begin(), records.end());
    ++commit_count_;
    return {};
  }

  std::vector<Record> records() {
    const std::lock_guard lock(mutex_);
    return records_;
  }

  std::size_t commit_count() {
    const std::lock_guard lock(mutex_);
    return commit_count_;
  }

 private:
  const std::chrono::microseconds commit_time_;
  std::mutex mutex_;
  std::vector<Record> records_;
  std::size_t commit_count_ = 0;
};

std::string random_id() {
  static std::mutex mutex;
  static std::mt19937_64 random{std::random_device{}()};
  const std::lock_guard lock(mutex);
  const auto high = random();
  const auto low = random();
  return fmt::format("{:016x}{:016x}", high, low);
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

TrialSettings settings_of(MemorySink& sink, std::string token, std::string artifacts) {
  TrialSettings settings;
  settings.trial = "trial_0";
  settings.token = std::move(token);
  settings.run_id = "sweep_0";
  settings.run_name = "trial_0";
  settings.user = "tester";
  settings.start_time_ms = now_ms();
  settings.experiment_id = "7";
  settings.experiment_name = "conformance";
  settings.experiment_creation_ms = settings.start_time_ms;
  settings.tags = {{"mlflow.user", "tester"},
                   {"mlflow.source.type", "JOB"},
                   {"mlflow.parentRunId", "fedcba9876543210fedcba9876543210"}};
  settings.params = {{"sampled", "0.1"}};
  settings.artifacts_root = std::move(artifacts);
  settings.sink = &sink;
  settings.reload = [&sink] { return Result<std::vector<Record>>(sink.records()); };
  settings.now_ms = now_ms;
  settings.new_id = random_id;
  settings.warn = [](const std::string& text) { std::cerr << "warning: " << text << '\n'; };
  return settings;
}

int serve(int argument_count, char** arguments) {
  const long commit_us = argument_count > 3 ? std::strtol(arguments[3], nullptr, 10) : 0;
  MemorySink sink{std::chrono::microseconds{commit_us}};
  auto server = Server::start({});
  if (!server) {
    std::cerr << server.error().message << '\n';
    return 1;
  }
  const auto added = (*server)->add_session(settings_of(sink, arguments[1], arguments[2]));
  if (!added) {
    std::cerr << added.error().message << '\n';
    return 1;
  }
  std::cout << (*server)->port() << std::endl;
  std::cin.ignore(std::numeric_limits<std::streamsize>::max());
  server->reset();
  std::cout << sink.records().size() << " records in " << sink.commit_count() << " commits\n";
  return 0;
}

}  // namespace
}  // namespace trawl::tracking

int main(int argument_count, char** arguments) {
  if (argument_count < 3) {
    std::cerr << "usage: tracking_server TOKEN ARTIFACTS_FOLDER [COMMIT_MICROSECONDS]\n";
    return 3;
  }
  return trawl::tracking::serve(argument_count, arguments);
}
