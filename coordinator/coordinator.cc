#include "coordinator/coordinator.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "coordinator/loop.h"
#include "protocol/local_endpoint.h"

namespace trawl::coordinator {

std::string coordinator_lock_path(const std::string& home) {
  return home + "/coordinator.lock";
}

Result<void> run_coordinator(const CoordinatorOptions& options) {
  const std::string lock_path = coordinator_lock_path(options.home);
  const int lock = open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (lock < 0) return fail_errno("cannot open " + lock_path, errno);
  if (flock(lock, LOCK_EX | LOCK_NB) != 0) {
    close(lock);
    return fail(ErrorCode::kConflict,
                "another coordinator has the state folder " + options.home +
                    "; talk to it, or choose another folder with --home");
  }
  const auto endpoint = protocol::local_endpoint(options.home);
  if (!endpoint) return tl::unexpected(endpoint.error());
  auto store = Store::open(options.home + "/trawl.db");
  if (!store) return tl::unexpected(store.error());
  auto router = protocol::Router::bind(*endpoint);
  if (!router) return tl::unexpected(router.error());
  Loop loop(options, *endpoint, std::move(*store), std::move(*router));
  return loop.run();  // the lock goes with the process
}

}  // namespace trawl::coordinator
