// tracking/messages.cc: see messages.h.
#include "tracking/messages.h"

#include "tracking/validation.h"

namespace trawl::tracking {
namespace {

Json pairs_json(const std::map<std::string, std::string, std::less<>>& pairs) {
  Json list = Json::array();
  for (const auto& [key, value] : pairs) list.push_back({{"key", key}, {"value", value}});
  return list;
}

Json documents_json(const Call& call, std::string_view kind, const std::string& prefix) {
  Json list = Json::array();
  for (const Document& document : call.state.find_documents(kind, prefix)) {
    list.push_back(Json::parse(document.json, nullptr, false));
  }
  return list;
}

void set_unless_empty(Json& object, const char* name, Json value) {
  if (!value.empty()) object[name] = std::move(value);
}

}  // namespace

std::string artifact_uri(const Run& run) {
  return "mlflow-artifacts:/" + run.experiment_id + "/" + run.run_id + "/artifacts";
}

Json run_info_json(const Run& run) {
  Json info = {{"run_id", run.run_id},
               {"run_uuid", run.run_id},
               {"run_name", run.name},
               {"experiment_id", run.experiment_id},
               {"user_id", run.user_id},
               {"status", run.status},
               {"start_time", run.start_time_ms},
               {"artifact_uri", artifact_uri(run)},
               {"lifecycle_stage", run.is_deleted ? "deleted" : "active"}};
  if (run.end_time_ms) info["end_time"] = *run.end_time_ms;
  return info;
}

Json run_json(const Call& call, const Run& run) {
  Json metrics = Json::array();
  for (const auto& [key, latest] : run.latest) {
    metrics.push_back({{"key", key},
                       {"value", number_json(latest.value)},
                       {"timestamp", latest.timestamp_ms},
                       {"step", latest.step}});
  }
  Json data = Json::object();
  set_unless_empty(data, "metrics", std::move(metrics));
  set_unless_empty(data, "params", pairs_json(run.params));
  set_unless_empty(data, "tags", pairs_json(run.tags));
  const std::string prefix = run.run_id + "/";
  Json inputs = Json::object();
  set_unless_empty(inputs, "dataset_inputs", documents_json(call, "dataset_input", prefix));
  set_unless_empty(inputs, "model_inputs", documents_json(call, "model_input", prefix));
  Json outputs = Json::object();
  set_unless_empty(outputs, "model_outputs", documents_json(call, "model_output", prefix));
  return {{"info", run_info_json(run)},
          {"data", std::move(data)},
          {"inputs", std::move(inputs)},
          {"outputs", std::move(outputs)}};
}

Json experiment_json(const Call& call, const Experiment& experiment) {
  Json document = {{"experiment_id", experiment.experiment_id},
                   {"name", experiment.name},
                   {"artifact_location", "mlflow-artifacts:/" + experiment.experiment_id},
                   {"lifecycle_stage", experiment.is_deleted ? "deleted" : "active"},
                   {"creation_time", experiment.creation_time_ms},
                   {"last_update_time", experiment.last_update_time_ms}};
  set_unless_empty(document, "tags",
                   documents_json(call, "experiment_tag", experiment.experiment_id + "/"));
  return document;
}

Json model_json(const Call& call, Json model) {
  const std::string prefix = model["info"]["model_id"].get<std::string>() + "/";
  set_unless_empty(model["data"], "metrics", documents_json(call, "model_metric", prefix));
  return model;
}

}  // namespace trawl::tracking
