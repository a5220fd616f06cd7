// tests/unit/tracking/rest_logs_test.cc: metrics, params and batches as the contract has them.
#include <cfloat>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/unit/tracking/trial.h"

namespace trawl::tracking {
namespace {

using nlohmann::json;

json metric(const json& key, const json& value) {
  return {{"run_id", kRun}, {"key", key}, {"value", value}, {"timestamp", 10}, {"step", 1}};
}

json history(Trial& trial, const std::string& key) {
  json values = json::array();
  const auto reply = trial.get("metrics/get-history", "run_id=" + kRun + "&metric_key=" + key);
  if (!reply.body.contains("metrics")) return values;
  for (const auto& row : reply.body["metrics"]) values.push_back(row["value"]);
  return values;
}

TEST_CASE("a metric row that comes again is confirmed and not stored again", "[tracking]") {
  Trial trial;
  for (int i = 0; i < 3; ++i) {
    const auto reply = trial.post("runs/log-metric", metric("loss", 0.5));
    CHECK(reply.status == 200);
    CHECK(reply.body == json::object());
  }
  CHECK(trial.sink.records() == std::vector<Record>{MetricLogged{kRun, "loss", 0.5, 10, 1}});
}

TEST_CASE("run_uuid alone names the run", "[tracking]") {
  Trial trial;
  json body = metric("loss", 1);
  body.erase("run_id");
  body["run_uuid"] = kRun;
  CHECK(trial.post("runs/log-metric", body).status == 200);
  body.erase("run_uuid");
  CHECK(trial.post("runs/log-metric", body).body["error_code"] == "INVALID_PARAMETER_VALUE");
}

TEST_CASE("numbers may be written as floats, strings, booleans and special words", "[tracking]") {
  Trial trial;
  json body = metric("m", "2.5");
  body["step"] = "4611686018427387904";
  body["timestamp"] = 12.0;
  CHECK(trial.post("runs/log-metric", body).status == 200);
  CHECK(trial.sink.records().back() ==
        Record{MetricLogged{kRun, "m", 2.5, 12, 4611686018427387904}});
  CHECK(trial.post("runs/log-metric", metric("true", true)).status == 200);
  CHECK(trial.listed("metrics")["true"] == 1.0);
  for (const char* word : {"NaN", "Infinity", "-Infinity"}) {
    CHECK(trial.post("runs/log-metric", metric(word, word)).status == 200);
  }
  CHECK(trial.listed("metrics")["NaN"] == "NaN");
  CHECK(trial.listed("metrics")["Infinity"] == DBL_MAX);
  CHECK(trial.listed("metrics")["-Infinity"] == -DBL_MAX);
}

TEST_CASE("bare NaN, infinities and overflowing numbers are taken as what they mean",
          "[tracking]") {
  Trial trial;
  const auto log = [&](const std::string& key, const std::string& value) {
    const std::string body =
        fmt::format(R"({{"run_id":"{}","key":"{}","value":{},"timestamp":1}})", kRun, key, value);
    return trial.post_text("runs/log-metric", body).status;
  };
  CHECK(log("NaN", "NaN") == 200);
  CHECK(log("a", "Infinity") == 200);
  CHECK(log("b", "-1e400") == 200);
  CHECK(log("c", "Nonsense") == 400);
  CHECK(trial.listed("metrics") == json{{"NaN", "NaN"}, {"a", DBL_MAX}, {"b", -DBL_MAX}});
}

TEST_CASE("a metric needs key, value and a timestamp that is not negative", "[tracking]") {
  Trial trial;
  for (const char* field : {"key", "value", "timestamp"}) {
    json body = metric("m", 1);
    body.erase(field);
    CHECK(trial.post("runs/log-metric", body).status == 400);
  }
  json body = metric("m", 1);
  body["timestamp"] = -1;
  CHECK(trial.post("runs/log-metric", body).status == 400);
  body["timestamp"] = 1.5;
  CHECK(trial.post("runs/log-metric", body).status == 400);
  body["timestamp"] = 0;
  body["step"] = -5;
  CHECK(trial.post("runs/log-metric", body).status == 200);
  CHECK(trial.sink.records() == std::vector<Record>{MetricLogged{kRun, "m", 1, 0, -5}});
}

TEST_CASE("keys are letters of any alphabet and form a normal path", "[tracking]") {
  Trial trial;
  for (const char* key : {"a.b", "a..", "a/.b", "9", "日本", " ", "a:b-c_d", "é"}) {
    INFO(key);
    CHECK(trial.post("runs/log-metric", metric(key, 1)).status == 200);
  }
  for (const char* key :
       {"", "a@b", "../a", "..a", "a//b", "/a", "a/", "a/../b", "./a", "a,b", "a\nb", "€"}) {
    INFO(key);
    CHECK(trial.post("runs/log-metric", metric(key, 1)).body["error_code"] ==
          "INVALID_PARAMETER_VALUE");
  }
  CHECK(trial.post("runs/log-metric", metric(std::string(250, 'x'), 1)).status == 200);
  CHECK(trial.post("runs/log-metric", metric(std::string(251, 'x'), 1)).status == 400);
}

TEST_CASE("a param keeps its first value and says so", "[tracking]") {
  Trial trial;
  const json first = {{"run_id", kRun}, {"key", "depth"}, {"value", "3"}};
  CHECK(trial.post("runs/log-parameter", first).status == 200);
  CHECK(trial.post("runs/log-parameter", first).status == 200);
  const auto reply =
      trial.post("runs/log-parameter", {{"run_id", kRun}, {"key", "depth"}, {"value", "4"}});
  CHECK(reply.status == 400);
  CHECK(reply.body["message"] ==
        "Changing param values is not allowed. Param with key='depth' was already logged with "
        "value='3' for run ID='" +
            kRun + "'. Attempted logging new value '4'.");
  CHECK(trial.sink.records().size() == 1);
}

TEST_CASE("a sampled param keeps its value with a warning, never an error", "[tracking]") {
  Trial trial;
  CHECK(trial.post("runs/log-parameter", {{"run_id", kRun}, {"key", "lr"}, {"value", "0.1"}})
            .status == 200);
  CHECK(trial.warnings.empty());
  CHECK(trial
            .post("runs/log-batch",
                  {{"run_id", kRun}, {"params", {{{"key", "lr"}, {"value", "0.10"}}}}})
            .status == 200);
  CHECK(trial.warnings ==
        std::vector<std::string>{"The script logged param 'lr' as '0.10', but the trial was given "
                                 "'0.1'. The sampled value is kept."});
  CHECK(trial.listed("params") == json{{"lr", "0.1"}});
  CHECK(trial.sink.records().empty());
}

TEST_CASE("param and tag values are cut to their limits, and compared cut", "[tracking]") {
  Trial trial;
  std::string long_value;
  for (int i = 0; i < 7000; ++i) long_value.append("é");
  for (int i = 0; i < 2; ++i) {
    CHECK(trial.post("runs/log-parameter", {{"run_id", kRun}, {"key", "p"}, {"value", long_value}})
              .status == 200);
  }
  CHECK(trial.listed("params")["p"].get<std::string>().size() == 12'000);
  CHECK(
      trial
          .post("runs/set-tag", {{"run_id", kRun}, {"key", "t"}, {"value", std::string(9000, 'x')}})
          .status == 200);
  CHECK(trial.listed("tags")["t"].get<std::string>().size() == 8000);
}

TEST_CASE("a missing param value is empty and a number is refused", "[tracking]") {
  Trial trial;
  CHECK(trial.post("runs/log-parameter", {{"run_id", kRun}, {"key", "p"}}).status == 200);
  CHECK(trial.listed("params")["p"] == "");
  CHECK(trial.post("runs/log-parameter", {{"run_id", kRun}, {"key", "q"}, {"value", 3}}).status ==
        400);
}

TEST_CASE("a batch is written params first, and leaves nothing if one item is bad", "[tracking]") {
  Trial trial;
  const json good = {{"run_id", kRun},
                     {"metrics", {{{"key", "m"}, {"value", 1}, {"timestamp", 1}, {"unknown", 5}}}},
                     {"params", {{{"key", "p"}, {"value", "1"}}}},
                     {"tags", {{{"key", "t"}, {"value", "1"}}, {{"key", "t"}, {"value", "2"}}}}};
  for (const char* patch :
       {R"([{"op":"add","path":"/metrics/-","value":{"key":"b@d","value":1,"timestamp":1}}])",
        R"([{"op":"add","path":"/params/-","value":{"key":"p","value":"1"}}])",
        R"([{"op":"add","path":"/metrics/-","value":7}])",
        R"([{"op":"replace","path":"/tags","value":{}}])"}) {
    INFO(patch);
    CHECK(trial.post("runs/log-batch", good.patch(json::parse(patch))).status == 400);
  }
  CHECK(trial.sink.records().empty());
  CHECK(trial.post("runs/log-batch", good).status == 200);
  CHECK(trial.sink.records() ==
        std::vector<Record>{ParamLogged{kRun, "p", "1"}, MetricLogged{kRun, "m", 1, 1, 0},
                            TagSet{kRun, "t", "1"}, TagSet{kRun, "t", "2"}});
  CHECK(trial.sink.commit_count() == 1);
}

TEST_CASE("a param conflict in a batch names every conflict and leaves nothing", "[tracking]") {
  Trial trial;
  trial.post("runs/log-batch", {{"run_id", kRun}, {"params", {{{"key", "a"}, {"value", "1"}}}}});
  const auto reply =
      trial.post("runs/log-batch",
                 {{"run_id", kRun},
                  {"metrics", {metric("m", 1)}},
                  {"params", {{{"key", "a"}, {"value", "2"}}, {{"key", "b"}, {"value", "1"}}}}});
  CHECK(reply.body["message"] ==
        "Changing param values is not allowed. Params were already logged='[{'key': 'a', "
        "'old_value': '1', 'new_value': '2'}]' for run ID='" +
            kRun + "'.");
  CHECK(trial.sink.records().size() == 1);
}

json batch_of(std::size_t metric_count, std::size_t param_count, std::size_t tag_count) {
  json batch = {{"run_id", kRun},
                {"metrics", json::array()},
                {"params", json::array()},
                {"tags", json::array()}};
  for (std::size_t i = 0; i < metric_count; ++i) {
    batch["metrics"].push_back({{"key", "m"}, {"value", i}, {"timestamp", i}});
  }
  for (std::size_t i = 0; i < param_count; ++i) {
    batch["params"].push_back({{"key", fmt::format("p{}", i)}, {"value", "1"}});
  }
  for (std::size_t i = 0; i < tag_count; ++i) {
    batch["tags"].push_back({{"key", fmt::format("t{}", i)}, {"value", "1"}});
  }
  return batch;
}

TEST_CASE("a batch has at most 1000 metrics, 100 params, 100 tags, 1000 items", "[tracking]") {
  Trial trial;
  CHECK(trial.post("runs/log-batch", batch_of(1001, 0, 0)).status == 400);
  CHECK(trial.post("runs/log-batch", batch_of(0, 101, 0)).status == 400);
  CHECK(trial.post("runs/log-batch", batch_of(0, 0, 101)).status == 400);
  CHECK(trial.post("runs/log-batch", batch_of(801, 100, 100)).status == 400);
  CHECK(trial.sink.records().empty());
  CHECK(trial.post("runs/log-batch", batch_of(800, 100, 100)).status == 200);
  CHECK(trial.post("runs/log-batch", batch_of(1000, 0, 0)).status == 200);
  CHECK(trial.sink.records().size() == 1200);  // 800 of the second batch's rows were there
}

TEST_CASE("an empty batch is fine for a known run only", "[tracking]") {
  Trial trial;
  CHECK(trial.post("runs/log-batch", {{"run_id", kRun}}).status == 200);
  const auto reply = trial.post("runs/log-batch", {{"run_id", std::string(32, '0')}});
  CHECK(reply.status == 404);
  CHECK(reply.body["message"] == "Run with id=00000000000000000000000000000000 not found");
}

TEST_CASE("a history is ordered by time, step and value, and comes in pages", "[tracking]") {
  Trial trial;
  const auto log = [&](const json& value, int timestamp, int step) {
    trial.post("runs/log-metric", {{"run_id", kRun},
                                   {"key", "m"},
                                   {"value", value},
                                   {"timestamp", timestamp},
                                   {"step", step}});
  };
  log(5, 2, 0);
  log("NaN", 1, 3);
  log(4, 1, 3);
  log(3, 1, 2);
  CHECK(history(trial, "m") == json{3.0, 4.0, "NaN", 5.0});
  CHECK(history(trial, "absent").empty());
  const std::string query = "run_id=" + kRun + "&metric_key=m&max_results=3";
  const json first = trial.get("metrics/get-history", query).body;
  CHECK(first["metrics"].size() == 3);
  CHECK(first["next_page_token"] == "eyJvZmZzZXQiOiAzfQ==");
  const json second =
      trial.get("metrics/get-history", query + "&page_token=eyJvZmZzZXQiOiAzfQ%3D%3D").body;
  CHECK(second["metrics"].size() == 1);
  CHECK_FALSE(second.contains("next_page_token"));
  CHECK(trial.get("metrics/get-history", query + "&page_token=garbage").status == 400);
  CHECK(trial.get("metrics/get-history", "run_id=unknown&metric_key=m").body == json::object());
}

}  // namespace
}  // namespace trawl::tracking
