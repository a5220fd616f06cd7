// coordinator/record_writer.h: what was logged, into the tables of runs, metrics, params, tags,
// experiments and documents: by a trial's script, or by a client of the coordinator's tracking
// address.
#pragma once

#include <optional>
#include <string>

#include "core/ids.h"
#include "sqlite/statements.h"
#include "sweep/record.h"

namespace trawl::coordinator {

/// On the writer's thread, inside its transaction. Throws SQLite::Exception.
class RecordWriter {
 public:
  /// `statements` outlives it.
  explicit RecordWriter(sqlite::Statements& statements) : statements_(statements) {}

  /// Writes one record about a run that exists. `trial` is whose script logged it; nothing for
  /// other clients. False if it changed nothing: an equal row or tag, a param that is there
  /// already.
  bool put(const Record& record, const std::optional<core::TrialId>& trial);

  /// The id of the experiment of that name. It is made if there is none, and active again if it was
  /// deleted.
  std::string experiment_for(const std::string& name, std::int64_t at_us);

 private:
  using Trial = std::optional<core::TrialId>;

  bool put(const RunCreated& fact, const Trial& trial);
  bool put(const RunUpdated& fact, const Trial& trial);
  bool put(const MetricLogged& fact, const Trial& trial);
  bool put(const ParamLogged& fact, const Trial& trial);
  bool put(const TagSet& fact, const Trial& trial);
  bool put(const ExperimentCreated& fact, const Trial& trial);
  bool put(const TagDeleted& fact, const Trial& trial);
  bool put(const DocumentStored& fact, const Trial& trial);
  bool put(const DocumentDeleted& fact, const Trial& trial);
  bool put(const RunDeleted& fact, const Trial& trial);
  bool put(const RunRestored& fact, const Trial& trial);
  bool put(const ExperimentRenamed& fact, const Trial& trial);
  bool put(const ExperimentDeleted& fact, const Trial& trial);
  bool put(const ExperimentRestored& fact, const Trial& trial);

  /// That of its name (sweep/experiment.h), or another where a renamed experiment has that one.
  std::string new_experiment_id(const std::string& name);
  std::optional<std::string> find_tag(const std::string& run_id, const std::string& key);
  bool set_tag(const std::string& run_id, const std::string& key, const std::string& value);
  bool set_name(const std::string& run_id, const std::string& name);
  bool set_stage(const std::string& run_id, const char* stage);
  bool set_experiment_stage(const std::string& experiment_id, const char* stage,
                            std::int64_t time_ms);

  sqlite::Statements& statements_;
};

}  // namespace trawl::coordinator
