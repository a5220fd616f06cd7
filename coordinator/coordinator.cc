#include "coordinator/coordinator.h"

#include "cluster/file_lock.h"
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
  Loop::Parts parts{std::move(*router), std::nullopt, nullptr, nullptr};
  // One that cannot be started is tried again, and spoken of, by the loop.
  if (options.expects_job) {
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
