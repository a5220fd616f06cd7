// sweep/record.h: what a trial logged, as facts in the order in which they were accepted. The
// tracking endpoint makes them, the worker's spool keeps them until the coordinator has committed
// them, and the coordinator's store turns them into tables.
//
// Append only: a new kind goes to the end of Record, fields to the end of their struct.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace trawl {

/// A run that a script made itself (the trial's own run exists before the trial starts).
struct RunCreated {
  std::string run_id;
  std::string experiment_id;
  std::string run_name;
  std::string user_id;
  std::int64_t start_time_ms{};
  friend bool operator==(const RunCreated&, const RunCreated&) = default;
};

/// Absent fields stay as they are. The status is what the client said; for the trial's own run it
/// decides nothing (the exit code does).
struct RunUpdated {
  std::string run_id;
  std::optional<std::string> status;
  std::optional<std::int64_t> end_time_ms;
  std::optional<std::string> run_name;
  friend bool operator==(const RunUpdated&, const RunUpdated&) = default;
};

/// A new row: rows that are equal in (run, key, timestamp, step, value, is NaN) to an earlier one
/// never become a record.
struct MetricLogged {
  std::string run_id;
  std::string key;
  double value{};
  std::int64_t timestamp_ms{};
  std::int64_t step{};
  friend bool operator==(const MetricLogged& a, const MetricLogged& b);
};

struct ParamLogged {
  std::string run_id;
  std::string key;
  std::string value;
  friend bool operator==(const ParamLogged&, const ParamLogged&) = default;
};

struct TagSet {
  std::string run_id;
  std::string key;
  std::string value;
  friend bool operator==(const TagSet&, const TagSet&) = default;
};

struct ExperimentCreated {
  std::string experiment_id;
  std::string name;
  std::int64_t creation_time_ms{};
  friend bool operator==(const ExperimentCreated&, const ExperimentCreated&) = default;
};

struct TagDeleted {
  std::string run_id;
  std::string key;
  friend bool operator==(const TagDeleted&, const TagDeleted&) = default;
};

/// A JSON object that tracking keeps whole, under (kind, id); a later one replaces an earlier one.
/// Kinds and ids: "logged_model" <model>; "model_metric" <model>/<what identifies the row>;
/// "dataset_input" <run>/<name>/<digest>; "model_input" and "model_output" <run>/<model>;
/// "experiment_tag" <experiment>/<key>.
struct DocumentStored {
  std::string kind;
  std::string id;
  std::string json;
  friend bool operator==(const DocumentStored&, const DocumentStored&) = default;
};

struct DocumentDeleted {
  std::string kind;
  std::string id;
  friend bool operator==(const DocumentDeleted&, const DocumentDeleted&) = default;
};

/// Marked, not removed: a deleted run can be read and restored, and refuses every other change.
struct RunDeleted {
  std::string run_id;
  friend bool operator==(const RunDeleted&, const RunDeleted&) = default;
};

struct RunRestored {
  std::string run_id;
  friend bool operator==(const RunRestored&, const RunRestored&) = default;
};

struct ExperimentRenamed {
  std::string experiment_id;
  std::string name;
  std::int64_t time_ms{};
  friend bool operator==(const ExperimentRenamed&, const ExperimentRenamed&) = default;
};

/// Marked, not removed, and its runs with it.
struct ExperimentDeleted {
  std::string experiment_id;
  std::int64_t time_ms{};
  friend bool operator==(const ExperimentDeleted&, const ExperimentDeleted&) = default;
};

/// With all of its runs, also those that were deleted before it.
struct ExperimentRestored {
  std::string experiment_id;
  std::int64_t time_ms{};
  friend bool operator==(const ExperimentRestored&, const ExperimentRestored&) = default;
};

using Record =
    std::variant<RunCreated, RunUpdated, MetricLogged, ParamLogged, TagSet, ExperimentCreated,
                 TagDeleted, DocumentStored, DocumentDeleted, RunDeleted, RunRestored,
                 ExperimentRenamed, ExperimentDeleted, ExperimentRestored>;

/// Metrics are equal where bit patterns of their values are (so NaN equals itself).
inline bool operator==(const MetricLogged& a, const MetricLogged& b) {
  return a.run_id == b.run_id && a.key == b.key && a.timestamp_ms == b.timestamp_ms &&
         a.step == b.step && (a.value == b.value || (a.value != a.value && b.value != b.value));
}

}  // namespace trawl
