// tracking/run_state.h: the runs of one session in memory, as the sum of the records applied. Pure:
// no clock, no lock, no socket. Replaying the records of a session gives the same state again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sweep/record.h"

namespace trawl::tracking {

struct MetricRow {
  double value{};
  std::int64_t timestamp_ms{};
  std::int64_t step{};
};

/// The rows of one metric of one run, each once. Exact, at about 32 bytes a row.
class MetricSeries {
 public:
  /// False if an equal row (timestamp, step, value; NaN equals NaN) is there already.
  bool insert(const MetricRow& row);

  /// Largest by (step, timestamp, value); NaN loses a tie. There is one: a series is never empty.
  const MetricRow& latest() const { return rows_[latest_]; }

  /// In the order of arrival.
  const std::vector<MetricRow>& rows() const { return rows_; }

 private:
  void grow();

  std::vector<MetricRow> rows_;
  std::vector<std::uint32_t> slots_;  // open addressing: 1 + index into rows_, 0 is free
  std::size_t latest_ = 0;
};

struct Run {
  std::string run_id;
  std::string experiment_id;
  std::string name;
  std::string user_id;
  std::string status = "RUNNING";
  std::int64_t start_time_ms{};
  std::optional<std::int64_t> end_time_ms;
  std::map<std::string, std::string, std::less<>> params;
  std::map<std::string, std::string, std::less<>> tags;
  std::map<std::string, MetricSeries, std::less<>> metrics;
};

struct Experiment {
  std::string experiment_id;
  std::string name;
  std::int64_t creation_time_ms{};
};

class RunState {
 public:
  /// Applies one fact; false if it changed nothing (an equal row, an equal tag, a param that is
  /// there already, a run that is unknown).
  bool apply(const Record& record);

  /// Null where there is none. Valid until the state is destroyed or assigned.
  const Run* find_run(std::string_view run_id) const;
  const Experiment* find_experiment(std::string_view experiment_id) const;

  /// The JSON text of a document, null where there is none; and all whose id starts with `prefix`,
  /// by id.
  const std::string* find_document(std::string_view kind, std::string_view id) const;
  std::vector<std::string_view> find_documents(std::string_view kind,
                                               std::string_view prefix) const;

 private:
  bool apply_to(const RunCreated& fact);
  bool apply_to(const RunUpdated& fact);
  bool apply_to(const MetricLogged& fact);
  bool apply_to(const ParamLogged& fact);
  bool apply_to(const TagSet& fact);
  bool apply_to(const ExperimentCreated& fact);
  bool apply_to(const TagDeleted& fact);
  bool apply_to(const DocumentStored& fact);

  std::map<std::string, Run, std::less<>> runs_;
  std::map<std::string, Experiment, std::less<>> experiments_;
  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> documents_;
};

}  // namespace trawl::tracking
