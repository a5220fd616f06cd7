#include "worker/worker.h"

#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

#include "worker/loop.h"

namespace trawl::worker {

std::string worker_lock_path(const std::string& home) {
  return home + "/worker.lock";
}

Result<void> run_worker(const WorkerOptions& options) {
  std::error_code error;
  std::filesystem::create_directories(options.home, error);
  if (error) {
    return fail(ErrorCode::kSystem,
                "cannot make the folder " + options.home + ": " + error.message());
  }
  const std::string lock_path = worker_lock_path(options.home);
  const int lock = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (lock < 0) return fail_errno("cannot open " + lock_path, errno);
  struct flock whole_file {};  // of the open file, not of the process; looking does not disturb it
  whole_file.l_type = F_WRLCK;
  if (fcntl(lock, F_OFD_SETLK, &whole_file) != 0) {
    close(lock);
    return fail(ErrorCode::kConflict, "another worker has the folder " + options.home);
  }
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
  return loop.run();  // the lock goes with the process
}

}  // namespace trawl::worker
