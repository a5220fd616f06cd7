#include "coordinator/coordinator.h"

#include <algorithm>
#include <sys/resource.h>

#include <spdlog/spdlog.h>

#include "cluster/file_lock.h"
#include "coordinator/cluster_keys.h"
#include "coordinator/loop.h"
#include "protocol/local_endpoint.h"

namespace trawl::coordinator {
namespace {

Result<void> open_store(const CoordinatorOptions& options, Loop::Parts& parts) {
  auto store = Store::open(options.home + "/trawl.db");
  if (!store) return tl::unexpected(store.error());
  parts.store = std::move(*store);
  if (!options.tracking) return {};
  auto started = TrackingServer::start(parts.store.get(), options.home, *options.tracking);
  if (!started) return tl::unexpected(started.error());
  parts.tracking = *std::move(started);
  return {};
}

// Each worker and client on another machine takes a descriptor, and the usual limit is 1024. Some
// machines allow a billion, for which programs that close all of them need minutes.
void allow_many_connections() {
  constexpr rlim_t kDescriptors = 65'536;
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= kDescriptors) return;
  limit.rlim_cur = std::min(limit.rlim_max, kDescriptors);
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) {
    spdlog::warn("cannot open more than the usual number of files, and so not serve many workers");
  }
}

// What others are told of it, or "" where nobody else is served.
Result<std::string> listen(const CoordinatorOptions& options, protocol::Router& router) {
  if (!options.listen) return "";
  const auto files = ClusterKeyFiles::open(options.home);
  if (!files) return tl::unexpected(files.error());
  allow_many_connections();
  const auto bound = router.listen(*options.listen, files->keys());
  if (!bound) return tl::unexpected(bound.error());
  const protocol::TcpAddress address = protocol::advertised(*bound);
  const auto written = files->write(address);
  if (!written) return tl::unexpected(written.error());
  spdlog::info("listening on {}", to_string(*bound));
  return to_string(address);
}

}  // namespace

Result<void> run_coordinator(const CoordinatorOptions& options) {
  auto lock = cluster::hold_lock(cluster::coordinator_lock_path(options.home),
                                 "another coordinator has the state folder " + options.home +
                                     "; talk to it, or choose another folder with --home");
  if (!lock) return lock;
  const auto endpoint = protocol::local_endpoint(options.home);
  if (!endpoint) return tl::unexpected(endpoint.error());
  auto router = protocol::Router::bind(*endpoint);
  if (!router) return tl::unexpected(router.error());
  auto listening = listen(options, **router);
  if (!listening) return tl::unexpected(listening.error());
  Loop::Parts parts{std::move(*router), *std::move(listening), std::nullopt, nullptr, nullptr};
  // One that cannot be started is tried again, and spoken of, by the loop.
  if (options.expects_job && options.local_worker) {
    const auto worker = cluster::start_local_worker(options.home, *endpoint);
    if (worker) parts.worker = *worker;
  }
  const auto opened = open_store(options, parts);
  if (!opened && parts.worker) cluster::end(*parts.worker);
  const auto ran = opened ? Loop(options, *endpoint, std::move(parts)).run() : opened;
  protocol::remove_local_endpoint(*endpoint);  // ZeroMQ leaves it; nobody else has it, by the lock
  return ran;
}

}  // namespace trawl::coordinator
