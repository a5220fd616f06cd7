// tracking/repository.h: what the MLflow methods see and change: runs, experiments and documents,
// wherever they are kept. A trial's session keeps its own in memory (run_state.h); a database can
// hold those of all jobs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/record.h"

namespace trawl::tracking {

struct MetricRow {
  double value{};  // finite or NaN
  std::int64_t timestamp_ms{};
  std::int64_t step{};
};

/// True if `a` counts as newer: largest by (step, timestamp, value); NaN loses a tie.
bool is_later(const MetricRow& a, const MetricRow& b);

/// The order of a metric's history: (timestamp, step, value); NaN comes last in a tie.
bool precedes_in_history(const MetricRow& a, const MetricRow& b);

struct Run {
  std::string run_id;
  std::string experiment_id;
  std::string name;
  std::string user_id;
  std::string status = "RUNNING";  // as MLflow spells it
  std::int64_t start_time_ms{};
  std::optional<std::int64_t> end_time_ms;
  bool is_deleted{};
  std::map<std::string, std::string, std::less<>> params;
  std::map<std::string, std::string, std::less<>> tags;  // holds mlflow.runName, equal to name
  std::map<std::string, MetricRow, std::less<>> latest;  // of each metric, by is_later
};

struct Experiment {
  std::string experiment_id;
  std::string name;
  std::int64_t creation_time_ms{};
  std::int64_t last_update_time_ms{};
  bool is_deleted{};
};

/// A JSON object under (kind, id): the kinds are listed at DocumentStored.
struct Document {
  std::string id;
  std::string json;
};

/// How much of a run is wanted. kInfo may leave params, tags and latest empty, where they cost.
enum class RunDetail { kInfo, kAll };

enum class View { kActive, kDeleted, kAll };

/// What somebody looks at in a run beside its attributes, by key.
struct RunKeys {
  std::vector<std::string> params;
  std::vector<std::string> tags;
  std::vector<std::string> metrics;
};

struct RunQuery {
  std::vector<std::string> experiment_ids;  // unknown ones are ignored
  View view = View::kActive;
  RunKeys keys = {};  // a visited run may lack all other params, tags and metrics
};

/// A reader over a database may throw its library's exception; the session that made it catches it
/// (503) and leaves nothing of the call behind. One thread at a time.
class Repository {
 public:
  virtual ~Repository() = default;

  /// Null where there is none. What is shared may change with the next `apply`.
  virtual std::shared_ptr<const Run> find_run(std::string_view run_id, RunDetail detail) const = 0;

  /// Rows `offset` to `offset + count` of one metric in the order of its history; fewer at the end,
  /// none for an unknown run or key.
  virtual std::vector<MetricRow> metric_rows(std::string_view run_id, std::string_view key,
                                             std::size_t offset, std::size_t count) const = 0;

  /// Calls `visit` with each run in question by (start_time descending, run_id), until it returns
  /// false. It may ask this repository meanwhile.
  virtual void visit_runs(const RunQuery& query,
                          const std::function<bool(const Run&)>& visit) const = 0;

  /// Deleted ones included.
  virtual std::optional<Experiment> find_experiment(std::string_view experiment_id) const = 0;
  virtual std::optional<Experiment> find_experiment_by_name(std::string_view name) const = 0;

  /// All, deleted ones included, in any order.
  virtual std::vector<Experiment> experiments() const = 0;

  /// The JSON text; and all whose id starts with `prefix`, by id.
  virtual std::optional<std::string> find_document(std::string_view kind,
                                                   std::string_view id) const = 0;
  virtual std::vector<Document> find_documents(std::string_view kind,
                                               std::string_view prefix) const = 0;

  /// Applies one fact, to be seen by what follows; false if it changed nothing (an equal row, an
  /// equal tag, a param that is there already, a run that is unknown).
  virtual bool apply(const Record& record) = 0;
};

}  // namespace trawl::tracking
