// protocol/client_message.h: what a client (the command line, another program) asks a coordinator.
// Append only, as core/message.h. Answers that describe things are JSON text, so that a newer
// coordinator can say more to an older client.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "base/error.h"
#include "sweep/job.h"
#include "sweep/job_update.h"

namespace trawl::protocol {

struct SubmitJob {
  JobSpec spec;
};
struct CancelJob {
  std::string name;  // a job's or a trial's
};
struct ShowJob {
  std::string name;
};
/// Which jobs of a list.
enum class Archived { kExcluded, kOnly, kIncluded };
struct ListJobs {
  std::string parent;            // a sweep: its trials; empty: jobs
  std::int64_t max_results = 0;  // 0: all
  Archived archived = Archived::kExcluded;
};
/// Answered at once if anything of the job is newer than `after`, else as soon as something is, or
/// when `wait_ms` are over. The answer's "last_event" is the next `after`.
struct WatchJob {
  std::string name;
  std::int64_t after = 0;
  std::int64_t wait_ms = 0;
};
/// The bytes of a trial's log from `offset` on, at most 1 MiB at a time.
struct ReadLog {
  std::string name;
  std::int64_t offset = 0;
};
struct GetStatus {};
struct StopCoordinator {};
/// Answered with the job as ShowJob does.
struct UpdateJob {
  std::string name;  // a job's
  JobUpdate update;
};

struct ListWorkers {};
/// The worker takes nothing new and ends once nothing runs on it. Answered once it has said so.
struct DrainWorker {
  std::string name;
};

using ClientRequest = std::variant<SubmitJob, CancelJob, ShowJob, ListJobs, WatchJob, ReadLog,
                                   GetStatus, StopCoordinator, UpdateJob, ListWorkers, DrainWorker>;

struct ClientEnvelope {
  std::uint64_t request{};  // chosen by the client; its answer carries it
  ClientRequest body;
};

struct ClientAnswer {
  std::uint64_t request{};
  Result<std::string> json;
};

}  // namespace trawl::protocol
