// -o table and -o tsv.
#include "cli/view/table.h"

#include <catch2/catch.hpp>

namespace trawl::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string table_of(const std::string& json) {
  return table_text(Json::parse(json));
}

std::string tsv_of(const std::string& json) {
  return tsv_text(Json::parse(json));
}

}  // namespace

TEST_CASE("jobs have az's columns and their best trial", "[cli]") {
  CHECK(table_of(R"([
    {"name": "brave_1", "type": "sweep", "status": "Completed", "experiment_name": "digits",
     "trial": {"command": "x"}, "creation_context": {"created_at":
     "2026-07-01T12:00:00.123456+00:00"}, "properties": {"best_child_run_id": "brave_1_3",
     "score": 0.971234567, "trials": {"Completed": 10, "Canceled": 6}}},
    {"name": "calm_2", "type": "command", "status": "Running", "experiment_name": "Default",
     "creation_context": {"created_at": "2026-07-01T13:00:00.000000+00:00"}, "properties": {}}
  ])") == R"(Name     Type     Status     Experiment  Created               Trials  Best
-------  -------  ---------  ----------  --------------------  ------  -------------------
brave_1  sweep    Completed  digits      2026-07-01T12:00:00Z  16      0.97123 (brave_1_3)
calm_2   command  Running    Default     2026-07-01T13:00:00Z
)");
}

TEST_CASE("trials have their parameters, their best value and why they ended", "[cli]") {
  CHECK(table_of(R"([
    {"name": "s_0", "type": "command", "status": "Completed", "parent_job_name": "s",
     "properties": {"parameters": {"lr": 0.1234567, "act": "relu"}, "primary_metric": "accuracy",
     "best_value": 0.9}},
    {"name": "s_1", "type": "command", "status": "Failed", "parent_job_name": "s",
     "properties": {"parameters": {"lr": 1e-05, "depth": 3}, "primary_metric": "accuracy",
     "reason": "exit code 1"}}
  ])") == R"(Name  Status     Best accuracy  lr       act   depth  Reason
----  ---------  -------------  -------  ----  -----  -----------
s_0   Completed  0.9            0.12346  relu
s_1   Failed                    1e-05          3      exit code 1
)");
}

TEST_CASE("columns without a value in any row are left out", "[cli]") {
  CHECK(table_of(R"([{"name": "a", "type": "command", "status": "Queued"}])") ==
        "Name  Type     Status\n----  -------  ------\na     command  Queued\n");
}

TEST_CASE("other objects show their scalar keys", "[cli]") {
  CHECK(table_of(R"([{"id": 1, "inner": {"x": 1}, "ok": true}, {"id": 2, "more": "z"}])") ==
        "Id  Ok    More\n--  ----  ----\n1   true\n2         z\n");
}

TEST_CASE("one object is a row for each key, dotted where it has objects within", "[cli]") {
  CHECK(table_of(R"({"name": "s", "properties": {"score": 0.5, "tags": ["a"]}, "nil": null})") ==
        "Key               Value\n"
        "----------------  -----\n"
        "name              s\n"
        "properties.score  0.5\n"
        "properties.tags   [\"a\"]\n"
        "nil\n");
}

TEST_CASE("scalars and lists of lists have az's heads", "[cli]") {
  CHECK(table_of("\"x\"") == "Result\n------\nx\n");
  CHECK(table_of("[[1, 2], [3]]") == "Column1  Column2\n-------  -------\n1        2\n3\n");
}

TEST_CASE("an empty list and null are an empty table", "[cli]") {
  CHECK(table_of("[]").empty());
  CHECK(table_of("null").empty());
}

TEST_CASE("a table escapes control characters and aligns wide ones", "[cli]") {
  CHECK(table_of(R"([{"a": "\u001b[31m", "b": 1}, {"a": "学习", "b": 2}])") ==
        "A         B\n--------  -\n\\x1b[31m  1\n学习      2\n");
}

TEST_CASE("only the last column may be long", "[cli]") {
  const std::string text(100, 'x');
  const Json json = Json::array({{{"a", text}, {"b", text}}});
  const std::string table = table_text(json);
  CHECK(table.find("\n" + std::string(59, 'x') + "…  " + text + "\n") != table.npos);
}

TEST_CASE("tsv has an element a line and its values between tabs", "[cli]") {
  CHECK(tsv_of(R"("text")") == "text\n");
  CHECK(tsv_of("0.1") == "0.1\n");
  CHECK(tsv_of("true") == "true\n");
  CHECK(tsv_of(R"({"a": 1, "b": "x", "c": null, "d": [1, 2], "e": {}})") == "1\tx\t\t[1,2]\t{}\n");
  CHECK(tsv_of(R"([{"a": 1, "b": 2}, {"a": 3, "b": 4}])") == "1\t2\n3\t4\n");
  CHECK(tsv_of(R"(["a", 1, null, ["x", "y"]])") == "a\n1\n\nx\ty\n");
}

TEST_CASE("tsv is empty for null and for an empty list", "[cli]") {
  CHECK(tsv_of("null").empty());
  CHECK(tsv_of("[]").empty());
}

TEST_CASE("a value never breaks a line or a field of tsv", "[cli]") {
  CHECK(tsv_of(R"([["a\tb", "c\nd\re"], "C:\\new"])") == "a\\tb\tc\\nd\\re\nC:\\new\n");
}

}  // namespace trawl::cli
