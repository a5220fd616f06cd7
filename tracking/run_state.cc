// tracking/run_state.cc: what each kind of record does to the runs in memory. The tag
// mlflow.runName and the run's name are one thing: setting either sets both.
#include "tracking/run_state.h"

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

bool RunState::apply_to(const RunCreated& fact) {
  Run run;
  run.run_id = fact.run_id;
  run.experiment_id = fact.experiment_id;
  run.name = fact.run_name;
  run.user_id = fact.user_id;
  run.start_time_ms = fact.start_time_ms;
  run.tags.emplace(kRunNameTag, fact.run_name);
  return runs_.emplace(fact.run_id, std::move(run)).second;
}

bool RunState::apply_to(const RunUpdated& fact) {
  Run* run = find_in(runs_, fact.run_id);
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
  Run* run = find_in(runs_, fact.run_id);
  if (run == nullptr) return false;
  MetricSeries* series = find_in(run->metrics, fact.key);
  if (series == nullptr) series = &run->metrics.try_emplace(fact.key).first->second;
  return series->insert({fact.value, fact.timestamp_ms, fact.step});
}

bool RunState::apply_to(const ParamLogged& fact) {
  Run* run = find_in(runs_, fact.run_id);
  return run != nullptr && run->params.emplace(fact.key, fact.value).second;
}

bool RunState::apply_to(const TagSet& fact) {
  Run* run = find_in(runs_, fact.run_id);
  if (run == nullptr) return false;
  if (fact.key == kRunNameTag) run->name = fact.value;
  return assign(run->tags, fact.key, fact.value);
}

bool RunState::apply_to(const ExperimentCreated& fact) {
  return experiments_
      .emplace(fact.experiment_id, Experiment{fact.experiment_id, fact.name, fact.creation_time_ms})
      .second;
}

bool RunState::apply_to(const TagDeleted& fact) {
  Run* run = find_in(runs_, fact.run_id);
  return run != nullptr && run->tags.erase(fact.key) > 0;
}

bool RunState::apply_to(const DocumentStored& fact) {
  return assign(documents_[fact.kind], fact.id, fact.json);
}

const Run* RunState::find_run(std::string_view run_id) const {
  return find_in(runs_, run_id);
}

const Experiment* RunState::find_experiment(std::string_view experiment_id) const {
  return find_in(experiments_, experiment_id);
}

const std::string* RunState::find_document(std::string_view kind, std::string_view id) const {
  const auto* documents = find_in(documents_, kind);
  return documents == nullptr ? nullptr : find_in(*documents, id);
}

std::vector<std::string_view> RunState::find_documents(std::string_view kind,
                                                       std::string_view prefix) const {
  std::vector<std::string_view> result;
  const auto* documents = find_in(documents_, kind);
  if (documents == nullptr) return result;
  for (auto at = documents->lower_bound(prefix);
       at != documents->end() && std::string_view(at->first).starts_with(prefix); ++at) {
    result.push_back(at->second);
  }
  return result;
}

}  // namespace trawl::tracking
