// bench/takeover.cc: how soon a worker has what an earlier one left running, measured through the
// worker's own keepers: the earlier one's sockets close, as the kernel does for a killed process,
// and the next one takes over.
//
//   bench_takeover [ATTEMPTS [RUNS]]      default: 1,000 attempts, 5 runs
//
// One line a figure: name, figure, goal. Exit code 1 if an attempt was not taken over or the floor
// was missed.
#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <poll.h>
#include <string>
#include <sys/resource.h>
#include <vector>

#include <fmt/format.h>

#include "worker/keepers.h"

namespace trawl::worker {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "bench_takeover: {}\n", why);
  std::exit(1);
}

// A socket and a memory for each attempt here, and one more in the nursery.
void allow_descriptors(int attempts) {
  rlimit limit{};
  getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  constexpr int kEach = 2, kOthers = 100;
  if (limit.rlim_max < static_cast<rlim_t>(attempts * kEach + kOthers)) {
    give_up(fmt::format("{} attempts need more open files than may be open", attempts));
  }
}

void start_attempts(Keepers& keepers, const std::string& folder, int attempts) {
  constexpr std::size_t kCarriedBytes = 2000;  // about what a trial's order has
  for (int number = 0; number < attempts; ++number) {
    SpawnOptions options;
    options.argv = {"/bin/sleep", "1000"};
    options.working_folder = folder;
    options.log_path = folder + "/log";
    options.carried = std::string(kCarriedBytes, 'x');
    const auto launched = keepers.launch({{core::JobId{1}, number}, 1}, options);
    if (!launched) give_up(launched.error().message);
  }
  int started = 0;
  while (started < attempts) {
    pollfd polled{keepers.descriptor(), POLLIN, 0};
    poll(&polled, 1, -1);
    for (const Keepers::Event& event : keepers.read()) {
      if (!std::holds_alternative<Keepers::Started>(event)) give_up("an attempt did not start");
      ++started;
    }
  }
}

int run(int attempts, int runs) {
  allow_descriptors(attempts);
  std::string folder = (std::filesystem::temp_directory_path() / "trawl-bench-XXXXXX").native();
  if (mkdtemp(folder.data()) == nullptr) give_up("cannot make " + folder);
  NurseryOptions options;
  options.folder = folder;
  options.takeover = std::chrono::minutes(10);
  auto keepers = Keepers::start(options);
  if (!keepers) give_up(keepers.error().message);
  start_attempts(**keepers, folder, attempts);
  std::vector<double> times;
  for (int run = 0; run < runs; ++run) {
    const auto start = Clock::now();
    keepers->reset();
    keepers = Keepers::take_over(options);
    if (!keepers) give_up(keepers.error().message);
    if (*keepers == nullptr || (*keepers)->adopted().size() != static_cast<std::size_t>(attempts)) {
      give_up("an attempt was not taken over");
    }
    times.push_back(std::chrono::duration<double>(Clock::now() - start).count());
  }
  (*keepers)->end_all();
  std::filesystem::remove_all(folder);
  std::sort(times.begin(), times.end());
  constexpr double kGoalSeconds = 1, kFloorSeconds = 3;
  const double median = times[times.size() / 2];
  fmt::print("takeover_of_{}_running  median {:.3f} s  max {:.3f}  goal {} (floor {}) {}\n",
             attempts, median, times.back(), kGoalSeconds, kFloorSeconds,
             median <= kGoalSeconds ? "reached" : "MISSED");
  return median <= kFloorSeconds ? 0 : 1;
}

int number(const char* text, int otherwise) {
  int value = 0;
  const auto parsed = std::from_chars(text, text + std::strlen(text), value);
  return parsed.ec == std::errc() && value > 0 ? value : otherwise;
}

}  // namespace
}  // namespace trawl::worker

int main(int argc, char** argv) {
  constexpr int kAttempts = 1000, kRuns = 5;
  return trawl::worker::run(argc > 1 ? trawl::worker::number(argv[1], kAttempts) : kAttempts,
                            argc > 2 ? trawl::worker::number(argv[2], kRuns) : kRuns);
}
