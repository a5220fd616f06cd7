// tests/sim/main.cc: runs the simulator.
//
//   sim --seed N [--trace]       one seed; --trace prints every line
//   sim --from A --count N       seeds A .. A+N-1, each checked to replay to the same trace
//   ... --every-record           the coordinator is killed at every record of its journal instead
//
// Exit code 0 when every invariant held, 1 with the seed and its last lines when one did not, 2 for
// bad usage. A seed runs in a process of its own, so that a defect that ends it is told like any
// other fault.
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string_view>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include "tests/sim/world.h"

namespace trawl::sim {
namespace {

constexpr std::uint64_t kReplayEvery = 8;  // how often a seed of many runs twice

struct Options {
  std::uint64_t from = 0;
  std::uint64_t count = 1;
  Echo echo = Echo::kOff;
  Torture torture = Torture::kSeed;
};

/// What the parent process sees of the child's work.
struct Progress {
  std::uint64_t seed;
  std::uint64_t line_count;
  std::uint64_t hash;  // of the hashes of all traces
};

std::optional<Options> parse(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--trace") {
      options.echo = Echo::kOn;
      continue;
    }
    if (word == "--every-record") {
      options.torture = Torture::kEveryRecord;
      continue;
    }
    if (i + 1 == argc) return std::nullopt;
    const std::string_view value = argv[++i];
    std::uint64_t number = 0;
    const auto parsed = std::from_chars(value.data(), value.data() + value.size(), number);
    if (parsed.ec != std::errc{} || parsed.ptr != value.data() + value.size()) return std::nullopt;
    if (word == "--seed" || word == "--from") {
      options.from = number;
    } else if (word == "--count") {
      options.count = number;
    } else {
      return std::nullopt;
    }
  }
  return options;
}

bool tell_faults(std::uint64_t seed, const Trace& trace) {
  if (trace.faults().empty()) return true;
  for (const std::string& line : trace.last_lines()) fmt::print("{}\n", line);
  for (const std::string& fault : trace.faults()) fmt::print("seed {}: {}\n", seed, fault);
  std::fflush(stdout);
  return false;
}

bool run_seed(std::uint64_t seed, const Options& options, bool twice, Progress& progress) {
  World world(seed, options.torture, options.echo);
  world.run();
  progress.line_count += world.trace.line_count();
  progress.hash = progress.hash * 31 + world.trace.hash();
  if (!tell_faults(seed, world.trace)) return false;
  if (!twice) return true;
  World again(seed, options.torture, Echo::kOff);
  again.run();
  if (again.trace.hash() == world.trace.hash()) return true;
  fmt::print("seed {}: it does not replay to the same trace\n", seed);
  return false;
}

int run_all(const Options& options, Progress& progress) {
  for (std::uint64_t seed = options.from; seed < options.from + options.count; ++seed) {
    progress.seed = seed;
    const bool twice = options.count > 1 && seed % kReplayEvery == 0;
    if (!run_seed(seed, options, twice, progress)) return 1;
  }
  return 0;
}

int run_in_child(const Options& options) {
  void* shared =
      mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) {
    std::perror("sim: mmap");
    return 1;
  }
  auto* progress = static_cast<Progress*>(shared);
  const pid_t child = fork();
  if (child == 0) {
    const int code = run_all(options, *progress);
    std::fflush(stdout);
    _exit(code);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) {
    std::perror("sim: fork");
    return 1;
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    fmt::print("{} seeds from {}: {} lines, hash {:016x}\n", options.count, options.from,
               progress->line_count, progress->hash);
    return 0;
  }
  fmt::print("seed {} failed; replay it with: sim --seed {}{} --trace\n", progress->seed,
             progress->seed, options.torture == Torture::kEveryRecord ? " --every-record" : "");
  return 1;
}

}  // namespace
}  // namespace trawl::sim

int main(int argc, char** argv) {
  const auto options = trawl::sim::parse(argc, argv);
  if (!options) {
    std::fputs("usage: sim (--seed N [--trace] | --from A --count N) [--every-record]\n", stderr);
    return 2;
  }
  return trawl::sim::run_in_child(*options);
}
