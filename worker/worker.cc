#include "worker/worker.h"

#include <filesystem>

#include "cluster/file_lock.h"
#include "worker/loop.h"

namespace trawl::worker {

Result<void> run_worker(const WorkerOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.home, error);
  if (error) {
    return fail(ErrorCode::kSystem,
                "cannot make the folder " + options.home + ": " + error.message());
  }
  auto lock = cluster::hold_lock(cluster::worker_lock_path(options.home),
                                 "another worker has the folder " + options.home);
  if (!lock) return lock;
  auto durable = std::make_unique<DurableQueue>();
  auto spool =
      Spool::open(options.home + "/spool.db",
                  [queue = durable.get()](core::Report report) { queue->push(std::move(report)); });
  if (!spool) return tl::unexpected(spool.error());
  auto endpoint = Endpoint::start(spool->get());
  if (!endpoint) return tl::unexpected(endpoint.error());
  auto dealer = protocol::Dealer::connect(options.coordinator);
  if (!dealer) return tl::unexpected(dealer.error());
  Loop loop(options, std::move(durable), std::move(*spool), std::move(*endpoint),
            std::move(*dealer));
  return loop.run();
}

}  // namespace trawl::worker
