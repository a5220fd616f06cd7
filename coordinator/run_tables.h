// coordinator/run_tables.h: the MLflow runs and experiments of all jobs, and those of other
// clients, as the tables of trawl.db hold them: what the tracking methods see, and on the writer's
// connection what they change.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/record_writer.h"
#include "sqlite/statements.h"
#include "tracking/artifact_requests.h"
#include "tracking/repository.h"

namespace trawl::coordinator {

/// One thread at a time, inside a transaction of the caller's. Throws SQLite::Exception. Only the
/// writer's connection may `apply`.
class RunTables : public tracking::Repository {
 public:
  /// `statements` outlives it.
  explicit RunTables(sqlite::Statements& statements)
      : statements_(statements), writer_(statements) {}

  std::shared_ptr<const tracking::Run> find_run(std::string_view run_id,
                                                tracking::RunDetail detail) const override;
  std::vector<tracking::MetricRow> metric_rows(std::string_view run_id, std::string_view key,
                                               std::size_t offset,
                                               std::size_t count) const override;

  /// Reads on as long as `visit` wants more, and of each run what `query` names: the cost is that
  /// of the runs visited, however many there are.
  void visit_runs(const tracking::RunQuery& query,
                  const std::function<bool(const tracking::Run&)>& visit) const override;

  std::optional<tracking::Experiment> find_experiment(
      std::string_view experiment_id) const override;
  std::optional<tracking::Experiment> find_experiment_by_name(std::string_view name) const override;
  std::vector<tracking::Experiment> experiments() const override;
  std::optional<std::string> find_document(std::string_view kind,
                                           std::string_view id) const override;
  std::vector<tracking::Document> find_documents(std::string_view kind,
                                                 std::string_view prefix) const override;

  /// By a client that is no trial.
  bool apply(const Record& record) override { return writer_.put(record, std::nullopt); }

  /// Where the artifacts of a run or a logged model may lie; nothing for one that is unknown.
  struct Artifacts {
    std::string experiment_id;
    /// The folders of its trial's attempts, newest first; none for what belongs to no trial.
    std::vector<std::string> attempts;
  };
  std::optional<Artifacts> find_artifacts(const tracking::ArtifactOwner& owner) const;

 private:
  void load_details(tracking::Run& run) const;
  void load(tracking::Run& run, const tracking::RunKeys& keys) const;
  std::optional<tracking::MetricRow> latest(const std::string& run_id,
                                            const std::string& key) const;

  sqlite::Statements& statements_;
  RecordWriter writer_;
};

}  // namespace trawl::coordinator
