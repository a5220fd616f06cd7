// The live table's frames, exactly as they stand on terminals of several sizes.
#include "cli/view/sweep_frame.h"

#include <chrono>

#include <catch2/catch.hpp>

#include "tests/unit/cli/watched.h"

namespace trawl::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr TerminalSize kUsual{80, 24};
constexpr TerminalSize kSmall{40, 10};
constexpr TerminalSize kLarge{200, 50};
constexpr std::int64_t kNow = kStart + 72 * kSecond;

// 16 trials: 0 to 6 have ended (2 stopped by the policy, 5 failed), 7 to 10 run, the rest wait.
SweepProgress half_way() {
  Json trials = Json::array();
  for (std::int64_t number = 0; number < 7; ++number) {
    trials.push_back(
        reporting_trial(number, "Completed", 0.5 + 0.01 * static_cast<double>(number), 10));
  }
  trials[2]["status"] = "Canceled";
  trials[2]["reason"] = "bandit: 0.52 is below 0.6";
  trials[5]["status"] = "Failed";
  trials[5]["reason"] = "exit code 1";
  trials[5].erase("best_value");
  for (std::int64_t number = 7; number < 11; ++number) {
    trials.push_back(reporting_trial(number, "Running", 0.25, 3));
  }
  for (std::int64_t number = 11; number < 16; ++number) {
    trials.push_back(sweep_trial(number, "Queued"));
  }
  Json job = sweep_job();
  job["best_trial"] = "s_6";
  job["best_value"] = 0.56;
  SweepProgress progress;
  progress.update(watched(job, trials));
  return progress;
}

SweepProgress large_sweep(std::int64_t count) {
  Json trials = Json::array();
  for (std::int64_t number = 0; number < count; ++number) {
    const std::string status = number >= count - 4 ? "Running"
                               : number % 3 == 0   ? "Canceled"
                                                   : "Completed";
    trials.push_back(reporting_trial(number, status, 0.5, 10));
  }
  Json job = sweep_job();
  job["max_total_trials"] = count;
  job["best_trial"] = "s_17";
  job["best_value"] = 0.5;
  SweepProgress progress;
  progress.update(watched(job, trials));
  return progress;
}

}  // namespace

TEST_CASE("a usual terminal shows every trial of a small sweep", "[cli]") {
  CHECK(text_of(sweep_frame(half_way(), kUsual, kNow)) ==
        R"(s  Running · maximize accuracy · policy bandit · up to 4 at once
  trial  status     learning_rate  layers  accuracy  best   step  elapsed
  s_0    Completed  0.1            2            0.5   0.5     10    0m10s
  s_1    Completed  0.1            2           0.51  0.51     10    0m11s
  s_2    Canceled   0.1            2           0.52  0.52     10    0m12s
  s_3    Completed  0.1            2           0.53  0.53     10    0m13s
  s_4    Completed  0.1            2           0.54  0.54     10    0m14s
  s_5    Failed     0.1            2           0.55     -     10    0m15s
* s_6    Completed  0.1            2           0.56  0.56     10    0m16s
  s_7    Running    0.1            2           0.25  0.25      3    1m02s
  s_8    Running    0.1            2           0.25  0.25      3    1m02s
  s_9    Running    0.1            2           0.25  0.25      3    1m02s
  s_10   Running    0.1            2           0.25  0.25      3    1m02s
  s_11   Queued     0.1            2              -     -      -        -
  s_12   Queued     0.1            2              -     -      -        -
  s_13   Queued     0.1            2              -     -      -        -
  s_14   Queued     0.1            2              -     -      -        -
  s_15   Queued     0.1            2              -     -      -        -
[####------] 7/16 trials · 4 running · 1 stopped by policy · 1 failed
best 0.56 (s_6) · elapsed 1m12s
)");
}

TEST_CASE("a small terminal shows the best, what runs, and counts the rest", "[cli]") {
  CHECK(text_of(sweep_frame(half_way(), kSmall, kNow)) ==
        R"(s  Running · maximize accuracy · polic…
  trial  status     learning…  accuracy
*     6  Completed  0.1, 2         0.56
      7  Running    0.1, 2         0.25
      8  Running    0.1, 2         0.25
  … 13 more: 1 Canceled, 4 Completed, …
[####------] 7/16 trials · 4 running
1 stopped by policy · 1 failed
best 0.56 (trial 6) · elapsed 1m12s
)");
}

TEST_CASE("a large terminal has the footer on one line", "[cli]") {
  const std::string text = text_of(sweep_frame(half_way(), kLarge, kNow));
  CHECK(
      text.find("\n[########------------] 7/16 trials · 4 running · 1 stopped by policy · 1 failed "
                "· best 0.56 (s_6) · elapsed 1m12s\n") != text.npos);
}

TEST_CASE("no frame is higher or wider than its terminal", "[cli]") {
  const SweepProgress progress = half_way();
  for (std::size_t columns = 1; columns < 130; ++columns) {
    for (std::size_t rows = 1; rows < 30; ++rows) {
      const auto lines = sweep_frame(progress, {columns, rows}, kNow);
      REQUIRE(lines.size() <= std::max(rows, std::size_t{2}) - 1);
      for (const Line& line : lines) {
        INFO(columns << "x" << rows << ": " << plain(line));
        REQUIRE(display_width(line) <= std::max(columns, std::size_t{2}) - 1);
      }
    }
  }
}

TEST_CASE("names become numbers, then parameter names are cut, then they share a column", "[cli]") {
  Json trial = reporting_trial(3, "Running", 0.25, 3);
  trial["name"] = "brave_digits_7x2k1_3";
  trial["parameters"] = {{"learning_rate", 0.0123456}, {"batch_size", 128}, {"activation", "tanh"}};
  SweepProgress progress;
  progress.update(watched(sweep_job(), Json::array({trial})));
  const auto head = [&](std::size_t columns) {
    return plain(sweep_frame(progress, {columns, 24}, kNow)[1]);
  };
  CHECK(
      head(110) ==
      "  trial                 status     learning_rate  batch_size  activation  accuracy  best   "
      "step  elapsed");
  CHECK(
      head(92) ==
      "  trial  status     learning_rate  batch_size  activation  accuracy  best   step  elapsed");
  CHECK(head(84) ==
        "  trial  status     learning…  batch_si…  activati…  accuracy  best   step  elapsed");
  CHECK(head(78) == "  trial  status     learn…   batch…  activ…  accuracy  best   step  elapsed");
  CHECK(head(72) == "  trial  status     learn…   batch…  activ…  accuracy   step  elapsed");
  CHECK(head(66) == "  trial  status     learning_rate, bat…  accuracy   step  elapsed");
  CHECK(head(48) == "  trial  status     learning_rate, b…  accuracy");
  CHECK(head(40) == "  trial  status     accuracy");
}

TEST_CASE("parameters that share a column are values under names", "[cli]") {
  Json trial = sweep_trial(0, "Running");
  trial["parameters"] = {{"learning_rate", 0.1}, {"act", "relu"}, {"x", 1}, {"y", 2}};
  Json other = sweep_trial(1, "Running");
  other["parameters"] = {{"learning_rate", 0.2}, {"y", 3}};
  SweepProgress progress;
  progress.update(watched(sweep_job(), Json::array({trial, other})));
  CHECK(text_of(sweep_frame(progress, {64, 24}, kNow)).find(R"(
  trial  status     learning_rate, a…  accuracy   step  elapsed
      0  Running    0.1, relu, 1, 2           -      -    1m02s
      1  Running    0.2, -, -, 3              -      -    1m02s
)") != std::string::npos);
}

TEST_CASE("a sweep too large for the terminal shows the best, what runs, what ended last",
          "[cli]") {
  CHECK(text_of(sweep_frame(large_sweep(10'000), {100, 14}, kStart + 20'000 * kSecond)) ==
        R"(s  Running · maximize accuracy · policy bandit · up to 4 at once
  trial   status     learning_rate  layers  accuracy  best   step  elapsed
* s_17    Completed  0.1            2            0.5   0.5     10    0m27s
  s_9992  Completed  0.1            2            0.5   0.5     10    2h46m
  s_9993  Canceled   0.1            2            0.5   0.5     10    2h46m
  s_9994  Completed  0.1            2            0.5   0.5     10    2h46m
  s_9995  Completed  0.1            2            0.5   0.5     10    2h46m
  s_9996  Running    0.1            2            0.5   0.5     10    5h33m
  s_9997  Running    0.1            2            0.5   0.5     10    5h33m
  s_9998  Running    0.1            2            0.5   0.5     10    5h33m
  s_9999  Running    0.1            2            0.5   0.5     10    5h33m
  … 9,991 more: 3,331 Canceled, 6,660 Completed
[###################-] 9,996/10,000 trials · 4 running · best 0.5 (s_17) · elapsed 5h33m
)");
}

TEST_CASE("a frame of a sweep of 10,000 trials costs what it shows", "[cli]") {
  using std::chrono::steady_clock;
  constexpr int kFrames = 200;
  const auto time_of = [](const SweepProgress& progress) {
    const auto begin = steady_clock::now();
    std::size_t lines = 0;
    for (int i = 0; i < kFrames; ++i) lines += sweep_frame(progress, kUsual, kNow).size();
    CHECK(lines == kFrames * 23);
    return steady_clock::now() - begin;
  };
  const SweepProgress small = large_sweep(40);
  const SweepProgress large = large_sweep(10'000);
  // A hundredfold would be the cost of visiting all trials; ten leaves room for a busy machine.
  CHECK(time_of(large) < 10 * time_of(small));
}

TEST_CASE("an update costs what changed", "[cli]") {
  SweepProgress progress = large_sweep(10'000);
  progress.update(
      watched(sweep_job(), Json::array({reporting_trial(9'999, "Completed", 0.5, 11)})));
  CHECK(progress.trials().size() == 10'000);
  CHECK(progress.active().size() == 3);
  CHECK(progress.ended().size() == 9'997);
  CHECK(progress.count("Completed") == 6'665);
}

TEST_CASE("before the first trial there is a header and an empty bar", "[cli]") {
  Json job = sweep_job();
  job["status"] = "Queued";
  job.erase("started_us");
  SweepProgress progress;
  progress.update(watched(job, Json::array()));
  CHECK(text_of(sweep_frame(progress, kUsual, kStart + 3 * kSecond)) ==
        "s  Queued · maximize accuracy · policy bandit · up to 4 at once\n"
        "[----------] 0/16 trials · elapsed 0m03s\n");
}

TEST_CASE("the time left is counted down from the last end", "[cli]") {
  SweepProgress progress;
  progress.update(watched(sweep_job(), Json::array({sweep_trial(0, "Running")})));
  CHECK_FALSE(time_left_us(progress, kNow));
  Json trials = Json::array();
  for (int number = 0; number < 4; ++number) trials.push_back(sweep_trial(number, "Completed"));
  trials[3]["ended_us"] = kStart + 40 * kSecond;
  progress.update(watched(sweep_job(), trials));
  // 4 of 16 took 40 s, so the other 12 take 120 s.
  CHECK(time_left_us(progress, kStart + 40 * kSecond) == 120 * kSecond);
  CHECK(time_left_us(progress, kStart + 100 * kSecond) == 60 * kSecond);
  CHECK_FALSE(time_left_us(progress, kStart + 160 * kSecond));
}

TEST_CASE("an endless sweep has no time left to tell", "[cli]") {
  Json job = sweep_job();
  job["max_total_trials"] = std::int64_t{1} << 62;
  SweepProgress progress;
  progress.update(watched(job, Json::array({sweep_trial(0, "Completed")})));
  CHECK_FALSE(time_left_us(progress, kNow));
}

TEST_CASE("an exhausted search space lowers the number of trials to come", "[cli]") {
  Json answer = watched(sweep_job(), Json::array({sweep_trial(0, "Running")}));
  SweepProgress progress;
  progress.update(answer);
  CHECK(progress.expected_count() == 16);
  answer["events"] = Json::array({{{"at_us", kNow},
                                   {"kind", "suggestions_exhausted"},
                                   {"text", "the search space has no further combination"}}});
  progress.update(answer);
  CHECK(progress.expected_count() == 1);
}

TEST_CASE("the best trial may be one that changed long ago", "[cli]") {
  Json job = sweep_job();
  job["best_trial"] = "s_1";
  SweepProgress progress;
  progress.update(watched(job, Json::array({reporting_trial(0, "Completed", 0.5, 1),
                                            reporting_trial(1, "Running", 0.6, 1)})));
  CHECK(progress.best()->number == 1);
  job["best_trial"] = "s_0";  // 1 has failed
  progress.update(watched(job, Json::array({sweep_trial(1, "Failed")})));
  CHECK(progress.best()->number == 0);
}

TEST_CASE("a trial that starts again counts once", "[cli]") {
  SweepProgress progress;
  for (const char* status : {"Queued", "Running", "Queued", "Running", "Completed"}) {
    progress.update(watched(sweep_job(), Json::array({sweep_trial(0, status)})));
  }
  CHECK(progress.trials().size() == 1);
  CHECK(progress.count("Completed") == 1);
  CHECK(progress.count("Queued") == 0);
  CHECK(progress.active().empty());
}

TEST_CASE("names and values from outside are escaped in a frame", "[cli]") {
  Json trial = sweep_trial(0, "Running");
  trial["parameters"] = {{"a\x1b[2J", "b\nc"}};
  SweepProgress progress;
  progress.update(watched(sweep_job(), Json::array({trial})));
  const std::string text = text_of(sweep_frame(progress, kUsual, kNow));
  CHECK(text.find('\x1b') == text.npos);
  CHECK(text.find("a\\x1b[2J") != text.npos);
  CHECK(text.find("b\\nc") != text.npos);
}

TEST_CASE("a sweep without reports of numbers shows dashes", "[cli]") {
  Json trial = sweep_trial(0, "Running");
  trial["reports"] = 1;
  trial["last_value"] = nullptr;  // an infinity, which JSON cannot say
  trial["last_step"] = 0;
  SweepProgress progress;
  progress.update(watched(sweep_job(), Json::array({trial})));
  CHECK(text_of(sweep_frame(progress, kUsual, kNow)).find("-     -      0    1m02s") !=
        std::string::npos);
}

TEST_CASE("the final table holds 100 trials and folds the rest", "[cli]") {
  CHECK(final_frame(large_sweep(100), 80, kNow).size() == 102);
  const auto lines = final_frame(large_sweep(150), 80, kNow);
  CHECK(lines.size() == 103);
  CHECK(plain(lines.back()) == "  … 50 more: 17 Canceled, 33 Completed");
}

}  // namespace trawl::cli
