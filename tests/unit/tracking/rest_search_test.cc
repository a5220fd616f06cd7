// tests/unit/tracking/rest_search_test.cc: searches of runs, experiments and models, deletion and
// restoration, as the contract has them.
#include <catch2/catch.hpp>

#include "tests/unit/tracking/trial.h"
#include "tracking/method.h"

namespace trawl::tracking {
namespace {

using nlohmann::json;

/// The methods without a trial: nothing is confined.
class Catalog {
 public:
  Catalog() {
    policy_.new_id = [this] { return std::string(31, '0') + std::to_string(++id_count_ % 10); };
    policy_.warn = [](const std::string&) {};
    state_.apply(ExperimentCreated{"0", "Default", 1});
  }

  Reply send(const Request& request) {
    auto prepared = prepare(request);
    if (!prepared) return reply(to_response(prepared.error()));
    records_.clear();
    Call call{policy_, state_, records_, ++now_ms_};
    return reply(to_response(prepared->method(call, prepared->fields)));
  }

  Reply post(const std::string& method, const json& body) {
    return send({"POST", "/api/2.0/mlflow/" + method, "", "application/json", body.dump()});
  }

  Reply get(const std::string& method, const std::string& query) {
    return send({"GET", "/api/2.0/mlflow/" + method, query, "", ""});
  }

  std::string run(const std::string& name, std::int64_t start_time = 0,
                  const std::string& experiment = "0") {
    const auto made =
        post("runs/create",
             {{"experiment_id", experiment}, {"run_name", name}, {"start_time", start_time}});
    REQUIRE(made.status == 200);
    return made.body["run"]["info"]["run_id"];
  }

  void metric(const std::string& run_id, const std::string& key, const json& value) {
    REQUIRE(post("runs/log-metric",
                 {{"run_id", run_id}, {"key", key}, {"value", value}, {"timestamp", 1}})
                .status == 200);
  }

  /// The names that a search of experiment 0 finds, joined by blanks.
  std::string names(json body) {
    if (!body.contains("experiment_ids")) body["experiment_ids"] = {"0"};
    const auto found = post("runs/search", body);
    if (found.status != 200) return std::to_string(found.status);
    std::string joined;
    for (const json& each : found.body.value("runs", json::array())) {
      joined += (joined.empty() ? "" : " ") + each["info"]["run_name"].get<std::string>();
    }
    return joined;
  }

  const std::vector<Record>& records() const { return records_; }

 private:
  static Reply reply(const Response& response) {
    return {response.status, json::parse(response.body, nullptr, false)};
  }

  Policy policy_;
  RunState state_;
  std::vector<Record> records_;
  int id_count_ = 0;
  std::int64_t now_ms_ = 1000;
};

TEST_CASE("runs are found by filter, newest first", "[tracking]") {
  Catalog catalog;
  const auto a = catalog.run("a", 1);
  const auto b = catalog.run("b", 3);
  catalog.run("c", 2);
  catalog.metric(a, "loss", 0.5);
  catalog.metric(b, "loss", "NaN");
  CHECK(catalog.names({}) == "b c a");
  CHECK(catalog.names({{"filter", "metrics.loss < 1"}}) == "a");
  CHECK(catalog.names({{"filter", "metrics.loss != 7"}}) == "b a");
  CHECK(catalog.names({{"filter", "attributes.run_name LIKE 'c%'"}}) == "c");
  CHECK(catalog.names({{"filter", "start_time >= 2"}}) == "b c");
  CHECK(catalog.names({{"filter", "end_time > 0"}}).empty());
  CHECK(catalog.names({{"filter", "tags.mlflow.runName = 'a'"}}) == "a");
  CHECK(catalog.names({{"filter", "artifact_uri LIKE '%artifacts'"}}) == "b c a");
  CHECK(catalog.names({{"filter", "nonsense"}}) == "400");
  CHECK(catalog.names({{"experiment_ids", {"77"}}}).empty());
  CHECK(catalog.names({{"order_by", {"metrics.loss DESC"}}}) == "a b c");
  CHECK(catalog.names({{"order_by", {"run_name"}}}) == "a b c");
  CHECK(catalog.names({{"order_by", {""}}}) == "400");
}

TEST_CASE("a search comes in pages", "[tracking]") {
  Catalog catalog;
  for (int i = 0; i < 5; ++i) catalog.run("r" + std::to_string(i), i);
  for (const json& order : {json::array(), json::array({"run_name DESC"})}) {
    json body = {{"experiment_ids", {"0"}}, {"max_results", 2}, {"order_by", order}};
    std::string joined;
    int page_count = 0;
    for (;; ++page_count) {
      const auto found = catalog.post("runs/search", body);
      REQUIRE(found.status == 200);
      for (const json& each : found.body["runs"]) {
        joined += each["info"]["run_name"].get<std::string>();
      }
      if (!found.body.contains("next_page_token")) break;
      body["page_token"] = found.body["next_page_token"];
    }
    CHECK(joined == "r4r3r2r1r0");
    CHECK(page_count == 2);
  }
  CHECK(catalog.names({{"max_results", 0}}) == "400");
  CHECK(catalog.names({{"max_results", 50'001}}) == "400");
  CHECK(catalog.names({{"page_token", "garbage"}}) == "400");
}

TEST_CASE("a run is found by its datasets", "[tracking]") {
  Catalog catalog;
  const auto run = catalog.run("a");
  catalog.run("b");
  const json dataset = {{"name", "d"}, {"digest", "1"}, {"source_type", "x"}, {"source", "y"}};
  const json tags = {{{"key", "mlflow.data.context"}, {"value", "train"}}};
  REQUIRE(catalog
              .post("runs/log-inputs",
                    {{"run_id", run}, {"datasets", {{{"tags", tags}, {"dataset", dataset}}}}})
              .status == 200);
  CHECK(catalog.names({{"filter", "dataset.name = 'd' AND datasets.context = 'train'"}}) == "a");
  CHECK(catalog.names({{"filter", "dataset.digest != '1'"}}).empty());
}

TEST_CASE("a deleted run is read, not changed, and found where asked for", "[tracking]") {
  Catalog catalog;
  const auto run = catalog.run("gone");
  catalog.run("here");
  CHECK(catalog.post("runs/delete", {{"run_id", run}}).status == 200);
  CHECK(catalog.records() == std::vector<Record>{RunDeleted{run}});
  CHECK(catalog.post("runs/delete", {{"run_id", run}}).status == 200);
  CHECK(catalog.records().empty());
  CHECK(catalog.get("runs/get", "run_id=" + run).body["run"]["info"]["lifecycle_stage"] ==
        "deleted");
  const json metric = {{"run_id", run}, {"key", "m"}, {"value", 1}, {"timestamp", 1}};
  for (const auto& [method, body] : std::vector<std::pair<std::string, json>>{
           {"runs/log-metric", metric},
           {"runs/log-batch", {{"run_id", run}}},
           {"runs/set-tag", {{"run_id", run}, {"key", "k"}, {"value", "v"}}},
           {"runs/update", {{"run_id", run}, {"status", "FINISHED"}}},
           {"runs/log-parameter", {{"run_id", run}, {"key", "k"}, {"value", "v"}}}}) {
    CAPTURE(method);
    const auto refused = catalog.post(method, body);
    CHECK(refused.status == 400);
    CHECK(refused.body["message"] == "The run " + run +
                                         " must be in the 'active' state. Current state is "
                                         "deleted.");
  }
  CHECK(catalog.names({}) == "here");
  CHECK(catalog.names({{"run_view_type", "DELETED_ONLY"}}) == "gone");
  CHECK(catalog.names({{"run_view_type", "ALL"}}) == "gone here");
  CHECK(catalog.post("runs/restore", {{"run_id", run}}).status == 200);
  CHECK(catalog.post("runs/log-metric", metric).status == 200);
  CHECK(catalog.post("runs/delete", {{"run_id", "unknown"}}).status == 404);
}

TEST_CASE("experiments are made, renamed, deleted and restored", "[tracking]") {
  Catalog catalog;
  const auto made = catalog.post("experiments/create", {{"name", "digits"}});
  REQUIRE(made.status == 200);
  const std::string id = made.body["experiment_id"];
  const auto taken = catalog.post("experiments/create", {{"name", "digits"}});
  CHECK(taken.status == 400);
  CHECK(taken.body["error_code"] == "RESOURCE_ALREADY_EXISTS");
  CHECK(catalog.get("experiments/get-by-name", "experiment_name=none").status == 404);
  const auto run = catalog.run("r", 0, id);
  CHECK(catalog.post("experiments/delete", {{"experiment_id", id}}).status == 200);
  CHECK(catalog.post("experiments/delete", {{"experiment_id", id}}).status == 404);
  CHECK(catalog.get("experiments/get-by-name", "experiment_name=digits")
            .body["experiment"]["lifecycle_stage"] == "deleted");
  CHECK(catalog.post("experiments/create", {{"name", "digits"}}).body["error_code"] ==
        "RESOURCE_ALREADY_EXISTS");
  CHECK(catalog.get("runs/get", "run_id=" + run).body["run"]["info"]["lifecycle_stage"] ==
        "deleted");
  CHECK(catalog.post("runs/create", {{"experiment_id", id}}).status == 400);
  CHECK(catalog.post("experiments/restore", {{"experiment_id", id}}).status == 200);
  CHECK(catalog.names({{"experiment_ids", {id}}}) == "r");
  CHECK(catalog.post("experiments/update", {{"experiment_id", id}, {"new_name", "d2"}}).status ==
        200);
  CHECK(catalog.get("experiments/get", "experiment_id=" + id).body["experiment"]["name"] == "d2");
  const auto again = catalog.post("experiments/create", {{"name", "digits"}});
  CHECK(again.status == 200);
  CHECK(again.body["experiment_id"] != id);
}

TEST_CASE("experiments are searched, by POST and by GET", "[tracking]") {
  Catalog catalog;
  const std::string a = catalog.post("experiments/create", {{"name", "a"}}).body["experiment_id"];
  const std::string b = catalog.post("experiments/create", {{"name", "b"}}).body["experiment_id"];
  catalog.post("experiments/set-experiment-tag",
               {{"experiment_id", a}, {"key", "team"}, {"value", "x"}});
  const auto names = [](const Reply& reply) {
    std::string joined;
    for (const json& each : reply.body.value("experiments", json::array())) {
      joined += each["name"].get<std::string>() + " ";
    }
    return reply.status == 200 ? joined : std::to_string(reply.status);
  };
  const auto found = [&](json body) {
    body["max_results"] = 10;
    return names(catalog.post("experiments/search", body));
  };
  CHECK(found({}) == "b a Default ");
  CHECK(found({{"filter", "tags.team = 'x'"}}) == "a ");
  CHECK(found({{"filter", "name ILIKE 'D%'"}}) == "Default ");
  CHECK(found({{"order_by", {"name ASC"}}}) == "Default a b ");
  CHECK(found({{"filter", "experiment_id IN ('" + b + "')"}}) == "b ");
  catalog.post("experiments/delete", {{"experiment_id", b}});
  CHECK(found({}) == "a Default ");
  CHECK(found({{"view_type", "DELETED_ONLY"}}) == "b ");
  CHECK(names(catalog.get("experiments/search", "max_results=5&view_type=ALL&order_by=name+ASC")) ==
        "Default a b ");
  CHECK(names(catalog.post("experiments/search", json::object())) == "400");
}

TEST_CASE("logged models are searched and deleted", "[tracking]") {
  Catalog catalog;
  const auto run = catalog.run("r");
  const auto model = [&](const std::string& name) {
    const auto made =
        catalog.post("logged-models", {{"experiment_id", "0"},
                                       {"name", name},
                                       {"source_run_id", run},
                                       {"params", {{{"key", "depth"}, {"value", name}}}}});
    REQUIRE(made.status == 200);
    return made.body["model"]["info"]["model_id"].get<std::string>();
  };
  const auto found = [&](json body) {
    body["experiment_ids"] = {"0"};
    const auto reply = catalog.post("logged-models/search", body);
    std::string joined;
    for (const json& each : reply.body.value("models", json::array())) {
      joined += each["info"]["name"].get<std::string>();
    }
    return reply.status == 200 ? joined : std::to_string(reply.status);
  };
  const std::string a = model("a");
  const std::string b = model("b");
  for (const auto& [id, value] : {std::pair(a, 1.0), std::pair(b, 2.0)}) {
    catalog.post("runs/log-metric", {{"run_id", run},
                                     {"key", "acc"},
                                     {"value", value},
                                     {"timestamp", 1},
                                     {"model_id", id},
                                     {"dataset_name", "d" + id}});
  }
  CHECK(found({}) == "ba");
  CHECK(found({{"filter", "name = 'a'"}}) == "a");
  CHECK(found({{"filter", "metrics.acc > 1.5"}}) == "b");
  CHECK(found({{"filter", "params.depth = 'a'"}}) == "a");
  CHECK(found({{"filter", "source_run_id = '" + run + "'"}}) == "ba");
  CHECK(found({{"filter", "name > 'a'"}}) == "400");
  CHECK(found({{"order_by", {{{"field_name", "metrics.acc"}}}}}) == "ab");
  CHECK(found({{"order_by", {{{"field_name", "name"}, {"ascending", false}}}}}) == "ba");
  CHECK(found({{"datasets", {{{"dataset_name", "d" + b}}}}}) == "b");
  CHECK(catalog.send({"DELETE", "/api/2.0/mlflow/logged-models/" + a, "", "", ""}).status == 200);
  CHECK(catalog.get("logged-models/" + a, "").status == 404);
  CHECK(found({}) == "b");
}

TEST_CASE("a trial cannot delete or rename what it shares", "[tracking]") {
  Trial trial;
  CHECK(trial.post("experiments/delete", {{"experiment_id", "7"}}).status == 403);
  CHECK(trial.post("experiments/update", {{"experiment_id", "7"}, {"new_name", "x"}}).status ==
        403);
  CHECK(trial.sink.records().empty());
  CHECK(trial.post("runs/delete", {{"run_id", kRun}}).status == 200);
  CHECK(trial.sink.records() == std::vector<Record>{RunDeleted{kRun}});
}

}  // namespace
}  // namespace trawl::tracking
