// bench/fake_workers_main.cc: what the Python benchmarks start.
//
//   bench_fake_workers complete ENDPOINT COUNT TRIALS TOLD_MS [KEY_FILE]
//     COUNT workers of one slot whose trials end at once and say that they lasted TOLD_MS. Prints
//     "ready" once all are welcome, and after TRIALS acknowledged ends the seconds since the first
//     launch.
//   bench_fake_workers hold ENDPOINT COUNT [KEY_FILE]
//     Their trials run until they are stopped. Prints "WELCOMED RUNNING STARTED" whenever one of
//     these has changed, at most every 5 ms; ends with its standard input.
//   bench_fake_workers plain ENDPOINT COUNT
//     The other side of `complete`, without a core or a store: a ROUTER that answers each two
//     messages of a worker with an acknowledgement and a launch at once, and reads its Hello alone.
//   bench_fake_workers sync FOLDER
//     Prints how many small appends a second this disk takes, each synced.
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <map>
#include <poll.h>
#include <string>
#include <string_view>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "bench/fake_workers.h"
#include "protocol/codec.h"
#include "protocol/key_file.h"
#include "protocol/socket.h"

namespace trawl::bench {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "bench_fake_workers: {}\n", why);
  std::exit(70);
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

void say(const std::string& line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

FakeWorkersOptions options_of(const std::string& endpoint, const std::string& count,
                              const std::string& key_file) {
  FakeWorkersOptions options{.endpoint = endpoint, .count = std::stoi(count)};
  if (key_file.empty()) return options;
  const auto key = protocol::read_key_file(key_file);
  if (!key) give_up(key.error().message);
  options.keys = {key->own, key->coordinator_key};
  return options;
}

void complete(const FakeWorkersOptions& options, std::int64_t trials) {
  FakeWorkers workers(options);
  workers.run_until([&] { return workers.welcomed_count() == options.count; });
  say("ready");
  workers.run_until([&] { return workers.started_count() > 0; });
  const auto begin = Clock::now();
  workers.run_until([&] { return workers.acknowledged_count() >= trials; });
  say(fmt::format("{:.6f}", seconds_since(begin)));
}

bool input_has_ended() {
  pollfd input{0, POLLIN, 0};
  char byte = 0;
  return poll(&input, 1, 0) > 0 && read(0, &byte, 1) <= 0;
}

void hold(const FakeWorkersOptions& options) {
  constexpr auto kInterval = std::chrono::milliseconds(5);
  FakeWorkers workers(options);
  std::array<std::int64_t, 3> told{};
  auto told_at = Clock::now();
  workers.run_until([&] {
    const std::array<std::int64_t, 3> counts{workers.welcomed_count(), workers.running_count(),
                                             workers.started_count()};
    if (Clock::now() - told_at < kInterval) return false;
    told_at = Clock::now();
    if (counts != told) say(fmt::format("{} {} {}", counts[0], counts[1], counts[2]));
    told = counts;
    return input_has_ended();
  });
}

// As long as a real one of bench/completions.py.
core::LaunchOrder sample_order() {
  core::LaunchOrder order;
  order.attempt = {{core::JobId{1}, 12345}, 1};
  order.job_name = "bench";
  order.trial_name = "bench_12345";
  order.experiment_name = "Default";
  order.primary_metric = "loss";
  order.is_sweep = true;
  order.command.command = "true";
  order.command.environment = "azureml:none@latest";
  order.command.shell_environment = "/tmp/trawl-bench-12345678/home/snapshots/bench/environment";
  order.parameters = {{"x", 0.123456789}};
  return order;
}

struct PlainPeer {
  core::Session session;
  std::uint64_t count = 0;  // messages after its Hello
  std::uint64_t order = 0;
};

[[noreturn]] void answer_plainly(const std::string& endpoint, std::size_t worker_count) {
  auto router = protocol::Router::bind(endpoint);
  if (!router) give_up(router.error().message);
  const core::Launch launch{sample_order(), {}};
  std::map<std::string, PlainPeer> peers;
  const auto send = [&](const std::string& name, PlainPeer& peer, core::ToWorkerBody body) {
    const std::uint64_t order = std::holds_alternative<core::Launch>(body) ? ++peer.order : 0;
    (*router)->send(name, protocol::encode(core::ToWorker{peer.session, order, std::move(body)}));
  };
  for (;;) {
    protocol::Waiter waiter;
    waiter.add(**router);
    waiter.wait(std::nullopt);
    while (auto received = (*router)->receive()) {
      const auto [entry, is_new] = peers.try_emplace(received->peer);
      PlainPeer& peer = entry->second;
      if (is_new) {
        const auto hello = protocol::decode_inbound(received->frame);
        if (!hello) give_up(hello.error().message);
        peer.session = std::get<core::FromWorker>(*hello).session;
        send(received->peer, peer, core::Welcome{});
        if (peers.size() < worker_count) continue;
        for (auto& [name, each] : peers) send(name, each, launch);
        continue;
      }
      if (++peer.count % 2 != 0) continue;
      send(received->peer, peer, core::Acknowledge{peer.count});
      send(received->peer, peer, launch);
    }
  }
}

void sync(const std::string& folder) {
  constexpr std::size_t kBlock = 512;
  const std::string path = folder + "/synced";
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) give_up("cannot write " + path);
  const std::string block(kBlock, 'x');
  const auto begin = Clock::now();
  int count = 0;
  for (; seconds_since(begin) < 2; ++count) {
    if (write(file, block.data(), kBlock) != kBlock || fdatasync(file) != 0) {
      give_up("cannot sync " + path);
    }
  }
  say(fmt::format("{:.6f}", count / seconds_since(begin)));
  close(file);
  unlink(path.c_str());
}

int run(const std::vector<std::string>& words) {
  const std::string mode = words.empty() ? "" : words[0];
  if (mode == "complete" && (words.size() == 5 || words.size() == 6)) {
    auto options = options_of(words[1], words[2], words.size() == 6 ? words[5] : "");
    options.told_duration = std::chrono::milliseconds(std::stoll(words[4]));
    complete(options, std::stoll(words[3]));
  } else if (mode == "hold" && (words.size() == 3 || words.size() == 4)) {
    auto options = options_of(words[1], words[2], words.size() == 4 ? words[3] : "");
    options.ends_at_once = false;
    hold(options);
  } else if (mode == "plain" && words.size() == 3) {
    answer_plainly(words[1], std::stoul(words[2]));
  } else if (mode == "sync" && words.size() == 2) {
    sync(words[1]);
  } else {
    give_up("see the top of bench/fake_workers_main.cc");
  }
  return 0;
}

}  // namespace
}  // namespace trawl::bench

int main(int argument_count, char** arguments) {
  return trawl::bench::run({arguments + 1, arguments + argument_count});
}
