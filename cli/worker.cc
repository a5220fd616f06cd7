#include "cli/worker.h"

#include <array>
#include <chrono>
#include <climits>
#include <filesystem>
#include <memory>
#include <unistd.h>

#include <spdlog/spdlog.h>

#include "cli/connection_key.h"
#include "cli/daemon.h"
#include "cluster/file_lock.h"
#include "worker/worker.h"

namespace trawl::cli {
namespace {

struct WorkerArguments {
  worker::WorkerOptions options;
  std::string jobs_folder;  // as given
  double takeover_seconds = std::chrono::duration<double>(worker::kTakeover).count();
};

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

// CLI11 says what is wrong with an argument in a check's return value; "" is good.
std::string is_worker_name(const std::string& text) {
  constexpr const char* kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.";
  const bool is_name = !text.empty() && text.size() <= 100 && text[0] != '.' &&
                       text.find_first_not_of(kLetters) == text.npos;
  return is_name ? "" : "must be 1 to 100 letters, digits, '-', '_' and '.'; it is '" + text + "'";
}

// On this machine, beside its coordinator: started by that one, or by hand.
void complete_for_local(const Context& context, worker::WorkerOptions& options) {
  options.coordinator = context.coordinator;
  options.home = cluster::local_worker_home(context.home);
  if (options.name.empty()) options.name = "local";
}

Result<void> complete_for_remote(const Context& context, worker::WorkerOptions& options) {
  const auto key = read_worker_key(target_of(context));
  if (!key) return tl::unexpected(key.error());
  options.coordinator = endpoint_of(key->address);
  options.keys = key->keys;
  options.key_path = key->path;
  if (options.name.empty()) options.name = host_name();
  const std::string fault = is_worker_name(options.name);
  if (!fault.empty()) {
    return fail(ErrorCode::kInvalid, "this host's name " + fault + "; give another with --name");
  }
  options.home = context.home + "/workers/" + options.name;
  return {};
}

void start_worker(Context& context, WorkerArguments& arguments) {
  prepare_daemon(context);
  worker::WorkerOptions& options = arguments.options;
  options.takeover = std::chrono::duration_cast<Duration>(
      std::chrono::duration<double>(arguments.takeover_seconds));
  options.jobs_folder = arguments.jobs_folder.empty()
                            ? context.home + "/jobs"
                            : std::filesystem::absolute(arguments.jobs_folder).string();
  Result<void> done;
  if (context.coordinator.starts_with("ipc://")) {
    complete_for_local(context, options);
  } else {
    done = complete_for_remote(context, options);
  }
  if (done) done = worker::run_worker(options);
  if (done) return;
  spdlog::error("{}", done.error().message);
  report(context, done.error());
}

void ask_and_print(Context& context, protocol::ClientRequest request, const char* fallback) {
  auto client = Client::connect(target_of(context), {});
  auto answer = client ? (*client)->ask(std::move(request), kAnswerTimeout)
                       : Result<std::string>(tl::unexpected(client.error()));
  if (answer) {
    print_answer(context, *answer, fallback);
  } else {
    report(context, answer.error());
  }
}

void add_list(CLI::App* noun, Context& context) {
  CLI::App* list = noun->add_subcommand("list", "the workers: who is there, and what runs on them");
  list->fallthrough();
  list->callback([&context] {
    const bool on_terminal = isatty(STDOUT_FILENO) == 1;
    ask_and_print(context, protocol::ListWorkers{}, on_terminal ? "table" : "json");
  });
}

void add_drain(CLI::App* noun, Context& context) {
  CLI::App* drain = noun->add_subcommand(
      "drain", "let a worker finish what runs on it and then end; it gets nothing new");
  auto name = std::make_shared<std::string>();
  drain->add_option("-n,--name", *name, "the worker's name")->required();
  drain->fallthrough();
  drain->callback(
      [&context, name] { ask_and_print(context, protocol::DrainWorker{*name}, "none"); });
}

}  // namespace

void add_worker_verbs(CLI::App& app, Context& context) {
  CLI::App* noun = app.add_subcommand("worker", "the agent that runs trials on a node");
  noun->require_subcommand(1);
  noun->fallthrough();
  auto arguments = std::make_shared<WorkerArguments>();
  CLI::App* start = noun->add_subcommand(
      "start", "run trials for the coordinator of `trawl coordinator start --listen`");
  start->add_option("--coordinator", context.coordinator,
                    "its HOST:PORT (TRAWL_COORDINATOR, else as the key file says)");
  start->add_option("--key", context.key,
                    "the key file, or - for standard input (TRAWL_KEY, else keys/worker.key in the "
                    "state folder)");
  start
      ->add_option("--name", arguments->options.name,
                   "this worker's name, one of its own in the cluster (the host's)")
      ->check(is_worker_name, "a name");
  start
      ->add_option("--cpus", arguments->options.slot_count, "slots to offer (the cores it may use)")
      ->check(CLI::Range(1, 4096));
  start->add_option("--jobs-folder", arguments->jobs_folder,
                    "where trials run; the coordinator's, where the file system is shared (jobs in "
                    "the state folder)");
  start
      ->add_option("--download-cache", arguments->options.download_bytes_max,
                   "how much of what inputs name by URL is kept, as in 500MB (10 GiB)")
      ->transform(CLI::AsSizeValue(true))
      ->envname("TRAWL_DOWNLOAD_CACHE");
  start
      ->add_option("--takeover", arguments->takeover_seconds,
                   "seconds that trials go on without this worker, until its next start takes them "
                   "over (60); 0: they end with it")
      ->check(CLI::Range(0.0, 86'400.0))
      ->envname("TRAWL_TAKEOVER");
  start->fallthrough();
  start->callback([&context, arguments] { start_worker(context, *arguments); });
  add_list(noun, context);
  add_drain(noun, context);
}

}  // namespace trawl::cli
