// tracking/run_state.cc: what each kind of record does to the runs in memory. The tag
// mlflow.runName and the run's name are one thing: setting either sets both.
#include "tracking/run_state.h"

#include <algorithm>
#include <type_traits>

namespace trawl::tracking {
namespace {

constexpr std::string_view kRunNameTag = "mlflow.runName";

template <class Map, class Value>
bool assign(Map& map, const std::string& key, const Value& value) {
  const auto found = map.find(key);
  if (found == map.end()) {
    map.emplace(key, value);
    return true;
  }
  if (found->second == value) return false;
  found->second = value;
  return true;
}

template <class Map>
auto* find_in(Map& map, std::string_view key) {
  const auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

}  // namespace

bool RunState::apply(const Record& record) {
  return std::visit([this](const auto& fact) { return apply_to(fact); }, record);
}

Run* RunState::find(std::string_view run_id) {
  Entry* entry = find_in(runs_, run_id);
  return entry == nullptr ? nullptr : entry->run.get();
}

bool RunState::apply_to(const RunCreated& fact) {
  const auto [place, is_new] = runs_.try_emplace(fact.run_id);
  if (!is_new) return false;
  auto run = std::make_shared<Run>();
  run->run_id = fact.run_id;
  run->experiment_id = fact.experiment_id;
  run->name = fact.run_name;
  run->user_id = fact.user_id;
  run->start_time_ms = fact.start_time_ms;
  run->tags.emplace(kRunNameTag, fact.run_name);
  place->second.run = std::move(run);
  return true;
}

bool RunState::apply_to(const RunUpdated& fact) {
  Run* run = find(fact.run_id);
  if (run == nullptr) return false;
  bool changed = false;
  if (fact.status && run->status != *fact.status) {
    run->status = *fact.status;
    changed = true;
  }
  if (fact.end_time_ms && run->end_time_ms != fact.end_time_ms) {
    run->end_time_ms = fact.end_time_ms;
    changed = true;
  }
  if (fact.run_name && run->name != *fact.run_name) {
    run->name = *fact.run_name;
    run->tags.insert_or_assign(std::string(kRunNameTag), *fact.run_name);
    changed = true;
  }
  return changed;
}

bool RunState::apply_to(const MetricLogged& fact) {
  Entry* entry = find_in(runs_, fact.run_id);
  if (entry == nullptr) return false;
  MetricSeries* series = find_in(entry->series, fact.key);
  if (series == nullptr) series = &entry->series.try_emplace(fact.key).first->second;
  if (!series->insert({fact.value, fact.timestamp_ms, fact.step})) return false;
  MetricRow* latest = find_in(entry->run->latest, fact.key);
  if (latest == nullptr) {
    entry->run->latest.emplace(fact.key, series->latest());
  } else {
    *latest = series->latest();
  }
  return true;
}

bool RunState::apply_to(const ParamLogged& fact) {
  Run* run = find(fact.run_id);
  return run != nullptr && run->params.emplace(fact.key, fact.value).second;
}

bool RunState::apply_to(const TagSet& fact) {
  Run* run = find(fact.run_id);
  if (run == nullptr) return false;
  if (fact.key == kRunNameTag) run->name = fact.value;
  return assign(run->tags, fact.key, fact.value);
}

bool RunState::apply_to(const ExperimentCreated& fact) {
  return experiments_
      .emplace(fact.experiment_id, Experiment{fact.experiment_id, fact.name, fact.creation_time_ms,
                                              fact.creation_time_ms, false})
      .second;
}

bool RunState::apply_to(const TagDeleted& fact) {
  Run* run = find(fact.run_id);
  return run != nullptr && run->tags.erase(fact.key) > 0;
}

bool RunState::apply_to(const DocumentStored& fact) {
  return assign(documents_[fact.kind], fact.id, fact.json);
}

bool RunState::apply_to(const DocumentDeleted& fact) {
  auto* documents = find_in(documents_, fact.kind);
  return documents != nullptr && documents->erase(fact.id) > 0;
}

bool RunState::set_stage(std::string_view run_id, bool is_deleted) {
  Run* run = find(run_id);
  return run != nullptr && std::exchange(run->is_deleted, is_deleted) != is_deleted;
}

bool RunState::apply_to(const RunDeleted& fact) {
  return set_stage(fact.run_id, true);
}

bool RunState::apply_to(const RunRestored& fact) {
  return set_stage(fact.run_id, false);
}

bool RunState::apply_to(const ExperimentRenamed& fact) {
  Experiment* experiment = find_in(experiments_, fact.experiment_id);
  if (experiment == nullptr || experiment->name == fact.name) return false;
  experiment->name = fact.name;
  experiment->last_update_time_ms = fact.time_ms;
  return true;
}

bool RunState::set_experiment_stage(std::string_view experiment_id, bool is_deleted,
                                    std::int64_t time_ms) {
  Experiment* experiment = find_in(experiments_, experiment_id);
  if (experiment == nullptr || experiment->is_deleted == is_deleted) return false;
  experiment->is_deleted = is_deleted;
  experiment->last_update_time_ms = time_ms;
  for (auto& [id, entry] : runs_) {
    if (entry.run->experiment_id == experiment_id) entry.run->is_deleted = is_deleted;
  }
  return true;
}

bool RunState::apply_to(const ExperimentDeleted& fact) {
  return set_experiment_stage(fact.experiment_id, true, fact.time_ms);
}

bool RunState::apply_to(const ExperimentRestored& fact) {
  return set_experiment_stage(fact.experiment_id, false, fact.time_ms);
}

std::shared_ptr<const Run> RunState::find_run(std::string_view run_id, RunDetail) const {
  const Entry* entry = find_in(runs_, run_id);
  return entry == nullptr ? nullptr : entry->run;
}

std::vector<MetricRow> RunState::metric_rows(std::string_view run_id, std::string_view key,
                                             std::size_t offset, std::size_t count) const {
  const Entry* entry = find_in(runs_, run_id);
  const MetricSeries* series = entry == nullptr ? nullptr : find_in(entry->series, key);
  if (series == nullptr || offset >= series->rows().size()) return {};
  std::vector<MetricRow> rows = series->rows();
  std::ranges::sort(rows, precedes_in_history);
  const auto first = rows.begin() + static_cast<std::ptrdiff_t>(offset);
  const auto length = static_cast<std::ptrdiff_t>(std::min(count, rows.size() - offset));
  return {first, first + length};
}

void RunState::visit_runs(const RunQuery& query,
                          const std::function<bool(const Run&)>& visit) const {
  std::vector<const Run*> found;
  for (const auto& [id, entry] : runs_) {
    const bool in_view =
        query.view == View::kAll || entry.run->is_deleted == (query.view == View::kDeleted);
    const auto& wanted = query.experiment_ids;
    if (in_view && std::ranges::find(wanted, entry.run->experiment_id) != wanted.end()) {
      found.push_back(entry.run.get());
    }
  }
  std::ranges::stable_sort(found, std::greater<>(), &Run::start_time_ms);  // runs_ is by run_id
  for (const Run* run : found) {
    if (!visit(*run)) return;
  }
}

std::optional<Experiment> RunState::find_experiment(std::string_view experiment_id) const {
  const Experiment* found = find_in(experiments_, experiment_id);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

std::optional<Experiment> RunState::find_experiment_by_name(std::string_view name) const {
  for (const auto& [id, experiment] : experiments_) {
    if (experiment.name == name) return experiment;
  }
  return std::nullopt;
}

std::vector<Experiment> RunState::experiments() const {
  std::vector<Experiment> all;
  for (const auto& [id, experiment] : experiments_) all.push_back(experiment);
  return all;
}

std::optional<std::string> RunState::find_document(std::string_view kind,
                                                   std::string_view id) const {
  const auto* documents = find_in(documents_, kind);
  const std::string* found = documents == nullptr ? nullptr : find_in(*documents, id);
  return found == nullptr ? std::nullopt : std::optional(*found);
}

std::vector<Document> RunState::find_documents(std::string_view kind,
                                               std::string_view prefix) const {
  std::vector<Document> result;
  const auto* documents = find_in(documents_, kind);
  if (documents == nullptr) return result;
  for (auto at = documents->lower_bound(prefix);
       at != documents->end() && std::string_view(at->first).starts_with(prefix); ++at) {
    result.push_back({at->first, at->second});
  }
  return result;
}

}  // namespace trawl::tracking
