#include "worker/worker.h"

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <optional>
#include <sys/signalfd.h>
#include <thread>

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "cluster/file_lock.h"
#include "protocol/clock.h"
#include "tracking/server.h"
#include "worker/cgroup.h"
#include "worker/loop.h"

namespace trawl::worker {
namespace {

// Nursery and keepers of an earlier worker hold this lock as long as they have something to end.
// The descriptor is for the new ones. What the kernel does not let go in time (a dead disk) is left
// to it.
Result<int> wait_for_keepers(const std::string& home) {
  constexpr auto kPoll = std::chrono::milliseconds(2);
  constexpr Duration kWaitMax = std::chrono::seconds(10);
  const std::string path = home + "/keepers.lock";
  const Instant until = protocol::now() + kWaitMax;
  auto lock = cluster::take_lock(path, "keepers of an earlier worker are still at work");
  while (!lock && lock.error().code == ErrorCode::kConflict && protocol::now() < until) {
    std::this_thread::sleep_for(kPoll);
    lock = cluster::take_lock(path, lock.error().message);
  }
  if (lock || lock.error().code != ErrorCode::kConflict) return lock;
  spdlog::warn("{}: going on without", lock.error().message);
  return -1;
}

// Those of an earlier worker, with what runs below them, or new ones.
Result<std::unique_ptr<Keepers>> get_keepers(const WorkerOptions& options) {
  const std::string record = options.home + "/cgroup";
  NurseryOptions wanted;
  wanted.folder = options.home;
  wanted.takeover = options.takeover;
  wanted.cgroup = worker_cgroup(record);
  auto taken_over = Keepers::take_over(wanted);
  if (!taken_over || *taken_over != nullptr) return taken_over;
  const auto lock = wait_for_keepers(options.home);
  if (!lock) return tl::unexpected(lock.error());
  const auto tracking = tracking::open_socket({});
  if (!tracking) return tl::unexpected(tracking.error());
  wanted.kept = *lock;
  wanted.tracking = *tracking;
  wanted.cgroup = make_worker_cgroup(record);
  auto started = Keepers::start(wanted);
  if (started) (*started)->warm_up();
  return started;
}

// They are read by the loop: a worker that is told to end puts away what it has.
Result<Descriptor> take_stop_signals() {
  sigset_t stop;
  sigemptyset(&stop);
  for (const int number : {SIGTERM, SIGINT}) sigaddset(&stop, number);
  Descriptor signals(signalfd(-1, &stop, SFD_CLOEXEC | SFD_NONBLOCK));
  if (signals.get() < 0) return fail_errno("cannot watch for signals", errno);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  return signals;
}

// What one request logs must fit into one message over TCP, with its head.
constexpr std::size_t kRemoteJsonBytesMax = protocol::kInboundBytesMax - (std::size_t{64} << 10);

// A spool that the coordinator has nothing to do with is kept under another name, for whoever wants
// to look into it; the worker that is started next makes a new one.
Result<void> put_aside(const std::string& path, std::uint64_t id) {
  const std::string kept = fmt::format("{}.{:x}", path, id);
  for (const char* suffix : {"", "-wal", "-shm"}) {
    std::error_code error;
    const bool is_there = std::filesystem::exists(path + suffix, error);
    if (is_there) std::filesystem::rename(path + suffix, kept + suffix, error);
    if (error) return fail(ErrorCode::kSystem, "cannot move " + path + ": " + error.message());
  }
  return fail(ErrorCode::kConflict,
              path +
                  " belongs to another trawl.db than the coordinator's, which was deleted or "
                  "replaced; what it held is kept in " +
                  kept + ", and its trials are ended");
}

}  // namespace

Result<void> run_worker(const WorkerOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.home, error);
  if (error) {
    return fail(ErrorCode::kSystem,
                "cannot make the folder " + options.home + ": " + error.message());
  }
  auto lock =
      cluster::hold_lock(cluster::worker_lock_path(options.home),
                         "another worker has the folder " + options.home +
                             (options.keys ? "; give this one a name of its own with --name" : ""));
  if (!lock) return lock;
  auto keepers = get_keepers(options);  // before threads and everything that is large
  if (!keepers) return tl::unexpected(keepers.error());
  auto stop_signals = take_stop_signals();
  if (!stop_signals) return tl::unexpected(stop_signals.error());
  auto durable = std::make_unique<DurableQueue>();
  auto trouble = std::make_unique<protocol::Mailbox<std::string>>();
  const std::string spool_path = options.home + "/spool.db";
  auto spool = Spool::open(
      spool_path, [queue = durable.get()](core::Report report) { queue->push(std::move(report)); },
      [queue = trouble.get()](const std::string& text) { queue->push(text); });
  if (!spool) return tl::unexpected(spool.error());
  const std::uint64_t spool_id = (*spool)->id();
  tracking::ServerSettings settings{.socket = (*keepers)->options().tracking};
  if (options.keys) settings.json_bytes_max = kRemoteJsonBytesMax;
  auto endpoint = std::make_unique<Endpoint>(spool->get(), std::move(settings));
  auto dealer = protocol::Dealer::connect(options.coordinator, options.keys);
  if (!dealer) return tl::unexpected(dealer.error());
  std::optional<Loop> loop;
  loop.emplace(options, Loop::Parts{std::move(*keepers), std::move(durable), std::move(trouble),
                                    std::move(*spool), std::move(endpoint), std::move(*dealer),
                                    *std::move(stop_signals)});
  const auto ran = loop->run();
  const bool is_foreign = loop->has_foreign_spool();
  loop.reset();  // closes the spool
  return is_foreign ? put_aside(spool_path, spool_id) : ran;
}

}  // namespace trawl::worker
