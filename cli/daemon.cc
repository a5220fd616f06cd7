#include "cli/daemon.h"

#include <memory>
#include <signal.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>
#include <spdlog/spdlog.h>

#include "base/assert.h"
#include "cli/exit_code.h"
#include "cli/tracking_address.h"
#include "cluster/file_lock.h"
#include "cluster/local.h"
#include "coordinator/coordinator.h"
#include "coordinator/tracking_token.h"
#include "protocol/clock.h"

namespace trawl::cli {
namespace {

constexpr double kStopGraceSeconds = 10;
constexpr double kLeaseSeconds = 60;

struct CoordinatorArguments {
  std::string listen;  // as given
  double lease_seconds = kLeaseSeconds;
  bool local_worker = false;
  std::string tracking;  // as given
  bool no_auth = false;
  double idle_seconds = -1;
  double grace_seconds = kStopGraceSeconds;
  int ready_descriptor = -1;
  bool detach = false;
  bool expects_job = false;
};

Result<protocol::TcpAddress> listen_address(const std::string& text) {
  auto address = protocol::parse_tcp_address(text);
  if (address) address = protocol::resolved(*address);
  if (address) return address;
  return fail(ErrorCode::kInvalid, "--listen " + text + ": " + address.error().message);
}

// The one line that a worker needs.
void tell_how_to_join(const Context& context, const std::string& listen) {
  if (listen.empty()) return;
  fmt::print(stderr,
             "workers join with: trawl worker start --coordinator {} --key {}/keys/worker.key\n"
             "(on a machine that does not see this file, copy it there first, with mode 600)\n",
             listen, context.home);
}

Duration from_seconds(double seconds) {
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double>(seconds));
}

void serve(Context& context, const CoordinatorArguments& arguments) {
  prepare_daemon(context);
  coordinator::CoordinatorOptions options;
  if (!arguments.tracking.empty()) {
    auto address = tracking_address(arguments.tracking, arguments.no_auth);
    if (!address) {
      report(context, address.error());
      return;
    }
    options.tracking = *std::move(address);
  }
  if (!arguments.listen.empty()) {
    auto address = listen_address(arguments.listen);
    if (!address) {
      report(context, address.error());
      return;
    }
    options.listen = *std::move(address);
    options.lease = from_seconds(arguments.lease_seconds);
    options.local_worker = arguments.local_worker;
  }
  options.home = context.home;
  options.expects_job = arguments.expects_job;
  options.stop_grace = from_seconds(arguments.grace_seconds);
  if (arguments.idle_seconds >= 0) options.leave_when_idle = from_seconds(arguments.idle_seconds);
  int ready = arguments.ready_descriptor;
  const auto tell = [&ready](const std::string& text) {
    if (ready < 0) return;
    if (write(ready, text.data(), text.size()) < 0) {
      spdlog::warn("nobody waits for this coordinator any more");
    }
    close(std::exchange(ready, -1));
  };
  options.on_ready = [&](const std::string& listen) {
    if (ready < 0) tell_how_to_join(context, listen);
    tell(ready_text());
  };
  const auto served = coordinator::run_coordinator(options);
  if (served) return;
  tell(refused_text(served.error()));
  spdlog::error("{}", served.error().message);
  report(context, served.error());
}

void start_coordinator(Context& context, const CoordinatorArguments& arguments) {
  if (!arguments.detach) {
    serve(context, arguments);
    return;
  }
  if (cluster::is_locked(cluster::coordinator_lock_path(context.home))) {
    report(context, {ErrorCode::kConflict, "a coordinator runs for " + context.home + " already"});
    return;
  }
  if (!arguments.tracking.empty()) {
    const auto address = tracking_address(arguments.tracking, arguments.no_auth);
    if (!address) {
      report(context, address.error());
      return;
    }
  }
  if (!arguments.listen.empty()) {
    const auto address = listen_address(arguments.listen);
    if (!address) {
      report(context, address.error());
      return;
    }
  }
  std::vector<std::string> options = {"--stop-grace", fmt::format("{}", arguments.grace_seconds)};
  if (arguments.idle_seconds >= 0) {
    options.insert(options.end(), {"--leave-when-idle", fmt::format("{}", arguments.idle_seconds)});
  }
  if (!arguments.tracking.empty()) {
    options.insert(options.end(), {"--tracking", arguments.tracking});
  }
  if (arguments.no_auth) options.push_back("--no-auth");
  if (!arguments.listen.empty()) {
    options.insert(options.end(), {"--listen", arguments.listen, "--lease",
                                   fmt::format("{}", arguments.lease_seconds)});
  }
  if (arguments.local_worker) options.push_back("--local-worker");
  if (context.verbose) options.push_back("--verbose");
  const auto started = start_in_background(context.home, options);
  if (!started) {
    report(context, started.error());
    return;
  }
  if (started->refused) {
    report(context, *started->refused);
    return;
  }
  const auto client = Client::connect({context.home, "", "", {}}, {});
  const auto status = client ? (*client)->ask(protocol::GetStatus{}, kAnswerTimeout)
                             : Result<std::string>(tl::unexpected(client.error()));
  if (!status) {
    report(context, status.error());
    return;
  }
  fmt::print(stderr, "the coordinator of {} runs as process {}\n", context.home, started->pid);
  tell_how_to_join(context, nlohmann::json::parse(*status).value("listen", ""));
}

// Returns when it is gone, so that another can be started at once. Its answer may be lost with the
// link; that its lock is free says the same, where the lock is here.
void stop_coordinator(Context& context) {
  auto client = Client::connect(target_of(context), {});
  if (!client) {
    report(context, client.error());
    return;
  }
  const auto answer = (*client)->ask(protocol::StopCoordinator{}, kAnswerTimeout);
  if (!context.coordinator.empty()) {
    if (!answer) report(context, answer.error());
    return;
  }
  const std::string lock = cluster::coordinator_lock_path(context.home);
  constexpr auto kPoll = std::chrono::milliseconds(5);
  const Instant until = protocol::now() + kAnswerTimeout;
  while (cluster::is_locked(lock)) {
    if (protocol::now() < until) {
      std::this_thread::sleep_for(kPoll);
      continue;
    }
    report(context, answer ? Error{ErrorCode::kUnavailable, "the coordinator has not ended yet"}
                           : answer.error());
    return;
  }
}

}  // namespace

// Writes to a socket or pipe that is gone must be errors, not the end. What it makes is the user's
// alone; a trial has the umask of its job.
void prepare_daemon(const Context& context) {
  signal(SIGPIPE, SIG_IGN);
  umask(S_IRWXG | S_IRWXO);
  set_defect_report_folder(context.home);
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  spdlog::set_level(context.verbose ? spdlog::level::debug : spdlog::level::info);
  spdlog::flush_on(spdlog::level::info);
}

void add_coordinator_verbs(CLI::App& app, Context& context) {
  CLI::App* noun = app.add_subcommand("coordinator", "the process that schedules and keeps state");
  noun->require_subcommand(1);
  noun->fallthrough();

  auto arguments = std::make_shared<CoordinatorArguments>();
  CLI::App* start = noun->add_subcommand("start", "serve until told to stop");
  start->add_flag("--detach", arguments->detach, "return once it serves in the background");
  start
      ->add_option("--stop-grace", arguments->grace_seconds,
                   "seconds between SIGTERM and SIGKILL when a trial is stopped (10)")
      ->check(CLI::Range(0.0, 3600.0));
  CLI::Option* idle =
      start->add_option("--leave-when-idle", arguments->idle_seconds,
                        "end after so many seconds without a job or a command of trawl");
  CLI::Option* tracking =
      start
          ->add_option("--tracking", arguments->tracking,
                       "HOST:PORT at which to serve the MLflow API over all jobs (port 0: any)")
          ->excludes(idle);
  start
      ->add_flag("--no-auth", arguments->no_auth,
                 "ask no client for the token there; on loopback alone")
      ->needs(tracking);
  CLI::Option* listen =
      start
          ->add_option("--listen", arguments->listen,
                       "HOST:PORT for workers and clients on other machines (port 0: any; 0.0.0.0 "
                       "or [::]: every address); makes the keys to it in the folder keys of the "
                       "state folder")
          ->excludes(idle);
  start
      ->add_option(
          "--lease", arguments->lease_seconds,
          "with --listen: seconds for which a worker may go unheard before it ends what it "
          "runs, so that it can be run elsewhere; trials outlive an absence of the "
          "coordinator that is shorter (60)")
      ->needs(listen)
      ->check(CLI::Range(1.0, 604800.0));
  start
      ->add_flag("--local-worker", arguments->local_worker,
                 "with --listen: run trials on this machine too")
      ->needs(listen);
  start->add_option("--ready-descriptor", arguments->ready_descriptor)->group("");
  start->add_flag("--expect-job", arguments->expects_job)->group("");
  start->fallthrough();
  start->callback([&context, arguments] { start_coordinator(context, *arguments); });

  CLI::App* status = noun->add_subcommand("status", "its process, uptime, address and counts");
  status->fallthrough();
  status->callback([&context] {
    auto client = Client::connect(target_of(context), {});
    auto answer = client ? (*client)->ask(protocol::GetStatus{}, kAnswerTimeout)
                         : Result<std::string>(tl::unexpected(client.error()));
    if (!answer) {
      report(context, answer.error());
      return;
    }
    print_answer(context, *answer, "json");
  });

  CLI::App* token = noun->add_subcommand(
      "token", "print what clients of --tracking set MLFLOW_TRACKING_TOKEN to");
  token->fallthrough();
  token->callback([&context] {
    const auto text = coordinator::tracking_token(context.home);
    if (!text) {
      report(context, text.error());
      return;
    }
    print_answer(context, "\"" + *text + "\"", "tsv");
  });

  CLI::App* stop = noun->add_subcommand(
      "stop", "end it; running trials go on, and the next one takes them up again");
  stop->fallthrough();
  stop->callback([&context] { stop_coordinator(context); });
}

}  // namespace trawl::cli
