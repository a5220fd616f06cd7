// tracking/rest_experiments.cc: experiments as a trial sees them. A trial has one, its own:
// whatever name a script asks for, or creates, it gets that one, because `mlflow.set_experiment`
// would fail under MLFLOW_RUN_ID otherwise. The name asked for is kept as a tag of the trial's run.
#include "tracking/method.h"
#include "tracking/validation.h"

namespace trawl::tracking {
namespace {

constexpr std::string_view kAskedNameTag = "trawl.asked_experiment";

Json experiment_json(const Call& call, const Experiment& experiment) {
  Json document = {{"experiment_id", experiment.experiment_id},
                   {"name", experiment.name},
                   {"artifact_location", "mlflow-artifacts:/" + experiment.experiment_id},
                   {"lifecycle_stage", "active"},
                   {"creation_time", experiment.creation_time_ms},
                   {"last_update_time", experiment.creation_time_ms}};
  const std::string prefix = experiment.experiment_id + "/";
  for (const std::string_view tag : call.state.find_documents("experiment_tag", prefix)) {
    document["tags"].push_back(Json::parse(tag, nullptr, false));
  }
  return document;
}

const Experiment& own(const Call& call) {
  return *call.state.find_experiment(call.settings.experiment_id);
}

void keep_asked_name(Call& call, const std::string& name) {
  if (name == call.settings.experiment_name) return;
  call.record(
      TagSet{call.settings.run_id, std::string(kAskedNameTag), cut(name, kTagCharactersMax)});
}

Answer get_experiment(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string experiment_id = reader.text("experiment_id");
  if (reader.refusal()) return refuse(*reader.refusal());
  const Experiment* experiment = call.state.find_experiment(experiment_id);
  if (experiment == nullptr) {
    return refuse(resource_missing("No Experiment with id=" + cut(experiment_id, 64) + " exists"));
  }
  return Json{{"experiment", experiment_json(call, *experiment)}};
}

Answer get_experiment_by_name(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string name = reader.text("experiment_name");
  if (reader.refusal()) return refuse(*reader.refusal());
  keep_asked_name(call, name);
  return Json{{"experiment", experiment_json(call, own(call))}};
}

Answer create_experiment(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string name = reader.text("name");
  if (character_count(name) > kExperimentNameCharactersMax) {
    reader.refuse(
        invalid_parameter("Experiment name exceeds the maximum length of 500 characters."));
  }
  if (reader.refusal()) return refuse(*reader.refusal());
  keep_asked_name(call, name);
  return Json{{"experiment_id", call.settings.experiment_id}};
}

Answer set_experiment_tag(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string experiment_id = reader.text("experiment_id");
  const std::string key = reader.key("tag");
  const Json tag = {{"key", key},
                    {"value", cut(reader.optional_text("value").value_or(""), kTagCharactersMax)}};
  if (reader.refusal()) return refuse(*reader.refusal());
  if (call.state.find_experiment(experiment_id) == nullptr) {
    return refuse(resource_missing("No Experiment with id=" + cut(experiment_id, 64) + " exists"));
  }
  call.record(DocumentStored{"experiment_tag", experiment_id + "/" + key, tag.dump()});
  return Json::object();
}

constexpr Route kRoutes[] = {
    {"GET", "experiments/get", get_experiment},
    {"GET", "experiments/get-by-name", get_experiment_by_name},
    {"POST", "experiments/create", create_experiment},
    {"POST", "experiments/set-experiment-tag", set_experiment_tag},
};

}  // namespace

std::span<const Route> experiment_routes() {
  return kRoutes;
}

}  // namespace trawl::tracking
