// tracking/rest_experiments.cc: experiments: create, get, rename, delete, restore, tags. A confined
// trial has one, its own: whatever name its script asks for, or creates, it gets that one, because
// `mlflow.set_experiment` would fail under MLFLOW_RUN_ID otherwise. The name asked for is kept as a
// tag of the trial's run.
#include "sweep/experiment.h"
#include "tracking/messages.h"
#include "tracking/method.h"
#include "tracking/validation.h"

namespace trawl::tracking {
namespace {

constexpr std::string_view kAskedNameTag = "trawl.asked_experiment";
constexpr std::size_t kExperimentTagCharactersMax = 5000;
constexpr std::string_view kDefaultExperiment = "0";

using KnownExperiment = tl::expected<Experiment, Refusal>;

// A trial shares its experiment with the trials beside it, which know nothing of a change.
KnownExperiment changeable_experiment(const Call& call, const std::string& experiment_id) {
  if (call.policy.is_confined()) {
    return refuse(
        permission_denied("A trial cannot rename, delete or restore its experiment; its other "
                          "trials log to it too."));
  }
  return known_experiment(call, experiment_id);
}

Experiment own(const Call& call) {
  return call.state.find_experiment(call.policy.experiment_id).value_or(Experiment{});
}

void keep_asked_name(Call& call, const std::string& name) {
  if (name == own(call).name) return;
  call.record(TagSet{call.policy.run_id, std::string(kAskedNameTag), cut(name, kTagCharactersMax)});
}

void record_tag(Call& call, const std::string& experiment_id, const Json& tag) {
  call.record(DocumentStored{"experiment_tag",
                             experiment_id + "/" + tag["key"].get_ref<const std::string&>(),
                             tag.dump()});
}

Json read_tag(FieldReader& reader) {
  std::string key = reader.key("tag");
  std::string value = reader.optional_text("value").value_or("");
  if (character_count(value) > kExperimentTagCharactersMax) {
    reader.refuse(invalid_parameter("Experiment tag '" + cut(key, kKeyCharactersMax) +
                                    "' has a value that exceeds the maximum length of 5000 "
                                    "characters."));
  }
  return {{"key", std::move(key)}, {"value", std::move(value)}};
}

std::string read_name(FieldReader& reader, std::string_view field) {
  std::string name = reader.text(field);
  if (character_count(name) > kExperimentNameCharactersMax) {
    reader.refuse(
        invalid_parameter("Experiment name exceeds the maximum length of 500 characters."));
  }
  return name;
}

std::optional<Refusal> check_free(const Call& call, const std::string& name) {
  const auto holder = call.state.find_experiment_by_name(name);
  if (!holder) return std::nullopt;
  return already_exists(
      "Experiment '" + cut(name, kExperimentNameCharactersMax) + "' already exists" +
      (holder->is_deleted ? " in deleted state. You can restore the experiment, or permanently "
                            "delete the experiment to create a new one."
                          : "."));
}

// The id that jobs of that name use, unless an experiment that was renamed holds it.
std::string free_id(const Call& call, const std::string& name) {
  std::string id = experiment_id(name);
  while (call.state.find_experiment(id)) id = experiment_id(call.policy.new_id());
  return id;
}

Answer get_experiment(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string experiment_id = reader.text("experiment_id");
  if (reader.refusal()) return refuse(*reader.refusal());
  const auto experiment = known_experiment(call, experiment_id);
  if (!experiment) return refuse(experiment.error());
  return Json{{"experiment", experiment_json(call, *experiment)}};
}

Answer get_experiment_by_name(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string name = reader.text("experiment_name");
  if (reader.refusal()) return refuse(*reader.refusal());
  if (call.policy.is_confined()) {
    keep_asked_name(call, name);
    return Json{{"experiment", experiment_json(call, own(call))}};
  }
  const auto experiment = call.state.find_experiment_by_name(name);
  if (!experiment) {
    return refuse(resource_missing("Could not find experiment with name '" +
                                   cut(name, kExperimentNameCharactersMax) + "'"));
  }
  return Json{{"experiment", experiment_json(call, *experiment)}};
}

Answer create_experiment(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string name = read_name(reader, "name");
  std::vector<Json> tags;
  for (const Json& element : reader.array("tags")) {
    FieldReader tag_reader(element);
    tags.push_back(read_tag(tag_reader));
    if (tag_reader.refusal()) reader.refuse(*tag_reader.refusal());
  }
  if (reader.refusal()) return refuse(*reader.refusal());
  std::string id = call.policy.experiment_id;
  if (call.policy.is_confined()) {
    keep_asked_name(call, name);
  } else {
    if (auto why = check_free(call, name)) return refuse(*std::move(why));
    id = free_id(call, name);
    call.record(ExperimentCreated{id, name, call.now_ms});
  }
  for (const Json& tag : tags) record_tag(call, id, tag);
  return Json{{"experiment_id", id}};
}

Answer update_experiment(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string experiment_id = reader.text("experiment_id");
  const std::string name = read_name(reader, "new_name");
  if (reader.refusal()) return refuse(*reader.refusal());
  const auto experiment = changeable_experiment(call, experiment_id);
  if (!experiment) return refuse(experiment.error());
  if (experiment->is_deleted) {
    return refuse(invalid_parameter("Cannot rename a non-active experiment."));
  }
  if (name == experiment->name) return Json::object();
  if (auto why = check_free(call, name)) return refuse(*std::move(why));
  call.record(ExperimentRenamed{experiment_id, name, call.now_ms});
  return Json::object();
}

Answer set_stage(Call& call, const Json& fields, bool is_deleted) {
  FieldReader reader(fields);
  const std::string experiment_id = reader.text("experiment_id");
  if (reader.refusal()) return refuse(*reader.refusal());
  const auto experiment = changeable_experiment(call, experiment_id);
  if (!experiment) return refuse(experiment.error());
  if (is_deleted && experiment_id == kDefaultExperiment) {
    return refuse(invalid_parameter("The default experiment cannot be deleted."));
  }
  // An experiment that is in the wanted state already cannot be found in the other one.
  if (experiment->is_deleted == is_deleted) {
    return refuse(resource_missing("No Experiment with id=" + experiment_id + " exists"));
  }
  if (is_deleted) {
    call.record(ExperimentDeleted{experiment_id, call.now_ms});
  } else {
    call.record(ExperimentRestored{experiment_id, call.now_ms});
  }
  return Json::object();
}

Answer delete_experiment(Call& call, const Json& fields) {
  return set_stage(call, fields, true);
}

Answer restore_experiment(Call& call, const Json& fields) {
  return set_stage(call, fields, false);
}

Answer set_experiment_tag(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string experiment_id = reader.text("experiment_id");
  const Json tag = read_tag(reader);
  if (reader.refusal()) return refuse(*reader.refusal());
  const auto experiment = active_experiment(call, experiment_id);
  if (!experiment) return refuse(experiment.error());
  record_tag(call, experiment_id, tag);
  return Json::object();
}

Answer delete_experiment_tag(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string experiment_id = reader.text("experiment_id");
  const std::string key = reader.text("key");
  if (reader.refusal()) return refuse(*reader.refusal());
  const auto experiment = active_experiment(call, experiment_id);
  if (!experiment) return refuse(experiment.error());
  if (!call.state.find_document("experiment_tag", experiment_id + "/" + key)) {
    return refuse(resource_missing("No tag with key '" + cut(key, kKeyCharactersMax) +
                                   "' in experiment with ID " + experiment_id + "."));
  }
  call.record(DocumentDeleted{"experiment_tag", experiment_id + "/" + key});
  return Json::object();
}

constexpr Route kRoutes[] = {
    {"GET", "experiments/get", Effect::kReads, get_experiment},
    {"GET", "experiments/get-by-name", Effect::kReads, get_experiment_by_name},
    {"POST", "experiments/create", Effect::kWrites, create_experiment},
    {"POST", "experiments/update", Effect::kWrites, update_experiment},
    {"POST", "experiments/delete", Effect::kWrites, delete_experiment},
    {"POST", "experiments/restore", Effect::kWrites, restore_experiment},
    {"POST", "experiments/set-experiment-tag", Effect::kWrites, set_experiment_tag},
    {"POST", "experiments/delete-experiment-tag", Effect::kWrites, delete_experiment_tag},
};

}  // namespace

std::span<const Route> experiment_routes() {
  return kRoutes;
}

KnownExperiment known_experiment(const Call& call, std::string_view id) {
  auto experiment = call.state.find_experiment(id);
  if (experiment) return *std::move(experiment);
  return refuse(resource_missing("No Experiment with id=" + cut(std::string(id), 64) + " exists"));
}

KnownExperiment active_experiment(const Call& call, std::string_view id) {
  auto experiment = known_experiment(call, id);
  if (!experiment || !experiment->is_deleted) return experiment;
  return refuse(invalid_parameter("The experiment " + std::string(id) +
                                  " must be in the 'active' state. Current state is deleted."));
}

}  // namespace trawl::tracking
