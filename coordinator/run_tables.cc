#include "coordinator/run_tables.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <set>

namespace trawl::coordinator {
namespace {

using tracking::Experiment;
using tracking::MetricRow;
using tracking::Run;
using tracking::RunDetail;
using tracking::View;

constexpr std::int64_t kUsPerMs = 1000;
constexpr const char* kDeleted = "deleted";

const std::string kRunColumns =
    "SELECT run_id, experiment_id, run_name, user_id, status, start_time_ms, end_time_ms, "
    "lifecycle_stage FROM runs ";
const std::string kRunById = kRunColumns + "WHERE run_id = ?";
const std::string kExperimentColumns =
    "SELECT experiment_id, name, created_us, coalesce(updated_us, created_us), lifecycle_stage "
    "FROM experiments ";
const std::string kExperimentById = kExperimentColumns + "WHERE experiment_id = ?";
const std::string kExperimentByName = kExperimentColumns + "WHERE name = ?";

Run run_of(SQLite::Statement& row) {
  Run run;
  run.run_id = row.getColumn(0).getString();
  run.experiment_id = row.getColumn(1).getString();
  run.name = row.getColumn(2).getString();
  run.user_id = row.getColumn(3).getString();
  run.status = row.getColumn(4).getString();
  run.start_time_ms = row.getColumn(5).getInt64();
  if (!row.getColumn(6).isNull()) run.end_time_ms = row.getColumn(6).getInt64();
  run.is_deleted = row.getColumn(7).getString() == kDeleted;
  return run;
}

Experiment experiment_of(SQLite::Statement& row) {
  return {row.getColumn(0).getString(), row.getColumn(1).getString(),
          row.getColumn(2).getInt64() / kUsPerMs, row.getColumn(3).getInt64() / kUsPerMs,
          row.getColumn(4).getString() == kDeleted};
}

// (value, timestamp_ms, step, is_nan)
MetricRow metric_of(SQLite::Statement& row) {
  const bool is_nan = row.getColumn(3).getInt() != 0;
  return {is_nan ? std::numeric_limits<double>::quiet_NaN() : row.getColumn(0).getDouble(),
          row.getColumn(1).getInt64(), row.getColumn(2).getInt64()};
}

// The runs of one experiment in their order.
class RunCursor {
 public:
  RunCursor(SQLite::Database& database, const std::string& experiment_id, View view)
      : select_(database, sql(view)) {
    select_.bind(1, experiment_id);
    advance();
  }

  const std::optional<Run>& run() const { return run_; }

  void advance() {
    run_.reset();
    if (select_.executeStep()) run_ = run_of(select_);
  }

 private:
  static std::string sql(View view) {
    std::string stage;
    if (view == View::kActive) stage = "AND lifecycle_stage = 'active' ";
    if (view == View::kDeleted) stage = "AND lifecycle_stage = 'deleted' ";
    return kRunColumns + "WHERE experiment_id = ? " + stage + "ORDER BY start_time_ms DESC, run_id";
  }

  SQLite::Statement select_;
  std::optional<Run> run_;
};

bool precedes(const Run& a, const Run& b) {
  if (a.start_time_ms != b.start_time_ms) return a.start_time_ms > b.start_time_ms;
  return a.run_id < b.run_id;
}

}  // namespace

std::shared_ptr<const Run> RunTables::find_run(std::string_view run_id, RunDetail detail) const {
  SQLite::Statement& select = statements_.get(kRunById.c_str());
  select.bind(1, std::string(run_id));
  if (!select.executeStep()) return nullptr;
  auto run = std::make_shared<Run>(run_of(select));
  select.reset();
  if (detail == RunDetail::kAll) load_details(*run);
  return run;
}

void RunTables::load_details(Run& run) const {
  SQLite::Statement& params = statements_.get("SELECT key, value FROM params WHERE run_id = ?");
  params.bind(1, run.run_id);
  while (params.executeStep()) {
    run.params.emplace_hint(run.params.end(), params.getColumn(0).getString(),
                            params.getColumn(1).getString());
  }
  SQLite::Statement& tags = statements_.get("SELECT key, value FROM tags WHERE run_id = ?");
  tags.bind(1, run.run_id);
  while (tags.executeStep()) {
    run.tags.emplace_hint(run.tags.end(), tags.getColumn(0).getString(),
                          tags.getColumn(1).getString());
  }
  // From key to key, so that a long history costs no more than a short one.
  SQLite::Statement& next_key =
      statements_.get("SELECT min(key) FROM metrics WHERE run_id = ? AND key > ?");
  std::string key;
  for (;;) {
    next_key.bind(1, run.run_id);
    next_key.bind(2, key);
    next_key.executeStep();
    const bool is_last = next_key.getColumn(0).isNull();
    if (!is_last) key = next_key.getColumn(0).getString();
    next_key.reset();
    if (is_last) return;
    run.latest.emplace_hint(run.latest.end(), key, *latest(run.run_id, key));
  }
}

void RunTables::load(Run& run, const tracking::RunKeys& keys) const {
  const auto find = [&](const char* sql, const std::string& key, auto& map) {
    SQLite::Statement& select = statements_.get(sql);
    select.bind(1, run.run_id);
    select.bind(2, key);
    if (select.executeStep()) map.insert_or_assign(key, select.getColumn(0).getString());
    select.reset();
  };
  for (const std::string& key : keys.params) {
    find("SELECT value FROM params WHERE run_id = ? AND key = ?", key, run.params);
  }
  for (const std::string& key : keys.tags) {
    find("SELECT value FROM tags WHERE run_id = ? AND key = ?", key, run.tags);
  }
  for (const std::string& key : keys.metrics) {
    if (const auto row = latest(run.run_id, key)) run.latest.insert_or_assign(key, *row);
  }
}

std::optional<MetricRow> RunTables::latest(const std::string& run_id,
                                           const std::string& key) const {
  SQLite::Statement& select = statements_.get(
      "SELECT value, timestamp_ms, step, is_nan FROM metrics WHERE run_id = ? AND key = ? ORDER BY "
      "step DESC, timestamp_ms DESC, is_nan, value DESC LIMIT 1");
  select.bind(1, run_id);
  select.bind(2, key);
  std::optional<MetricRow> row;
  if (select.executeStep()) row = metric_of(select);
  select.reset();
  return row;
}

std::vector<MetricRow> RunTables::metric_rows(std::string_view run_id, std::string_view key,
                                              std::size_t offset, std::size_t count) const {
  constexpr auto kMost = static_cast<std::size_t>(std::numeric_limits<std::int64_t>::max());
  SQLite::Statement& select = statements_.get(
      "SELECT value, timestamp_ms, step, is_nan FROM metrics WHERE run_id = ? AND key = ? ORDER BY "
      "timestamp_ms, step, is_nan, value LIMIT ? OFFSET ?");
  select.bind(1, std::string(run_id));
  select.bind(2, std::string(key));
  select.bind(3, static_cast<std::int64_t>(std::min(count, kMost)));
  select.bind(4, static_cast<std::int64_t>(std::min(offset, kMost)));
  std::vector<MetricRow> rows;
  while (select.executeStep()) rows.push_back(metric_of(select));
  return rows;
}

// Each experiment's runs come from an index in their order, and are merged here.
void RunTables::visit_runs(const tracking::RunQuery& query,
                           const std::function<bool(const Run&)>& visit) const {
  std::vector<std::unique_ptr<RunCursor>> cursors;
  for (const std::string& id :
       std::set<std::string>(query.experiment_ids.begin(), query.experiment_ids.end())) {
    auto cursor = std::make_unique<RunCursor>(statements_.database(), id, query.view);
    if (cursor->run()) cursors.push_back(std::move(cursor));
  }
  while (!cursors.empty()) {
    const auto first = std::ranges::min_element(
        cursors, [](const auto& a, const auto& b) { return precedes(*a->run(), *b->run()); });
    Run run = *(*first)->run();
    load(run, query.keys);
    if (!visit(run)) return;
    (*first)->advance();
    if (!(*first)->run()) cursors.erase(first);
  }
}

std::optional<Experiment> RunTables::find_experiment(std::string_view experiment_id) const {
  SQLite::Statement& select = statements_.get(kExperimentById.c_str());
  select.bind(1, std::string(experiment_id));
  if (!select.executeStep()) return std::nullopt;
  Experiment experiment = experiment_of(select);
  select.reset();
  return experiment;
}

std::optional<Experiment> RunTables::find_experiment_by_name(std::string_view name) const {
  SQLite::Statement& select = statements_.get(kExperimentByName.c_str());
  select.bind(1, std::string(name));
  if (!select.executeStep()) return std::nullopt;
  Experiment experiment = experiment_of(select);
  select.reset();
  return experiment;
}

std::vector<Experiment> RunTables::experiments() const {
  SQLite::Statement& select = statements_.get(kExperimentColumns.c_str());
  std::vector<Experiment> all;
  while (select.executeStep()) all.push_back(experiment_of(select));
  return all;
}

std::optional<std::string> RunTables::find_document(std::string_view kind,
                                                    std::string_view id) const {
  SQLite::Statement& select =
      statements_.get("SELECT json FROM documents WHERE kind = ? AND id = ?");
  select.bind(1, std::string(kind));
  select.bind(2, std::string(id));
  if (!select.executeStep()) return std::nullopt;
  std::string json = select.getColumn(0).getString();
  select.reset();
  return json;
}

std::vector<tracking::Document> RunTables::find_documents(std::string_view kind,
                                                          std::string_view prefix) const {
  SQLite::Statement& select =
      statements_.get("SELECT id, json FROM documents WHERE kind = ? AND id >= ? ORDER BY id");
  select.bind(1, std::string(kind));
  select.bind(2, std::string(prefix));
  std::vector<tracking::Document> found;
  while (select.executeStep()) {
    std::string id = select.getColumn(0).getString();
    if (!id.starts_with(prefix)) break;
    found.push_back({std::move(id), select.getColumn(1).getString()});
  }
  select.reset();
  return found;
}

std::optional<RunTables::Artifacts> RunTables::find_artifacts(
    const tracking::ArtifactOwner& owner) const {
  SQLite::Statement& select = statements_.get(
      owner.is_model
          ? "SELECT CASE WHEN json_valid(json) THEN json_extract(json, '$.info.experiment_id') "
            "END, job, number FROM documents WHERE kind = 'logged_model' AND id = ?"
          : "SELECT experiment_id, job, number FROM runs WHERE run_id = ?");
  select.bind(1, owner.id);
  if (!select.executeStep()) return std::nullopt;
  Artifacts artifacts{select.getColumn(0).getString(), {}};
  const bool is_of_trial = !select.getColumn(1).isNull() && !select.getColumn(2).isNull();
  if (is_of_trial) {
    SQLite::Statement& attempts = statements_.get(
        "SELECT folder FROM attempts WHERE job = ? AND number = ? AND folder IS NOT NULL ORDER BY "
        "attempt DESC");
    attempts.bind(1, select.getColumn(1).getInt64());
    attempts.bind(2, select.getColumn(2).getInt64());
    while (attempts.executeStep()) artifacts.attempts.push_back(attempts.getColumn(0).getString());
  }
  select.reset();
  return artifacts;
}

}  // namespace trawl::coordinator
