// tracking/run_state.h: the runs of one session in memory, as the sum of the records applied. Pure:
// no clock, no lock, no socket. Replaying the records of a session gives the same state again.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sweep/record.h"
#include "tracking/repository.h"

namespace trawl::tracking {

/// The rows of one metric of one run, each once. Exact, at about 32 bytes a row.
class MetricSeries {
 public:
  /// False if an equal row (timestamp, step, value; NaN equals NaN) is there already.
  bool insert(const MetricRow& row);

  /// By is_later. There is one: a series is never empty.
  const MetricRow& latest() const { return rows_[latest_]; }

  /// In the order of arrival.
  const std::vector<MetricRow>& rows() const { return rows_; }

 private:
  void grow();

  std::vector<MetricRow> rows_;
  std::vector<std::uint32_t> slots_;  // open addressing: 1 + index into rows_, 0 is free
  std::size_t latest_ = 0;
};

class RunState : public Repository {
 public:
  std::shared_ptr<const Run> find_run(std::string_view run_id,
                                      RunDetail detail = RunDetail::kAll) const override;
  std::vector<MetricRow> metric_rows(std::string_view run_id, std::string_view key,
                                     std::size_t offset, std::size_t count) const override;
  void visit_runs(const RunQuery& query,
                  const std::function<bool(const Run&)>& visit) const override;
  std::optional<Experiment> find_experiment(std::string_view experiment_id) const override;
  std::optional<Experiment> find_experiment_by_name(std::string_view name) const override;
  std::vector<Experiment> experiments() const override;
  std::optional<std::string> find_document(std::string_view kind,
                                           std::string_view id) const override;
  std::vector<Document> find_documents(std::string_view kind,
                                       std::string_view prefix) const override;
  bool apply(const Record& record) override;

 private:
  struct Entry {
    std::shared_ptr<Run> run;  // shared with whoever asked last, so that looking costs no copy
    std::map<std::string, MetricSeries, std::less<>> series;
  };

  bool apply_to(const RunCreated& fact);
  bool apply_to(const RunUpdated& fact);
  bool apply_to(const MetricLogged& fact);
  bool apply_to(const ParamLogged& fact);
  bool apply_to(const TagSet& fact);
  bool apply_to(const ExperimentCreated& fact);
  bool apply_to(const TagDeleted& fact);
  bool apply_to(const DocumentStored& fact);
  bool apply_to(const DocumentDeleted& fact);
  bool apply_to(const RunDeleted& fact);
  bool apply_to(const RunRestored& fact);
  bool apply_to(const ExperimentRenamed& fact);
  bool apply_to(const ExperimentDeleted& fact);
  bool apply_to(const ExperimentRestored& fact);
  Run* find(std::string_view run_id);
  bool set_stage(std::string_view run_id, bool is_deleted);
  bool set_experiment_stage(std::string_view experiment_id, bool is_deleted, std::int64_t time_ms);

  std::map<std::string, Entry, std::less<>> runs_;
  std::map<std::string, Experiment, std::less<>> experiments_;
  std::map<std::string, std::map<std::string, std::string, std::less<>>, std::less<>> documents_;
};

}  // namespace trawl::tracking
