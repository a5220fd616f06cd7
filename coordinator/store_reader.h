// coordinator/store_reader.h: what clients ask, answered from the committed tables as JSON text.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <SQLiteCpp/SQLiteCpp.h>

#include "base/error.h"
#include "core/coordinator.h"
#include "protocol/client_message.h"

namespace trawl::coordinator {

/// Used by one thread: the loop's.
class StoreReader {
 public:
  /// `what` begins its errors: "cannot read /path/trawl.db".
  StoreReader(std::unique_ptr<SQLite::Database> database, std::string what)
      : database_(std::move(database)), what_(std::move(what)) {}

  /// Puts what is journalled into a new core: the names of all jobs, the spools, and the facts of
  /// the unfinished jobs. Returns the newest time of these facts, or nothing where there is none.
  /// kInvalid names the row that does not decode.
  Result<std::optional<Instant>> replay(core::Coordinator& core);

  /// A job or a trial as `job show` prints it; kNotFound. The notes are what the coordinator knows
  /// besides, each "" where there is nothing to say.
  struct ShowNotes {
    std::string concurrency;   // what bounds a running sweep
    std::string tracking_uri;  // where the MLflow API over all jobs is served
  };
  Result<std::string> show(const std::string& name, const ShowNotes& notes);

  /// Jobs, newest first, or the trials of a parent in order.
  Result<std::string> list(const protocol::ListJobs& request);

  /// What is new about a job since event `after` (see protocol::WatchJob): an object with
  /// last_event, job, trials, events.
  /// `notes` are what the coordinator adds: the time on its clock, and what keeps it or a worker
  /// from working right now ("" for nothing).
  struct Notes {
    Instant now;
    std::string trouble;
  };
  Result<std::string> watch(const std::string& name, std::int64_t after, const Notes& notes);

  /// The newest event about the job that `name` is or belongs to.
  Result<std::int64_t> last_event(const std::string& name);

  /// The number of the job that `name` (a job's or a trial's) belongs to.
  Result<std::int64_t> job_number(const std::string& name);

  /// The folder of the last attempt of the trial `name` (a sweep: of its best trial); kNotFound.
  struct Folder {
    std::string path;
    bool ended{};
  };
  Result<Folder> folder(const std::string& name);

 private:
  std::unique_ptr<SQLite::Database> database_;
  const std::string what_;
  std::unique_ptr<SQLite::Statement> select_last_event_;
};

}  // namespace trawl::coordinator
