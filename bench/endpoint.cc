// bench/endpoint.cc: how fast a trial's tracking endpoint takes what a script logs: a client over a
// raw socket against tracking::Server, with a sink that does nothing and with the worker's spool.
//
//   bench_endpoint [FOLDER]     the spool's place, on the disk in question; default: .
//
// One line a figure: name, figure, what was measured beside it in the same run, ratio, goal.
#include <algorithm>
#include <arpa/inet.h>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <fmt/format.h>

#include "tracking/server.h"
#include "worker/spool.h"

namespace trawl {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kSingleGoal = 5'000;   // durable log-metric requests a second, one connection
constexpr double kBatchGoal = 150'000;  // metrics a second in batches of 1,000
constexpr double kP99GoalMs = 20;       // of a request, with 400 clients at 1 Hz
constexpr int kClientCount = 400;
constexpr int kSecondCount = 10;
constexpr int kBatchSize = 1000;
constexpr auto kPhase = std::chrono::seconds{5};

[[noreturn]] void give_up(const std::string& why) {
  fmt::print(stderr, "bench_endpoint: {}\n", why);
  std::exit(70);
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

std::string random_id() {
  static std::atomic<int> count{0};
  return fmt::format("{:032x}", ++count);
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

class NoSink : public tracking::Sink {
 public:
  Result<void> commit(std::span<const Record>) override { return {}; }
};

class SpoolSink : public tracking::Sink {
 public:
  SpoolSink(worker::Spool* spool, core::AttemptId attempt) : spool_(spool), attempt_(attempt) {}
  Result<void> commit(std::span<const Record> records) override {
    return spool_->append(core::AttemptLogged{attempt_, {records.begin(), records.end()}});
  }

 private:
  worker::Spool* spool_;
  core::AttemptId attempt_;
};

void add_trial(tracking::Server& server, tracking::Sink& sink, int number,
               const std::string& folder) {
  tracking::TrialSettings settings;
  settings.trial = fmt::format("trial_{}", number);
  settings.token = "token";
  settings.run_id = settings.trial;
  settings.run_name = settings.trial;
  settings.user = "bench";
  settings.start_time_ms = now_ms();
  settings.experiment_id = "7";
  settings.experiment_name = "bench";
  settings.experiment_creation_ms = settings.start_time_ms;
  settings.artifacts_root = folder + "/artifacts/" + settings.trial;
  settings.sink = &sink;
  settings.reload = [] { return Result<std::vector<Record>>(std::vector<Record>()); };
  settings.now_ms = now_ms;
  settings.new_id = random_id;
  settings.warn = [](const std::string& text) { fmt::print(stderr, "{}\n", text); };
  const auto added = server.add_session(std::move(settings));
  if (!added) give_up(added.error().message);
}

std::string post(int trial, const std::string& method, const std::string& body) {
  return fmt::format(
      "POST /t/trial_{}/api/2.0/mlflow/{} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: "
      "mlflow-python-client/3.17.2\r\nAccept-Encoding: gzip, deflate\r\nAccept: */*\r\n"
      "Connection: keep-alive\r\nAuthorization: Bearer token\r\nContent-Length: {}\r\n"
      "Content-Type: application/json\r\n\r\n{}",
      trial, method, body.size(), body);
}

std::string metric_request(int trial, std::int64_t step) {
  return post(trial, "runs/log-metric",
              fmt::format(R"({{"run_uuid": "trial_{0}", "run_id": "trial_{0}", "key": "loss", )"
                          R"("value": {1}, "timestamp": {2}, "step": {3}}})",
                          trial, 1.0 / static_cast<double>(step + 1), now_ms(), step));
}

std::string batch_request(int trial, std::int64_t first_step) {
  std::string metrics;
  for (int i = 0; i < kBatchSize; ++i) {
    metrics += fmt::format(R"({}{{"key": "loss", "value": {}, "timestamp": {}, "step": {}}})",
                           i == 0 ? "" : ", ", 0.5 + i * 1e-3, now_ms(), first_step + i);
  }
  return post(trial, "runs/log-batch",
              fmt::format(R"({{"run_id": "trial_{}", "metrics": [{}], "params": [], "tags": []}})",
                          trial, metrics));
}

/// A keep-alive connection. Ends the program when an answer is not 200.
class Client {
 public:
  explicit Client(int port) : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int on = 1;
    setsockopt(socket_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
      give_up("cannot connect");
    }
  }
  ~Client() { close(socket_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  int descriptor() const { return socket_; }

  void send_request(const std::string& request) const {
    std::size_t sent = 0;
    while (sent < request.size()) {
      const ssize_t count =
          send(socket_, request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) give_up("the connection broke");
      sent += static_cast<std::size_t>(count);
    }
  }

  void read_answer() {
    answer_.clear();
    char block[4096];
    for (;;) {
      const ssize_t count = recv(socket_, block, sizeof block, 0);
      if (count <= 0) give_up("the connection broke");
      answer_.append(block, static_cast<std::size_t>(count));
      // Every answer here is "{}".
      if (answer_.find("\r\n\r\n") != answer_.npos && answer_.ends_with("{}")) break;
      if (!answer_.starts_with("HTTP/1.1 200")) give_up(answer_);
    }
    if (!answer_.starts_with("HTTP/1.1 200")) give_up(answer_);
  }

 private:
  int socket_;
  std::string answer_;
};

struct Rate {
  double per_second = 0;
  double p50_ms = 0;
  double p99_ms = 0;
};

double percentile(std::vector<double>& values, double share) {
  if (values.empty()) return 0;
  const auto at =
      values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, at);
  return *at;
}

Rate one_after_the_other(int port, int weight, std::string (*request)(int, std::int64_t)) {
  Client client(port);
  std::vector<double> latencies;
  const auto begin = Clock::now();
  std::int64_t step = 0;
  double waited = 0;
  for (; seconds_since(begin) < std::chrono::duration<double>(kPhase).count(); step += weight) {
    const std::string text = request(0, step);
    const auto sent = Clock::now();
    client.send_request(text);
    client.read_answer();
    latencies.push_back(seconds_since(sent) * 1e3);
    waited += latencies.back() / 1e3;
  }
  // Without the time that this client takes to write its requests.
  return {static_cast<double>(step) / waited, percentile(latencies, 0.5),
          percentile(latencies, 0.99)};
}

// Every client sends once a second, at its own moment.
Rate many_at_one_hertz(int port, std::vector<std::unique_ptr<Client>>& clients) {
  for (int i = 0; i < kClientCount; ++i) clients.push_back(std::make_unique<Client>(port));
  std::vector<double> latencies;
  std::vector<Clock::time_point> due(kClientCount);
  std::vector<pollfd> waiting(kClientCount);
  const auto begin = Clock::now();
  const auto moment = [&](int client, int second) {
    return begin + std::chrono::seconds{second} +
           std::chrono::microseconds{1'000'000 * client / kClientCount};
  };
  for (int i = 0; i < kClientCount; ++i) {
    waiting[static_cast<std::size_t>(i)] = {clients[static_cast<std::size_t>(i)]->descriptor(), 0,
                                            0};
  }
  const int total = kClientCount * kSecondCount;
  int sent_count = 0;
  int answered_count = 0;
  while (answered_count < total) {
    while (sent_count < total &&
           moment(sent_count % kClientCount, sent_count / kClientCount) <= Clock::now()) {
      const auto client = static_cast<std::size_t>(sent_count % kClientCount);
      // Its earlier answer is still out: the request is late, and its wait counts from when it was
      // due.
      if (waiting[client].events != 0) break;
      due[client] = moment(sent_count % kClientCount, sent_count / kClientCount);
      clients[client]->send_request(
          metric_request(sent_count % kClientCount, sent_count / kClientCount + 1'000'000));
      waiting[client].events = POLLIN;
      ++sent_count;
    }
    if (poll(waiting.data(), waiting.size(), 1) <= 0) continue;
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      if (waiting[i].revents == 0) continue;
      clients[i]->read_answer();
      latencies.push_back(seconds_since(due[i]) * 1e3);
      waiting[i].events = 0;
      waiting[i].revents = 0;
      ++answered_count;
    }
  }
  return {static_cast<double>(total) / seconds_since(begin), percentile(latencies, 0.5),
          percentile(latencies, 0.99)};
}

// This disk's own limit: small appends, each synced.
double sync_rate(const std::string& folder) {
  const std::string path = folder + "/synced";
  const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) give_up("cannot write " + path);
  const std::string block(512, 'x');
  const auto begin = Clock::now();
  int count = 0;
  for (; seconds_since(begin) < 3; ++count) {
    if (write(file, block.data(), block.size()) != 512 || fdatasync(file) != 0) {
      give_up("cannot sync " + path);
    }
  }
  close(file);
  return count / seconds_since(begin);
}

void print(const std::string& name, double figure, const std::string& unit,
           const std::string& beside, double ratio, const std::string& goal) {
  fmt::print("{:<46} {:>10.0f} {:<12} {:<34} x{:<6.2f} goal {}\n", name, figure, unit, beside,
             ratio, goal);
  std::fflush(stdout);
}

struct Endpoint {
  std::vector<std::unique_ptr<tracking::Sink>> sinks;  // outlive the server
  std::unique_ptr<tracking::Server> server;
};

template <class MakeSink>
Endpoint serve(const std::string& folder, MakeSink make_sink) {
  Endpoint endpoint;
  auto started = tracking::Server::start({});
  if (!started) give_up(started.error().message);
  endpoint.server = *std::move(started);
  for (int i = 0; i < kClientCount; ++i) {
    endpoint.sinks.push_back(make_sink(i));
    add_trial(*endpoint.server, *endpoint.sinks.back(), i, folder);
  }
  return endpoint;
}

void measure(const std::string& kind, const Endpoint& endpoint, const std::string& folder) {
  const int port = endpoint.server->port();
  const double syncs = sync_rate(folder);
  const Rate single = one_after_the_other(port, 1, metric_request);
  print("log-metric, one connection, " + kind, single.per_second, "requests/s",
        fmt::format("fdatasync {:.0f}/s", syncs), single.per_second / syncs,
        fmt::format("{:.0f}", kSingleGoal));
  const Rate batch = one_after_the_other(port, kBatchSize, batch_request);
  print("log-batch of 1,000, one connection, " + kind, batch.per_second, "metrics/s",
        fmt::format("goal {:.0f}/s", kBatchGoal), batch.per_second / kBatchGoal,
        fmt::format("{:.0f}", kBatchGoal));
  std::vector<std::unique_ptr<Client>> clients;
  const Rate many = many_at_one_hertz(port, clients);
  print("p99 of 400 clients at 1 Hz, " + kind, many.p99_ms * 1e3, "us",
        fmt::format("p50 {:.0f} us, {:.0f} requests/s", many.p50_ms * 1e3, many.per_second),
        many.p99_ms / kP99GoalMs, fmt::format("below {:.0f} us", kP99GoalMs * 1e3));
}

int run(const std::string& place) {
  const std::string folder = place + "/bench_endpoint." + std::to_string(getpid());
  std::filesystem::create_directories(folder);
  {
    const Endpoint endpoint = serve(folder, [](int) { return std::make_unique<NoSink>(); });
    measure("no sink", endpoint, folder);
  }
  {
    auto spool = worker::Spool::open(folder + "/spool.db", [](core::Report) {});
    if (!spool) give_up(spool.error().message);
    const Endpoint endpoint = serve(folder, [&](int number) {
      core::AttemptId attempt;
      attempt.trial.job.number = 1;
      attempt.trial.number = number;
      attempt.attempt = 1;
      return std::make_unique<SpoolSink>(spool->get(), attempt);
    });
    measure("spool", endpoint, folder);
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace trawl

int main(int argument_count, char** arguments) {
  return trawl::run(argument_count > 1 ? arguments[1] : ".");
}
