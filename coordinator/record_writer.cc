#include "coordinator/record_writer.h"

#include <cmath>

#include "sweep/experiment.h"

namespace trawl::coordinator {
namespace {

constexpr std::int64_t kUsPerMs = 1000;
constexpr const char* kRunNameTag = "mlflow.runName";
constexpr const char* kActive = "active";
constexpr const char* kDeleted = "deleted";

}  // namespace

bool RecordWriter::put(const Record& record, const Trial& trial) {
  return std::visit([&](const auto& fact) { return put(fact, trial); }, record);
}

// A trial's runs are all in the experiment of its job, under whatever number the worker knows that.
bool RecordWriter::put(const RunCreated& fact, const Trial& trial) {
  int changed = 0;
  if (trial) {
    changed = statements_.run(
        "INSERT OR IGNORE INTO runs(run_id, job, number, experiment_id, run_name, user_id, status, "
        "start_time_ms) SELECT ?1, id, ?3, experiment_id, ?4, ?5, 'RUNNING', ?6 FROM jobs WHERE id "
        "= ?2",
        fact.run_id, trial->job.number, trial->number, fact.run_name, fact.user_id,
        fact.start_time_ms);
  } else {
    changed = statements_.run(
        "INSERT OR IGNORE INTO runs(run_id, experiment_id, run_name, user_id, status, "
        "start_time_ms) VALUES (?, ?, ?, ?, 'RUNNING', ?)",
        fact.run_id, fact.experiment_id, fact.run_name, fact.user_id, fact.start_time_ms);
  }
  if (changed == 0) return false;
  set_tag(fact.run_id, kRunNameTag, fact.run_name);
  return true;
}

bool RecordWriter::put(const RunUpdated& fact, const Trial&) {
  bool changed = false;
  if (fact.status) {
    changed |= statements_.run("UPDATE runs SET status = ?2 WHERE run_id = ?1 AND status <> ?2",
                               fact.run_id, *fact.status) > 0;
  }
  if (fact.end_time_ms) {
    changed |= statements_.run(
                   "UPDATE runs SET end_time_ms = ?2 WHERE run_id = ?1 AND end_time_ms IS NOT ?2",
                   fact.run_id, *fact.end_time_ms) > 0;
  }
  if (fact.run_name) changed |= set_name(fact.run_id, *fact.run_name);
  return changed;
}

bool RecordWriter::put(const MetricLogged& fact, const Trial&) {
  const bool is_nan = std::isnan(fact.value);
  return statements_.run(
             "INSERT OR IGNORE INTO metrics(run_id, key, step, timestamp_ms, value, is_nan) "
             "VALUES (?, ?, ?, ?, ?, ?)",
             fact.run_id, fact.key, fact.step, fact.timestamp_ms, is_nan ? 0.0 : fact.value,
             is_nan ? 1 : 0) > 0;
}

bool RecordWriter::put(const ParamLogged& fact, const Trial&) {
  return statements_.run("INSERT OR IGNORE INTO params(run_id, key, value) VALUES (?, ?, ?)",
                         fact.run_id, fact.key, fact.value) > 0;
}

bool RecordWriter::put(const TagSet& fact, const Trial&) {
  return fact.key == kRunNameTag ? set_name(fact.run_id, fact.value)
                                 : set_tag(fact.run_id, fact.key, fact.value);
}

bool RecordWriter::put(const TagDeleted& fact, const Trial&) {
  if (!find_tag(fact.run_id, fact.key)) return false;
  statements_.run(
      "INSERT INTO set_tags(run_id, key) VALUES (?, ?) ON CONFLICT(run_id, key) DO UPDATE SET "
      "value = NULL",
      fact.run_id, fact.key);
  return true;
}

bool RecordWriter::put(const DocumentStored& fact, const Trial& trial) {
  constexpr const char* kSql =
      "INSERT INTO documents(job, number, kind, id, json) VALUES (?, ?, ?, ?, ?) ON CONFLICT(kind, "
      "id) DO UPDATE SET job = excluded.job, number = excluded.number, json = excluded.json WHERE "
      "json <> excluded.json";
  SQLite::Statement& insert = statements_.get(kSql);
  if (trial) {
    insert.bind(1, trial->job.number);
    insert.bind(2, trial->number);
  }
  insert.bind(3, fact.kind);
  insert.bind(4, fact.id);
  insert.bind(5, fact.json);
  const int changed = insert.exec();
  insert.reset();
  return changed > 0;
}

bool RecordWriter::put(const DocumentDeleted& fact, const Trial&) {
  return statements_.run("DELETE FROM documents WHERE kind = ? AND id = ?", fact.kind, fact.id) > 0;
}

bool RecordWriter::put(const RunDeleted& fact, const Trial&) {
  return set_stage(fact.run_id, kDeleted);
}

bool RecordWriter::put(const RunRestored& fact, const Trial&) {
  return set_stage(fact.run_id, kActive);
}

bool RecordWriter::put(const ExperimentCreated& fact, const Trial&) {
  return statements_.run(
             "INSERT OR IGNORE INTO experiments(experiment_id, name, created_us) VALUES (?, ?, ?)",
             fact.experiment_id, fact.name, fact.creation_time_ms * kUsPerMs) > 0;
}

bool RecordWriter::put(const ExperimentRenamed& fact, const Trial&) {
  return statements_.run(
             "UPDATE OR IGNORE experiments SET name = ?2, updated_us = ?3 WHERE experiment_id = ?1",
             fact.experiment_id, fact.name, fact.time_ms * kUsPerMs) > 0;
}

bool RecordWriter::put(const ExperimentDeleted& fact, const Trial&) {
  return set_experiment_stage(fact.experiment_id, kDeleted, fact.time_ms);
}

bool RecordWriter::put(const ExperimentRestored& fact, const Trial&) {
  return set_experiment_stage(fact.experiment_id, kActive, fact.time_ms);
}

std::string RecordWriter::experiment_for(const std::string& name, std::int64_t at_us) {
  SQLite::Statement& select =
      statements_.get("SELECT experiment_id, lifecycle_stage FROM experiments WHERE name = ?");
  select.bind(1, name);
  if (!select.executeStep()) {
    const std::string id = new_experiment_id(name);
    statements_.run("INSERT INTO experiments(experiment_id, name, created_us) VALUES (?, ?, ?)", id,
                    name, at_us);
    return id;
  }
  const std::string id = select.getColumn(0).getString();
  const bool is_active = select.getColumn(1).getString() == kActive;
  select.reset();
  if (!is_active) {
    statements_.run(
        "UPDATE experiments SET lifecycle_stage = 'active', updated_us = ?2 WHERE experiment_id = "
        "?1",
        id, at_us);
  }
  return id;
}

std::string RecordWriter::new_experiment_id(const std::string& name) {
  std::string id = experiment_id(name);
  SQLite::Statement& select = statements_.get("SELECT 1 FROM experiments WHERE experiment_id = ?");
  for (std::string salted = name;; id = experiment_id(salted)) {
    select.bind(1, id);
    const bool is_taken = select.executeStep();
    select.reset();
    if (!is_taken) return id;
    salted += '\n';  // experiments were renamed: few, so this ends soon
  }
}

std::optional<std::string> RecordWriter::find_tag(const std::string& run_id,
                                                  const std::string& key) {
  SQLite::Statement& select =
      statements_.get("SELECT value FROM tags WHERE run_id = ? AND key = ?");
  select.bind(1, run_id);
  select.bind(2, key);
  std::optional<std::string> value;
  if (select.executeStep()) value = select.getColumn(0).getString();
  select.reset();
  return value;
}

bool RecordWriter::set_tag(const std::string& run_id, const std::string& key,
                           const std::string& value) {
  if (find_tag(run_id, key) == value) return false;
  statements_.run(
      "INSERT INTO set_tags(run_id, key, value) VALUES (?, ?, ?) ON CONFLICT(run_id, key) DO "
      "UPDATE SET value = excluded.value",
      run_id, key, value);
  return true;
}

// The name and the tag are one thing to MLflow.
bool RecordWriter::set_name(const std::string& run_id, const std::string& name) {
  const bool changed = set_tag(run_id, kRunNameTag, name);
  statements_.run("UPDATE runs SET run_name = ?2 WHERE run_id = ?1", run_id, name);
  return changed;
}

bool RecordWriter::set_stage(const std::string& run_id, const char* stage) {
  return statements_.run(
             "UPDATE runs SET lifecycle_stage = ?2 WHERE run_id = ?1 AND lifecycle_stage <> ?2",
             run_id, stage) > 0;
}

bool RecordWriter::set_experiment_stage(const std::string& experiment_id, const char* stage,
                                        std::int64_t time_ms) {
  const int changed = statements_.run(
      "UPDATE experiments SET lifecycle_stage = ?2, updated_us = ?3 WHERE experiment_id = ?1 AND "
      "lifecycle_stage <> ?2",
      experiment_id, stage, time_ms * kUsPerMs);
  if (changed == 0) return false;
  statements_.run(
      "UPDATE runs SET lifecycle_stage = ?2 WHERE experiment_id = ?1 AND "
      "lifecycle_stage <> ?2",
      experiment_id, stage);
  return true;
}

}  // namespace trawl::coordinator
