// worker/worker.h: the worker agent's shell: it owns the processes, the spool, the endpoint and the
// link, feeds what happens to core::Agent and carries out what that decides.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/instant.h"
#include "protocol/keys.h"
#include "worker/download_cache.h"

namespace trawl::worker {

inline constexpr Duration kTakeover = std::chrono::seconds(60);

struct WorkerOptions {
  std::string name;                        // among the cluster's workers
  std::string coordinator;                 // ZeroMQ endpoint
  std::optional<protocol::PeerKeys> keys;  // over TCP, where the worker stays until it is ended
  std::string key_path;                    // where they are from, for messages
  std::string home;                        // the worker's own folder: lock, spool
  std::string jobs_folder;                 // where attempts live
  std::int32_t slot_count = 0;             // 0: the cores that this process may use
  std::uint64_t download_bytes_max = kDownloadBytesMax;
  /// How long trials go on without their worker, however it ended, until the next one of the same
  /// folder takes them over; then they are ended. Zero: they end with it.
  Duration takeover = kTakeover;
};

/// Runs until the coordinator lets it go, until SIGTERM or SIGINT, or, where the coordinator is of
/// this machine, until nothing runs here and none has been there for a minute. kConflict: another
/// process has this worker's folder; kUnavailable: the coordinator is of another version.
Result<void> run_worker(const WorkerOptions& options);

}  // namespace trawl::worker
