#include "coordinator/coordinator.h"

#include "cluster/file_lock.h"
#include "coordinator/loop.h"
#include "protocol/local_endpoint.h"

namespace trawl::coordinator {

Result<void> run_coordinator(const CoordinatorOptions& options) {
  auto lock = cluster::hold_lock(cluster::coordinator_lock_path(options.home),
                                 "another coordinator has the state folder " + options.home +
                                     "; talk to it, or choose another folder with --home");
  if (!lock) return lock;
  const auto endpoint = protocol::local_endpoint(options.home);
  if (!endpoint) return tl::unexpected(endpoint.error());
  auto store = Store::open(options.home + "/trawl.db");
  if (!store) return tl::unexpected(store.error());
  std::unique_ptr<TrackingServer> tracking;
  if (options.tracking) {
    auto started = TrackingServer::start(store->get(), options.home, *options.tracking);
    if (!started) return tl::unexpected(started.error());
    tracking = *std::move(started);
  }
  auto router = protocol::Router::bind(*endpoint);
  if (!router) return tl::unexpected(router.error());
  Loop loop(options, *endpoint, std::move(*store), std::move(*router), std::move(tracking));
  const auto ran = loop.run();
  protocol::remove_local_endpoint(*endpoint);  // ZeroMQ leaves it; nobody else has it, by the lock
  return ran;
}

}  // namespace trawl::coordinator
