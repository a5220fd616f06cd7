// The formats of -o, as a whole.
#include "cli/view/output.h"

#include <catch2/catch.hpp>

#include "cli/view/json_text.h"

namespace trawl::cli {
namespace {

const char* const kJob =
    R"({"name":"s","status":"Completed","properties":{"score":0.5,"tags":["a","b"]},"ok":true})";

std::string shown(const std::string& json, const std::string& format,
                  const std::string& query = "") {
  const auto text = formatted(json, format, query);
  REQUIRE(text);
  return *text;
}

}  // namespace

TEST_CASE("json is indented by two and keeps the order of the keys", "[cli]") {
  CHECK(shown(kJob, "json") == R"({
  "name": "s",
  "status": "Completed",
  "properties": {
    "score": 0.5,
    "tags": [
      "a",
      "b"
    ]
  },
  "ok": true
}
)");
}

TEST_CASE("jsonc has no colours where standard output is no terminal", "[cli]") {
  CHECK(shown(kJob, "jsonc") == shown(kJob, "json"));
}

TEST_CASE("coloured json is json with colours", "[cli]") {
  CHECK(coloured_json(R"({"a:": "b\"", "n": [-1.5e3, null]})") ==
        "{\x1b[34m\"a:\"\x1b[0m: \x1b[32m\"b\\\"\"\x1b[0m, \x1b[34m\"n\"\x1b[0m: "
        "[\x1b[36m-1.5e3\x1b[0m, \x1b[33mnull\x1b[0m]}");
}

TEST_CASE("json escapes what a terminal would obey", "[cli]") {
  CHECK(shown(R"("\u001b[31m \u007f \u009b é")", "json") == "\"\\u001b[31m \\u007f \\u009b é\"\n");
}

TEST_CASE("a query comes before the format", "[cli]") {
  CHECK(shown(kJob, "json", "properties.score") == "0.5\n");
  CHECK(shown(kJob, "yaml", "properties.tags") == "- a\n- b\n");
  CHECK(shown(kJob, "tsv", "name") == "s\n");
  CHECK(shown(kJob, "table", "properties.tags") == "Result\n------\na\nb\n");
}

TEST_CASE("nothing found is null as json and nothing as tsv and table", "[cli]") {
  CHECK(shown(kJob, "json", "missing") == "null\n");
  CHECK(shown(kJob, "yaml", "missing") == "null\n");
  CHECK(shown(kJob, "tsv", "missing").empty());
  CHECK(shown(kJob, "table", "missing").empty());
}

TEST_CASE("none prints nothing", "[cli]") {
  CHECK(shown(kJob, "none").empty());
}

TEST_CASE("an unknown format and a bad query are invalid", "[cli]") {
  CHECK(formatted(kJob, "xml", "").error() ==
        Error{ErrorCode::kInvalid,
              "unknown output format 'xml'; it is one of json, jsonc, yaml, table, tsv, none"});
  CHECK(formatted(kJob, "json", "a.").error().code == ErrorCode::kInvalid);
  CHECK(formatted(kJob, "none", "a.").error().code == ErrorCode::kInvalid);
}

}  // namespace trawl::cli
