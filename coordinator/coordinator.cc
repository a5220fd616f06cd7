#include "coordinator/coordinator.h"

#include <fcntl.h>
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
  struct flock whole_file {};  // of the open file, not of the process; looking does not disturb it
  whole_file.l_type = F_WRLCK;
  if (fcntl(lock, F_OFD_SETLK, &whole_file) != 0) {
    close(lock);
    return fail(ErrorCode::kConflict, "another coordinator has the state folder " + options.home +
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
