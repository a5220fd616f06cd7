// tests/unit/tracking/rest_models_test.cc: what log_model and log_input of the stock clients send.
#include <catch2/catch.hpp>

#include "tests/unit/tracking/trial.h"

namespace trawl::tracking {
namespace {

using nlohmann::json;

std::string create(Trial& trial, const std::string& name = "model") {
  const auto reply = trial.post("logged-models", {{"experiment_id", "7"},
                                                  {"name", name},
                                                  {"source_run_id", kRun},
                                                  {"model_type", "sklearn"},
                                                  {"tags", {{{"key", "a"}, {"value", "b"}}}},
                                                  {"params", {{{"key", "p"}, {"value", "1"}}}}});
  REQUIRE(reply.status == 200);
  return reply.body["model"]["info"]["model_id"];
}

Reply patch(Trial& trial, const std::string& path, const json& body) {
  return trial.send({"PATCH", "/api/2.0/mlflow/" + path, "", "application/json", body.dump()});
}

TEST_CASE("a logged model is created pending and becomes ready", "[tracking]") {
  Trial trial;
  const std::string id = create(trial);
  CHECK(id.size() == 34);
  CHECK(patch(trial, "logged-models/" + id, {{"status", "NONSENSE"}}).status == 400);
  CHECK(patch(trial, "logged-models/" + id, {{"status", "LOGGED_MODEL_READY"}}).status == 200);
  const json model = trial.get("logged-models/" + id).body["model"];
  CHECK(model["info"] == json{{"model_id", id},
                              {"experiment_id", "7"},
                              {"name", "model"},
                              {"creation_timestamp_ms", 1000},
                              {"last_updated_timestamp_ms", 1000},
                              {"artifact_uri", "mlflow-artifacts:/7/models/" + id + "/artifacts"},
                              {"status", "LOGGED_MODEL_READY"},
                              {"model_type", "sklearn"},
                              {"source_run_id", kRun},
                              {"tags", {{{"key", "a"}, {"value", "b"}}}}});
  CHECK(model["data"]["params"] == json{{{"key", "p"}, {"value", "1"}}});
}

TEST_CASE("params and tags of a model can follow", "[tracking]") {
  Trial trial;
  const std::string path = "logged-models/" + create(trial);
  json params = json::array();
  for (int i = 0; i < 101; ++i) params.push_back({{"key", std::to_string(i)}, {"value", "v"}});
  CHECK(trial.post(path + "/params", {{"params", params}}).status == 400);
  params.erase(0);
  CHECK(trial.post(path + "/params", {{"params", params}}).status == 200);
  CHECK(patch(trial, path + "/tags", {{"tags", {{{"key", "a"}, {"value", "c"}}}}}).status == 200);
  json model = trial.get(path).body["model"];
  CHECK(model["data"]["params"].size() == 101);
  CHECK(model["info"]["tags"] == json{{{"key", "a"}, {"value", "c"}}});
  const Request remove{"DELETE", "/api/2.0/mlflow/" + path + "/tags/a", "", "", ""};
  CHECK(trial.send(remove).status == 200);
  CHECK(trial.send(remove).status == 404);
}

TEST_CASE("unknown models are 404", "[tracking]") {
  Trial trial;
  CHECK(trial.get("logged-models/m-0").body["error_code"] == "RESOURCE_DOES_NOT_EXIST");
  CHECK(patch(trial, "logged-models/m-0", {{"status", "LOGGED_MODEL_READY"}}).status == 404);
}

TEST_CASE("a metric with a model shows under the model and plainly in the run", "[tracking]") {
  Trial trial;
  const std::string id = create(trial);
  const json body = {{"run_id", kRun},
                     {"key", "acc"},
                     {"value", 0.5},
                     {"timestamp", 3},
                     {"step", 2},
                     {"model_id", id},
                     {"dataset_name", "train"},
                     {"dataset_digest", "d"}};
  CHECK(trial.post("runs/log-metric", body).status == 200);
  CHECK(trial.post("runs/log-batch", {{"run_id", kRun}, {"metrics", {body}}}).status == 200);
  CHECK(trial.get("logged-models/" + id).body["model"]["data"]["metrics"] == json{body});
  CHECK(trial.run()["data"]["metrics"] ==
        json{{{"key", "acc"}, {"value", 0.5}, {"timestamp", 3}, {"step", 2}}});
}

TEST_CASE("a model is found by name", "[tracking]") {
  Trial trial;
  const std::string id = create(trial, "my model");
  create(trial, "other");
  const auto search = [&](const std::string& filter) {
    return trial.post("logged-models/search", {{"experiment_ids", {"7"}}, {"filter", filter}});
  };
  CHECK(search("").body["models"].size() == 2);
  CHECK(search("name = 'my model'").body["models"][0]["info"]["model_id"] == id);
  CHECK(search("name='absent'").body == json::object());
  CHECK(search("name = 'a' AND x = 'b'").status == 400);
  CHECK(trial.post("logged-models/search", {{"experiment_ids", {"8"}}}).body == json::object());
}

TEST_CASE("inputs and outputs of a run are kept once each", "[tracking]") {
  Trial trial;
  const json dataset = {{"name", "d"}, {"digest", "1"}, {"source_type", "local"}, {"source", "s"}};
  const json inputs = {
      {"run_id", kRun},
      {"datasets",
       {{{"tags", {{{"key", "mlflow.data.context"}, {"value", "train"}}}}, {"dataset", dataset}}}},
      {"models", {{{"model_id", "m-1"}}}}};
  const json outputs = {{"run_id", kRun}, {"models", {{{"model_id", "m-2"}, {"step", "4"}}}}};
  for (int i = 0; i < 2; ++i) {
    CHECK(trial.post("runs/log-inputs", inputs).status == 200);
    CHECK(trial.post("runs/outputs", outputs).status == 200);
  }
  const json run = trial.run();
  CHECK(run["inputs"]["dataset_inputs"] == inputs["datasets"]);
  CHECK(run["inputs"]["model_inputs"] == inputs["models"]);
  CHECK(run["outputs"]["model_outputs"] == json{{{"model_id", "m-2"}, {"step", 4}}});
  CHECK(
      trial.post("runs/log-inputs", {{"run_id", kRun}, {"datasets", {{{"dataset", 1}}}}}).status ==
      400);
}

TEST_CASE("models of 2.x clients are listed in a tag", "[tracking]") {
  Trial trial;
  const json model = {{"artifact_path", "model"}, {"flavors", json::object()}};
  for (int i = 0; i < 2; ++i) {
    CHECK(trial.post("runs/log-model", {{"run_id", kRun}, {"model_json", model.dump()}}).status ==
          200);
  }
  CHECK(json::parse(trial.listed("tags")["mlflow.log-model.history"].get<std::string>()) ==
        json::array({model}));
  CHECK(trial.post("runs/log-model", {{"run_id", kRun}, {"model_json", "no json"}}).status == 400);
}

}  // namespace
}  // namespace trawl::tracking
