// worker/worker.h: the worker agent's shell: it owns the processes, the spool, the endpoint and the
// link, feeds what happens to core::Agent and carries out what that decides.
#pragma once

#include <cstdint>
#include <string>

#include "base/error.h"
#include "worker/download_cache.h"

namespace trawl::worker {

struct WorkerOptions {
  std::string name;             // among the cluster's workers
  std::string coordinator;      // ZeroMQ endpoint
  std::string home;             // the worker's own folder: lock, spool
  std::string jobs_folder;      // where attempts live
  std::int32_t slot_count = 0;  // 0: the cores that this process may use
  std::uint64_t download_bytes_max = kDownloadBytesMax;
};

/// Runs until the coordinator lets it go, or until nothing runs here and no coordinator has been
/// there for a minute. kConflict: another process has this worker's folder.
Result<void> run_worker(const WorkerOptions& options);

}  // namespace trawl::worker
