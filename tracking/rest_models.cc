// tracking/rest_models.cc: logged models (clients 3.x), a run's models and datasets, and the model
// history tag of clients 2.x: what `log_model` and `log_input` need. Models and datasets are kept
// as documents; a model's metrics are documents of their own (rest_logs.cc) and are put together
// here.
#include <algorithm>
#include <array>

#include "tracking/messages.h"
#include "tracking/method.h"
#include "tracking/validation.h"

namespace trawl::tracking {
namespace {

constexpr std::string_view kModelKind = "logged_model";
constexpr std::string_view kHistoryTag = "mlflow.log-model.history";
constexpr std::size_t kModelParamCountMax = 100;  // of one request

constexpr std::array<std::string_view, 4> kModelStatuses = {
    "LOGGED_MODEL_STATUS_UNSPECIFIED", "LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY",
    "LOGGED_MODEL_UPLOAD_FAILED"};

tl::expected<Json, Refusal> known_model(const Call& call, const std::string& model_id) {
  const auto text = call.state.find_document(kModelKind, model_id);
  if (!text) {
    return refuse(resource_missing("Logged model with ID '" + cut(model_id, 64) + "' not found."));
  }
  return Json::parse(*text, nullptr, false);
}

void store_model(Call& call, Json& model) {
  model["info"]["last_updated_timestamp_ms"] = call.now_ms;
  const auto& id = model["info"]["model_id"].get_ref<const std::string&>();
  call.record(DocumentStored{std::string(kModelKind), id, model.dump()});
}

Answer model_answer(const Call& call, Json model) {
  return Json{{"model", model_json(call, std::move(model))}};
}

// Key and value objects of `field`, checked and copied without anything else they hold.
Json read_pairs(FieldReader& reader, std::string_view field) {
  Json pairs = Json::array();
  for (const Json& element : reader.array(field)) {
    FieldReader pair(element);
    std::string key = pair.text("key");
    pairs.push_back({{"key", std::move(key)}, {"value", pair.optional_text("value").value_or("")}});
    if (pair.refusal()) reader.refuse(*pair.refusal());
  }
  return pairs;
}

// Puts `pairs` into `list`, replacing those of the same key.
void merge_pairs(Json& list, const Json& pairs) {
  if (!list.is_array()) list = Json::array();
  for (const Json& pair : pairs) {
    const auto same = std::ranges::find_if(
        list, [&](const Json& existing) { return existing["key"] == pair["key"]; });
    if (same == list.end()) {
      list.push_back(pair);
    } else {
      *same = pair;
    }
  }
}

void check_param_count(FieldReader& reader, const Json& params) {
  if (params.size() <= kModelParamCountMax) return;
  reader.refuse(invalid_parameter("A logged model request can contain at most 100 params. Got " +
                                  std::to_string(params.size()) + "."));
}

Answer create_model(Call& call, const Json& fields) {
  FieldReader reader(fields);
  std::string asked = reader.optional_text("experiment_id").value_or("0");
  const std::string name = reader.optional_text("name").value_or("");
  const std::string type = reader.optional_text("model_type").value_or("");
  const std::string source_run = reader.optional_text("source_run_id").value_or("");
  const Json tags = read_pairs(reader, "tags");
  const Json params = read_pairs(reader, "params");
  check_param_count(reader, params);
  if (reader.refusal()) return refuse(*reader.refusal());
  if (call.policy.is_confined()) asked = call.policy.experiment_id;
  const auto active = active_experiment(call, asked);
  if (!active) return refuse(active.error());
  const std::string& experiment = active->experiment_id;
  const std::string id = "m-" + call.policy.new_id();
  Json model = {
      {"info",
       {{"model_id", id},
        {"experiment_id", experiment},
        {"name", name.empty() ? made_up_name(id) : name},
        {"creation_timestamp_ms", call.now_ms},
        {"artifact_uri", "mlflow-artifacts:/" + experiment + "/models/" + id + "/artifacts"},
        {"status", "LOGGED_MODEL_PENDING"},
        {"model_type", type},
        {"source_run_id", source_run}}},
      {"data", Json::object()}};
  merge_pairs(model["info"]["tags"], tags);
  merge_pairs(model["data"]["params"], params);
  store_model(call, model);
  return model_answer(call, std::move(model));
}

Answer get_model(Call& call, const Json& fields) {
  FieldReader reader(fields);
  auto model = known_model(call, reader.text("model_id"));
  if (!model) return model;
  return model_answer(call, *std::move(model));
}

Answer finalize_model(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string id = reader.text("model_id");
  const std::string status = reader.text("status");
  if (reader.refusal()) return refuse(*reader.refusal());
  if (std::ranges::find(kModelStatuses, status) == kModelStatuses.end()) {
    return refuse(invalid_parameter("Invalid model status: '" + cut(status, 64) + "'"));
  }
  auto model = known_model(call, id);
  if (!model) return model;
  (*model)["info"]["status"] = status;
  store_model(call, *model);
  return model_answer(call, *std::move(model));
}

Answer set_model_tags(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string id = reader.text("model_id");
  const Json tags = read_pairs(reader, "tags");
  if (reader.refusal()) return refuse(*reader.refusal());
  auto model = known_model(call, id);
  if (!model) return model;
  merge_pairs((*model)["info"]["tags"], tags);
  store_model(call, *model);
  return model_answer(call, *std::move(model));
}

Answer delete_model_tag(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string id = reader.text("model_id");
  const std::string key = reader.text("tag_key");
  if (reader.refusal()) return refuse(*reader.refusal());
  auto model = known_model(call, id);
  if (!model) return model;
  Json& tags = (*model)["info"]["tags"];
  const auto tag = std::ranges::find_if(tags, [&](const Json& each) { return each["key"] == key; });
  if (tag == tags.end()) {
    return refuse(resource_missing("No tag with key '" + cut(key, kKeyCharactersMax) +
                                   "' found for logged model with ID '" + id + "'."));
  }
  tags.erase(tag);
  store_model(call, *model);
  return Json::object();
}

Answer log_model_params(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string id = reader.text("model_id");
  const Json params = read_pairs(reader, "params");
  check_param_count(reader, params);
  if (reader.refusal()) return refuse(*reader.refusal());
  auto model = known_model(call, id);
  if (!model) return model;
  merge_pairs((*model)["data"]["params"], params);
  store_model(call, *model);
  return Json::object();
}

Answer delete_model(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string id = reader.text("model_id");
  if (reader.refusal()) return refuse(*reader.refusal());
  if (const auto model = known_model(call, id); !model) return refuse(model.error());
  for (const Document& metric : call.state.find_documents("model_metric", id + "/")) {
    call.record(DocumentDeleted{"model_metric", metric.id});
  }
  call.record(DocumentDeleted{std::string(kModelKind), id});
  return Json::object();
}

void record_models(Call& call, std::string_view kind, const std::string& run_id,
                   const Json& models) {
  for (const Json& model : models) {
    const auto& model_id = model["model_id"].get_ref<const std::string&>();
    call.record(DocumentStored{std::string(kind), run_id + "/" + model_id, model.dump()});
  }
}

// The real server refuses the same pair again; here a client's retry is simply done.
Answer log_outputs(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string run_id = reader.run_id();
  Json models = Json::array();
  for (const Json& element : reader.array("models")) {
    FieldReader model(element);
    std::string model_id = model.text("model_id");
    models.push_back(
        {{"model_id", std::move(model_id)}, {"step", model.optional_integer("step").value_or(0)}});
    if (model.refusal()) reader.refuse(*model.refusal());
  }
  if (reader.refusal()) return refuse(*reader.refusal());
  if (const auto run = active_run(call, run_id, RunDetail::kInfo); !run) {
    return refuse(run.error());
  }
  record_models(call, "model_output", run_id, models);
  return Json::object();
}

Json read_dataset(FieldReader& reader, const Json& element) {
  FieldReader input(element);
  Json document = {{"tags", read_pairs(input, "tags")}, {"dataset", Json::object()}};
  const auto found = element.is_object() ? element.find("dataset") : element.end();
  static const Json absent = Json::object();
  FieldReader dataset(found == element.end() ? absent : *found);
  for (const char* field : {"name", "digest", "source_type", "source"}) {
    document["dataset"][field] = dataset.text(field);
  }
  for (const char* field : {"schema", "profile"}) {
    if (auto text = dataset.optional_text(field)) document["dataset"][field] = *std::move(text);
  }
  for (const auto& why : {input.refusal(), dataset.refusal()}) {
    if (why) reader.refuse(*why);
  }
  return document;
}

Answer log_inputs(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string run_id = reader.run_id();
  Json datasets = Json::array();
  for (const Json& element : reader.array("datasets")) {
    datasets.push_back(read_dataset(reader, element));
  }
  Json models = Json::array();
  for (const Json& element : reader.array("models")) {
    FieldReader model(element);
    models.push_back({{"model_id", model.text("model_id")}});
    if (model.refusal()) reader.refuse(*model.refusal());
  }
  if (reader.refusal()) return refuse(*reader.refusal());
  if (const auto run = active_run(call, run_id, RunDetail::kInfo); !run) {
    return refuse(run.error());
  }
  for (const Json& document : datasets) {
    const Json& dataset = document["dataset"];
    const std::string id = run_id + "/" + dataset["name"].get<std::string>() + "/" +
                           dataset["digest"].get<std::string>();
    call.record(DocumentStored{"dataset_input", id, document.dump()});
  }
  record_models(call, "model_input", run_id, models);
  return Json::object();
}

// Clients 2.x: the run's tag holds a JSON list with one entry a model.
Answer log_model(Call& call, const Json& fields) {
  FieldReader reader(fields);
  const std::string run_id = reader.run_id();
  const std::string text = reader.text("model_json");
  if (reader.refusal()) return refuse(*reader.refusal());
  const Json model = Json::parse(text, nullptr, false);
  if (!model.is_object()) {
    return refuse(invalid_parameter("Malformed model info. \n " + cut(text, 200) +
                                    " \n is not a JSON object."));
  }
  const auto run = active_run(call, run_id, RunDetail::kAll);
  if (!run) return refuse(run.error());
  const auto tag = (*run)->tags.find(kHistoryTag);
  Json history = Json::array();
  if (tag != (*run)->tags.end()) history = Json::parse(tag->second, nullptr, false);
  if (!history.is_array()) history = Json::array();
  if (std::ranges::find(history, model) == history.end()) history.push_back(model);
  call.record(TagSet{run_id, std::string(kHistoryTag), history.dump()});
  return Json::object();
}

constexpr Route kRoutes[] = {
    {"POST", "logged-models", Effect::kWrites, create_model},
    {"GET", "logged-models/{model_id}", Effect::kReads, get_model},
    {"PATCH", "logged-models/{model_id}", Effect::kWrites, finalize_model},
    {"DELETE", "logged-models/{model_id}", Effect::kWrites, delete_model},
    {"PATCH", "logged-models/{model_id}/tags", Effect::kWrites, set_model_tags},
    {"DELETE", "logged-models/{model_id}/tags/{tag_key}", Effect::kWrites, delete_model_tag},
    {"POST", "logged-models/{model_id}/params", Effect::kWrites, log_model_params},
    {"POST", "runs/outputs", Effect::kWrites, log_outputs},
    {"POST", "runs/log-inputs", Effect::kWrites, log_inputs},
    {"POST", "runs/log-model", Effect::kWrites, log_model},
};

}  // namespace

std::span<const Route> model_routes() {
  return kRoutes;
}

}  // namespace trawl::tracking
