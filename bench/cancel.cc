// bench/cancel.cc: how fast and how completely the processes of attempts end, measured through the
// worker's own keepers. Whether anything is left is seen from outside: every process of a run has
// the run's folder as its working folder.
//
//   bench_cancel [RUNS [TREES]]      default: 200 runs each, 1,000 random trees
//
// One line a figure: name, figure, goal. Exit code 1 if a process was left or a goal was missed.
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "worker/keepers.h"

namespace trawl::worker {
namespace {

using Clock = std::chrono::steady_clock;

double ms_since(Clock::time_point start) {
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

/// The living processes whose working folder is `folder`.
int count_living(const std::string& folder) {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::error_code gone;
    const auto place = std::filesystem::read_symlink(entry.path() / "cwd", gone);
    if (!gone && place == folder) ++count;  // a zombie has none
  }
  return count;
}

class Folder {
 public:
  Folder() {
    path_ = (std::filesystem::temp_directory_path() / "trawl-bench-XXXXXX").native();
    if (mkdtemp(path_.data()) == nullptr) {
      fmt::print(stderr, "cannot make {}: {}\n", path_, std::strerror(errno));
      std::exit(1);
    }
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

core::AttemptId attempt_of(std::int64_t number) {
  return {{core::JobId{1}, number}, 1};
}

void launch_in(Keepers& keepers, const std::string& folder, std::vector<std::string> argv,
               std::int64_t number) {
  const auto launched = keepers.launch(
      attempt_of(number), {std::move(argv), {{"PATH", "/usr/bin:/bin"}}, folder, folder + "/log"});
  if (launched) return;
  fmt::print(stderr, "{}\n", launched.error().message);
  std::exit(1);
}

class Bench {
 public:
  Bench() : keepers_(Keepers::start({}).value()) {}

  Keepers& keepers() { return *keepers_; }
  const std::string& folder() const { return folder_.path(); }

  void launch(std::vector<std::string> argv, std::int64_t number = 0) {
    launch_in(*keepers_, folder(), std::move(argv), number);
  }

  /// What comes next, waited for until `until` at most.
  std::vector<Keepers::Event> next(Clock::time_point until = Clock::now() + std::chrono::hours(1)) {
    const auto left = std::max(until - Clock::now(), Clock::duration::zero());
    const auto ns = std::chrono::duration_cast<std::chrono::nanoseconds>(left).count();
    constexpr std::int64_t kNsPerSecond = 1'000'000'000;
    const timespec timeout{ns / kNsPerSecond, ns % kNsPerSecond};
    pollfd polled{keepers_->descriptor(), POLLIN, 0};
    ppoll(&polled, 1, &timeout, nullptr);
    return keepers_->read();
  }

  /// A tree may end right after its start: what comes with an event is kept for the next call.
  template <class Event>
  void wait_for() {
    while (true) {
      while (!events_.empty()) {
        const Keepers::Event event = events_.front();
        events_.pop_front();
        if (std::holds_alternative<Event>(event)) return;
      }
      for (const Keepers::Event& event : next()) events_.push_back(event);
    }
  }

  /// Waits for a file that the run makes when it is ready.
  void wait_for_file(const std::string& name) const {
    const std::string path = folder() + "/" + name;
    while (access(path.c_str(), F_OK) != 0)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    unlink(path.c_str());
  }

 private:
  Folder folder_;
  std::deque<Keepers::Event> events_;
  std::unique_ptr<Keepers> keepers_;
};

class Figures {
 public:
  void tell(const std::string& name, std::vector<double> values, double goal, const char* unit) {
    std::sort(values.begin(), values.end());
    const auto at = [&](double part) {
      return values[static_cast<std::size_t>(part * static_cast<double>(values.size() - 1))];
    };
    constexpr double kMedian = 0.5, kHigh = 0.99;
    const bool reached = at(kMedian) <= goal;
    fmt::print("{:<34} median {:8.2f} {}  p99 {:8.2f}  max {:8.2f}  goal {} {}\n", name,
               at(kMedian), unit, at(kHigh), values.back(), goal, reached ? "reached" : "MISSED");
    failed_ = failed_ || !reached;
  }
  void tell_one(const std::string& name, double value, double goal, bool reached) {
    fmt::print("{:<34} {:8.2f}  goal {} {}\n", name, value, goal, reached ? "reached" : "MISSED");
    failed_ = failed_ || !reached;
  }
  bool failed() const { return failed_; }

 private:
  bool failed_ = false;
};

// A shell with a child in its group, one in a session of its own, and an orphan of a double fork.
constexpr const char* kFamily =
    "sleep 1000 & setsid sleep 1000 & (setsid sleep 1000 &) ; : > ready; wait";

void measure_obeyed(Figures& figures, int runs) {
  Bench bench;
  std::vector<double> times;
  int left = 0;
  for (int run = 0; run < runs; ++run) {
    bench.launch({"/bin/sh", "-c", kFamily});
    bench.wait_for<Keepers::Started>();
    bench.wait_for_file("ready");
    const auto start = Clock::now();
    bench.keepers().terminate(attempt_of(0));
    bench.wait_for<Keepers::Ended>();
    times.push_back(ms_since(start));
    left += count_living(bench.folder());
  }
  figures.tell("cancel_to_gone_obeyed", times, 10, "ms");
  figures.tell_one("cancel_to_gone_obeyed_left", left, 0, left == 0);
}

void measure_ignored(Figures& figures, int runs) {
  constexpr auto kGrace = std::chrono::milliseconds(50);
  Bench bench;
  std::vector<double> times;
  int left = 0;
  for (int run = 0; run < runs; ++run) {
    bench.launch({"/bin/sh", "-c", std::string("trap '' TERM; ") + kFamily});
    bench.wait_for<Keepers::Started>();
    bench.wait_for_file("ready");
    const auto start = Clock::now();
    bench.keepers().terminate(attempt_of(0));
    while (Clock::now() < start + kGrace) bench.next(start + kGrace);
    bench.keepers().kill(attempt_of(0));
    bench.wait_for<Keepers::Ended>();
    times.push_back(ms_since(start) - std::chrono::duration<double, std::milli>(kGrace).count());
    left += count_living(bench.folder());
  }
  figures.tell("cancel_to_gone_ignored_past_grace", times, 20, "ms");
  figures.tell_one("cancel_to_gone_ignored_left", left, 0, left == 0);
}

// Half of them are asked to end first; all at some moment of their first milliseconds.
void measure_trees(Figures& figures, int trees) {
  constexpr int kMomentsUs = 20'000, kStep = 7919;
  Bench bench;
  std::vector<double> times;
  int left = 0;
  for (int seed = 0; seed < trees; ++seed) {
    bench.launch({RANDOM_TREE, std::to_string(seed)});
    bench.wait_for<Keepers::Started>();
    std::this_thread::sleep_for(std::chrono::microseconds(seed * kStep % kMomentsUs));
    if (seed % 2 == 0) bench.keepers().terminate(attempt_of(0));
    const auto start = Clock::now();
    bench.keepers().kill(attempt_of(0));
    bench.wait_for<Keepers::Ended>();
    times.push_back(ms_since(start));
    left += count_living(bench.folder());
  }
  figures.tell(fmt::format("kill_to_gone_{}_random_trees", trees), times, 20, "ms");
  figures.tell_one(fmt::format("left_over_{}_random_trees", trees), left, 0, left == 0);
}

// Runs in a process of its own, which is then killed.
[[noreturn]] void be_doomed_worker(const std::string& folder) {
  constexpr int kAttempts = 8;
  if (chdir(folder.c_str()) != 0) _exit(1);  // so that nursery and keepers are counted too
  auto keepers = Keepers::start({}).value();
  for (int number = 0; number < kAttempts; ++number) {
    launch_in(*keepers, folder, {RANDOM_TREE, std::to_string(number)}, number);
  }
  int started = 0;
  while (started < kAttempts) {
    pollfd polled{keepers->descriptor(), POLLIN, 0};
    poll(&polled, 1, -1);
    started += static_cast<int>(keepers->read().size());
  }
  std::ofstream(folder + "/ready") << "ready\n";
  while (true) pause();
}

void measure_worker_kill(Figures& figures, int runs) {
  std::vector<double> times;
  for (int run = 0; run < runs; ++run) {
    const Folder folder;
    const pid_t worker = fork();
    if (worker == 0) be_doomed_worker(folder.path());
    while (access((folder.path() + "/ready").c_str(), F_OK) != 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    const auto start = Clock::now();
    kill(worker, SIGKILL);
    waitpid(worker, nullptr, 0);
    while (count_living(folder.path()) > 0) {
    }
    times.push_back(ms_since(start));
  }
  figures.tell("worker_kill_9_to_nothing_left", times, 100, "ms");
}

constexpr int kSlots = 2;

double seconds_of_plain_spawns(int count) {
  const auto start = Clock::now();
  std::array<char, sizeof "/bin/true"> path{"/bin/true"};
  std::array<char*, 2> argv = {path.data(), nullptr};
  int started = 0, ended = 0;
  while (ended < count) {
    while (started < count && started - ended < kSlots) {
      pid_t pid = 0;
      posix_spawn(&pid, path.data(), nullptr, nullptr, argv.data(), environ);
      ++started;
    }
    wait(nullptr);
    ++ended;
  }
  return ms_since(start) / 1000;
}

double seconds_of_attempts(int count) {
  Bench bench;
  const auto start = Clock::now();
  int started = 0, ended = 0;
  while (ended < count) {
    while (started < count && started - ended < kSlots) bench.launch({"/bin/true"}, started++);
    for (const Keepers::Event& event : bench.next()) {
      if (std::holds_alternative<Keepers::Ended>(event)) ++ended;
    }
  }
  return ms_since(start) / 1000;
}

// In turns, so that a busy machine is busy for both.
void measure_starts(Figures& figures) {
  constexpr int kCount = 1000, kTurns = 5;
  std::vector<double> ratios;
  for (int turn = 0; turn < kTurns; ++turn) {
    const double plain = seconds_of_plain_spawns(kCount);
    ratios.push_back(plain / seconds_of_attempts(kCount));
  }
  std::sort(ratios.begin(), ratios.end());
  constexpr double kGoal = 0.8;
  const double ratio = ratios[kTurns / 2];
  figures.tell_one("attempts_of_true_to_plain_spawns", ratio, kGoal, ratio >= kGoal);
}

int run(int runs, int trees) {
  constexpr int kWorkerRunsPart = 4;
  Figures figures;
  measure_obeyed(figures, runs);
  measure_ignored(figures, runs);
  measure_trees(figures, trees);
  measure_worker_kill(figures, std::max(runs / kWorkerRunsPart, 1));
  measure_starts(figures);
  return figures.failed() ? 1 : 0;
}

int number(const char* text, int otherwise) {
  int value = 0;
  const auto parsed = std::from_chars(text, text + std::strlen(text), value);
  return parsed.ec == std::errc() && value > 0 ? value : otherwise;
}

}  // namespace
}  // namespace trawl::worker

int main(int argc, char** argv) {
  constexpr int kRuns = 200, kTrees = 1000;
  const int runs = argc > 1 ? trawl::worker::number(argv[1], kRuns) : kRuns;
  const int trees = argc > 2 ? trawl::worker::number(argv[2], kTrees) : kTrees;
  return trawl::worker::run(runs, trees);
}
