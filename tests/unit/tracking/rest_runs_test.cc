// tests/unit/tracking/rest_runs_test.cc: runs, tags and experiments as the contract has them, and
// what every method has in common.
#include <catch2/catch.hpp>

#include "tests/unit/tracking/trial.h"

namespace trawl::tracking {
namespace {

using nlohmann::json;

TEST_CASE("the trial's own run exists before the script starts", "[tracking]") {
  Trial trial;
  const json info = trial.run()["info"];
  CHECK(info == json{{"run_id", kRun},
                     {"run_uuid", kRun},
                     {"run_name", "sweep_3"},
                     {"experiment_id", "7"},
                     {"user_id", "ada"},
                     {"status", "RUNNING"},
                     {"start_time", 500},
                     {"artifact_uri", "mlflow-artifacts:/7/" + kRun + "/artifacts"},
                     {"lifecycle_stage", "active"}});
  CHECK(trial.listed("tags") == json{{"mlflow.user", "ada"}, {"mlflow.runName", "sweep_3"}});
  CHECK(trial.listed("params") == json{{"lr", "0.1"}});
  CHECK(trial.sink.records().empty());
}

TEST_CASE("a script may make runs of its own in the trial's experiment", "[tracking]") {
  Trial trial;
  const auto reply =
      trial.post("runs/create", {{"experiment_id", "7"},
                                 {"run_id", "ignored"},
                                 {"run_name", "fold"},
                                 {"user_id", "ada"},
                                 {"start_time", "77"},
                                 {"tags", {{{"key", "mlflow.parentRunId"}, {"value", kRun}}}}});
  REQUIRE(reply.status == 200);
  const std::string id = reply.body["run"]["info"]["run_id"];
  CHECK(id == "00000000000000000000000000000001");
  CHECK(reply.body["run"]["info"]["start_time"] == 77);
  CHECK(trial.sink.records() == std::vector<Record>{RunCreated{id, "7", "fold", "ada", 77},
                                                    TagSet{id, "mlflow.parentRunId", kRun}});
  CHECK(trial.get("runs/get", "run_uuid=" + id).body["run"] == reply.body["run"]);
}

TEST_CASE("a run without a name gets one, as name and as tag", "[tracking]") {
  Trial trial;
  const json run = trial.post("runs/create", {{"experiment_id", "0"}}).body["run"];
  const std::string name = run["info"]["run_name"];
  CHECK(std::count(name.begin(), name.end(), '-') == 2);
  CHECK(run["data"]["tags"] == json{{{"key", "mlflow.runName"}, {"value", name}}});
  CHECK(run["info"]["experiment_id"] == "7");
  const json tagged =
      trial
          .post("runs/create", {{"experiment_id", "7"},
                                {"tags", {{{"key", "mlflow.runName"}, {"value", "by tag"}}}}})
          .body["run"];
  CHECK(tagged["info"]["run_name"] == "by tag");
}

TEST_CASE("a run in an unknown experiment is refused", "[tracking]") {
  Trial trial;
  CHECK(trial.post("runs/create", {{"experiment_id", "8"}}).body["error_code"] ==
        "RESOURCE_DOES_NOT_EXIST");
  CHECK(trial.sink.records().empty());
}

TEST_CASE("an update answers the run's info and ignores unknown status words", "[tracking]") {
  Trial trial;
  auto reply =
      trial.post("runs/update", {{"run_id", kRun}, {"status", "FINISHED"}, {"end_time", "900"}});
  CHECK(reply.body["run_info"]["status"] == "FINISHED");
  CHECK(reply.body["run_info"]["end_time"] == 900);
  reply = trial.post("runs/update", {{"run_id", kRun}, {"status", "NONSENSE"}, {"run_name", "n"}});
  CHECK(reply.status == 200);
  CHECK(reply.body["run_info"]["status"] == "FINISHED");
  CHECK(trial.listed("tags")["mlflow.runName"] == "n");
  CHECK(trial.sink.records() ==
        std::vector<Record>{RunUpdated{kRun, "FINISHED", 900, std::nullopt},
                            RunUpdated{kRun, std::nullopt, std::nullopt, "n"}});
}

TEST_CASE("tags overwrite and can be deleted once", "[tracking]") {
  Trial trial;
  trial.post("runs/set-tag", {{"run_id", kRun}, {"key", "t"}, {"value", "1"}});
  trial.post("runs/set-tag", {{"run_id", kRun}, {"key", "t"}, {"value", "2"}});
  CHECK(trial.listed("tags")["t"] == "2");
  CHECK(trial.post("runs/delete-tag", {{"run_id", kRun}, {"key", "t"}}).status == 200);
  CHECK(trial.post("runs/delete-tag", {{"run_id", kRun}, {"key", "t"}}).status == 404);
  CHECK(trial.sink.records().back() == Record{TagDeleted{kRun, "t"}});
}

TEST_CASE("whatever experiment a script asks for, it gets the trial's own", "[tracking]") {
  Trial trial;
  const auto reply = trial.get("experiments/get-by-name", "experiment_name=my+other%20one");
  CHECK(reply.body["experiment"]["experiment_id"] == "7");
  CHECK(reply.body["experiment"]["name"] == "mnist");
  CHECK(trial.listed("tags")["trawl.asked_experiment"] == "my other one");
  CHECK(trial.post("experiments/create", {{"name", "third"}}).body == json{{"experiment_id", "7"}});
  CHECK(trial.get("experiments/get-by-name", "experiment_name=mnist").status == 200);
  CHECK(trial.listed("tags")["trawl.asked_experiment"] == "third");
  CHECK(trial.post("experiments/create", {{"name", ""}}).status == 400);
  CHECK(trial.post("experiments/create", {{"name", std::string(501, 'x')}}).status == 400);
}

TEST_CASE("experiments are found by id, the default one too", "[tracking]") {
  Trial trial;
  CHECK(trial
            .post("experiments/set-experiment-tag",
                  {{"experiment_id", "7"}, {"key", "k"}, {"value", "v"}})
            .status == 200);
  CHECK(trial.get("experiments/get", "experiment_id=7").body["experiment"] ==
        json{{"experiment_id", "7"},
             {"name", "mnist"},
             {"artifact_location", "mlflow-artifacts:/7"},
             {"lifecycle_stage", "active"},
             {"creation_time", 400},
             {"last_update_time", 400},
             {"tags", {{{"key", "k"}, {"value", "v"}}}}});
  CHECK(trial.get("experiments/get", "experiment_id=0").body["experiment"]["name"] == "Default");
  CHECK(trial.get("experiments/get", "experiment_id=8").status == 404);
}

TEST_CASE("a body must be a JSON object of the right type and a sane depth", "[tracking]") {
  Trial trial;
  const std::string body = json{{"run_id", kRun}, {"key", "t"}, {"value", "1"}}.dump();
  const auto status = [&](const std::string& type, const std::string& text) {
    return trial.send({"POST", "/api/2.0/mlflow/runs/set-tag", "", type, text}).status;
  };
  CHECK(status("application/json; charset=utf-8", body) == 200);
  CHECK(status("", body) == 400);
  CHECK(status("text/plain", body) == 400);
  CHECK(status("application/json", "[1]") == 400);
  CHECK(status("application/json", "{") == 400);
  CHECK(status("application/json", "") == 400);
  CHECK(status("application/json", R"({"run_id":"\)") == 400);
  CHECK(status("application/json", std::string(100'000, '[')) == 400);
  CHECK(status("application/json",
               R"({"x":"[[[[)" + std::string(200, '[') + R"(",)" + body.substr(1)) == 200);
}

TEST_CASE("an unknown route is a JSON 404, a trailing slash is one", "[tracking]") {
  Trial trial;
  for (const char* path :
       {"/api/2.0/mlflow/runs/none", "/api/2.0/mlflow/runs/get/", "/api/2.0/mlflow/",
        "/api/3.0/mlflow/traces", "/api/2.0/mlflow-artifacts/other", "/nothing"}) {
    INFO(path);
    const auto reply = trial.send({"POST", path, "", "application/json", "{}"});
    CHECK(reply.status == 404);
    CHECK(reply.body["error_code"] == "ENDPOINT_NOT_FOUND");
  }
}

TEST_CASE("both trees of the REST interface are served", "[tracking]") {
  Trial trial;
  CHECK(trial.send({"GET", "/ajax-api/2.0/mlflow/runs/get", "run_id=" + kRun, "", ""}).status ==
        200);
}

TEST_CASE("what clients probe for is answered without a session's state", "[tracking]") {
  Trial trial;
  CHECK(trial.session->handle({"GET", "/health", "", "", ""}).body == "OK");
  CHECK(trial.session->handle({"GET", "/version", "", "", ""}).body == "3.18.0");
  CHECK(trial.send({"GET", "/api/3.0/mlflow/server-info", "", "", ""}).body["store_type"] ==
        "SqlStore");
  CHECK(trial.session->handle({"GET", "/", "", "", ""}).content_type == "text/html; charset=utf-8");
}

}  // namespace
}  // namespace trawl::tracking
