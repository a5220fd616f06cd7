// The last words about a sweep.
#include "cli/view/sweep_summary.h"

#include <catch2/catch.hpp>

#include "tests/unit/cli/watched.h"

namespace trawl::cli {
namespace {

using Json = nlohmann::ordered_json;

Json ended_job(const std::string& status) {
  Json job = sweep_job();
  job["status"] = status;
  job["ended_us"] = kStart + 72 * kSecond;
  return job;
}

std::string summary_of(const Json& job, const Json& trials) {
  SweepProgress progress;
  progress.update(watched(job, trials));
  return text_of(sweep_summary(progress));
}

}  // namespace

TEST_CASE("a summary names the best trial, the counts, and each kind of reason", "[cli]") {
  Json trials = Json::array();
  trials.push_back(reporting_trial(0, "Completed", 0.9123456789, 10));
  trials[0]["parameters"]["learning_rate"] = 0.0123456789012345;
  for (int number = 1; number < 9; ++number) {
    trials.push_back(reporting_trial(number, "Canceled", 0.5, 3));
    trials.back()["reason"] = "bandit: 0.5 is below 0.8";
  }
  trials.push_back(sweep_trial(9, "Failed"));
  trials.back()["reason"] = "exit code 1: ValueError: \x1b[31mred";
  trials.push_back(sweep_trial(10, "Completed"));
  trials.back()["reason"] = "never logged the primary metric 'accuracy'";
  trials.push_back(sweep_trial(11, "Canceled"));
  trials.back()["reason"] = "limits.trial_timeout of 60 s is over";
  Json job = ended_job("Completed");
  job["best_trial"] = "s_0";
  job["best_value"] = 0.9123456789;
  job["reason"] = "1 of 12 trials failed";
  CHECK(summary_of(job, trials) == R"(s Completed in 1m12s: 1 of 12 trials failed
  best    s_0  accuracy = 0.9123456789
          learning_rate = 0.0123456789012345, layers = 2
  trials  12: 9 Canceled (8 by policy), 2 Completed, 1 Failed
  stopped by bandit
    s_1  0.5 is below 0.8
    s_2  0.5 is below 0.8
    s_3  0.5 is below 0.8
    s_4  0.5 is below 0.8
    s_5  0.5 is below 0.8
    … 3 more
  failed
    s_9  exit code 1: ValueError: \x1b[31mred
  notes
    s_10  never logged the primary metric 'accuracy'
    s_11  limits.trial_timeout of 60 s is over
)");
}

TEST_CASE("a canceled sweep says why once", "[cli]") {
  Json trial = sweep_trial(0, "Canceled");
  trial["reason"] = "canceled by a user";
  Json job = ended_job("Canceled");
  job["reason"] = "canceled by a user";
  CHECK(summary_of(job, Json::array({trial})) ==
        "s Canceled in 1m12s: canceled by a user\n  trials  1: 1 Canceled\n");
}

TEST_CASE("a sweep that never had a trial has a summary", "[cli]") {
  Json job = ended_job("Canceled");
  job.erase("started_us");
  CHECK(summary_of(job, Json::array()) == "s Canceled in 1m12s\n  trials  0\n");
}

TEST_CASE("a reason is at most 300 columns", "[cli]") {
  Json trial = sweep_trial(0, "Failed");
  trial["reason"] = std::string(10'000, 'x');
  CHECK(summary_of(ended_job("Failed"), Json::array({trial})).size() < 500);
}

}  // namespace trawl::cli
