#include "cli/client.h"

#include <algorithm>
#include <array>
#include <climits>
#include <fcntl.h>
#include <poll.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

#include "cli/connection_key.h"
#include "cluster/file_lock.h"
#include "cluster/local.h"
#include "protocol/clock.h"
#include "protocol/codec.h"
#include "protocol/local_endpoint.h"
#include "worker/process.h"

namespace trawl::cli {
namespace {

using protocol::now;

constexpr Duration kConnectTimeout = std::chrono::seconds(15);
constexpr Duration kHandshakeTimeout = std::chrono::seconds(1);
constexpr std::size_t kLogTailBytes = 500;

tl::unexpected<Error> unavailable_with_log(const std::string& what, const std::string& log_path) {
  return fail(ErrorCode::kUnavailable,
              fmt::format("{}; its log, {}, ends with:\n{}", what, log_path,
                          worker::tail_of(log_path, kLogTailBytes)));
}

// One text of a writer that writes it whole; empty where the writer has ended.
std::string read_some(int descriptor) {
  std::array<char, PIPE_BUF> text{};
  const ssize_t count = read(descriptor, text.data(), text.size());
  return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(count, 0))};
}

// A digit, the error's code, and its message.
std::optional<Error> refusal_of(const std::string& said) {
  if (said.empty() || said == ready_text()) return std::nullopt;
  constexpr int kLast = static_cast<int>(ErrorCode::kSystem);
  const int code = std::clamp(said[0] - '0', 0, kLast);
  return Error{static_cast<ErrorCode>(code), said.substr(1)};
}

// The first change that satisfies `is_last`, or nothing by then.
template <class Predicate>
std::optional<protocol::Dealer::Change> wait_for_change(protocol::Dealer& dealer, Instant until,
                                                        Predicate is_last) {
  while (now() < until) {
    protocol::Waiter waiter;
    waiter.add(dealer);
    waiter.wait(until - now());
    while (const auto change = dealer.next_change()) {
      if (is_last(*change)) return change;
    }
  }
  return std::nullopt;
}

bool is_up(protocol::Dealer::Change change) {
  return change == protocol::Dealer::Change::kUp;
}

}  // namespace

std::string ready_text() {
  return "ready\n";
}

std::string refused_text(const Error& error) {
  return fmt::format("{}{}", static_cast<int>(error.code), error.message);
}

Result<BackgroundStart> start_in_background(const std::string& home,
                                            const std::vector<std::string>& options) {
  int pipe_ends[2];
  if (pipe2(pipe_ends, O_CLOEXEC) != 0) return fail_errno("cannot make a pipe", errno);
  std::vector<std::string> arguments = {"coordinator",        "start", "--home", home,
                                        "--ready-descriptor", "3"};
  arguments.insert(arguments.end(), options.begin(), options.end());
  auto started = cluster::start_self(arguments, home + "/coordinator.log", pipe_ends[1]);
  close(pipe_ends[1]);
  if (!started) {
    close(pipe_ends[0]);
    return tl::unexpected(started.error());
  }
  close(started->pidfd);
  pollfd ready{pipe_ends[0], POLLIN, 0};
  const auto timeout = std::chrono::duration_cast<std::chrono::milliseconds>(kConnectTimeout);
  std::string said;
  if (poll(&ready, 1, static_cast<int>(timeout.count())) > 0) said = read_some(pipe_ends[0]);
  close(pipe_ends[0]);
  return BackgroundStart{started->pid, refusal_of(said)};
}

Result<std::unique_ptr<Client>> Client::connect(const Target& target, Manner manner) {
  return target.coordinator.empty() ? connect_locally(target.home, manner.start)
                                    : connect_elsewhere(target, manner.is_patient);
}

// A refusal, and with a key file nothing else can be meant by a broken handshake, is final at once;
// that nobody is there only for who does not wait.
Result<std::unique_ptr<Client>> Client::connect_elsewhere(const Target& target, bool is_patient) {
  using protocol::Dealer;
  const auto key = read_submitter_key(target);
  if (!key) return tl::unexpected(key.error());
  auto dealer = Dealer::connect(endpoint_of(key->address), key->keys);
  if (!dealer) return tl::unexpected(dealer.error());
  const auto change = wait_for_change(**dealer, now() + kConnectTimeout, [&](Dealer::Change each) {
    return each != Dealer::Change::kDown && !(each == Dealer::Change::kUnreachable && is_patient);
  });
  const std::string name = "the coordinator at " + to_string(key->address);
  if (change == Dealer::Change::kUp) {
    return std::unique_ptr<Client>(new Client(*std::move(dealer), name, ""));
  }
  if (change == Dealer::Change::kRefused) {
    return fail(ErrorCode::kUnavailable,
                fmt::format("{} {} (the key file is {})", name, (*dealer)->refusal(), key->path));
  }
  const std::string why = why_unreachable(key->address);
  return fail(ErrorCode::kUnavailable,
              fmt::format("{} cannot be reached: {}; is `trawl coordinator start --listen` running "
                          "there, and this its address?",
                          name, why.empty() ? "it does not answer" : why));
}

Result<std::unique_ptr<Client>> Client::connect_locally(const std::string& home, Start start) {
  const auto endpoint = protocol::local_endpoint(home);
  if (!endpoint) return tl::unexpected(endpoint.error());
  const std::string log_path = home + "/coordinator.log";
  const std::string lock = cluster::coordinator_lock_path(home);
  const Instant until = now() + kConnectTimeout;
  bool start_failed = false;
  while (now() < until && !start_failed) {
    if (!cluster::is_locked(lock)) {
      if (start == Start::kNever) {
        return fail(ErrorCode::kUnavailable, "no coordinator runs for " + home +
                                                 "; start one with `trawl coordinator start`");
      }
      std::vector<std::string> options = {"--leave-when-idle", "10"};
      if (start == Start::kForJob) options.push_back("--expect-job");
      auto started = start_in_background(home, options);
      if (!started) return tl::unexpected(started.error());
      start_failed = !cluster::is_locked(lock);
      if (start_failed) break;
    }
    auto dealer = protocol::Dealer::connect(*endpoint);
    if (!dealer) return tl::unexpected(dealer.error());
    if (wait_for_change(**dealer, now() + kHandshakeTimeout, is_up)) {
      return std::unique_ptr<Client>(new Client(std::move(*dealer), "the coordinator", log_path));
    }
  }
  return unavailable_with_log("the coordinator of " + home + " does not answer", log_path);
}

Result<std::string> Client::ask(protocol::ClientRequest request, Duration timeout) {
  const std::uint64_t number = ++request_last_;
  const std::string bytes = protocol::encode(protocol::ClientEnvelope{number, std::move(request)});
  if (log_path_.empty() && bytes.size() > protocol::kInboundBytesMax) {
    return fail(ErrorCode::kInvalid,
                fmt::format("this is too large to be sent to {}: {} KiB, and at most {} KiB are "
                            "taken over a network",
                            name_, bytes.size() >> 10, protocol::kInboundBytesMax >> 10));
  }
  dealer_->send(bytes);
  const Instant until = now() + timeout;
  while (now() < until) {
    protocol::Waiter waiter;
    waiter.add(*dealer_);
    waiter.wait(until - now());
    while (const auto frame = dealer_->receive()) {
      auto answer = protocol::decode_client_answer(*frame);
      // Another version, or no coordinator of ours: asking again would not help.
      if (!answer) return fail(ErrorCode::kSystem, answer.error().message);
      if (answer->request == number) return std::move(answer->json);
    }
    while (const auto change = dealer_->next_change()) {
      if (*change == protocol::Dealer::Change::kDown) {
        return unavailable("went away");
      }
    }
  }
  return unavailable("did not answer in time");
}

tl::unexpected<Error> Client::unavailable(const std::string& what) const {
  if (log_path_.empty()) return fail(ErrorCode::kUnavailable, name_ + " " + what);
  return unavailable_with_log(name_ + " " + what, log_path_);
}

}  // namespace trawl::cli
