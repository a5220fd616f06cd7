// --query: JMESPath's results for what is supported, and a clear refusal of the rest. Expected
// results are those of the reference implementation (jmespath.py).
#include "cli/view/query.h"

#include <catch2/catch.hpp>

namespace trawl::cli {
namespace {

using Json = nlohmann::ordered_json;

const char* const kJobs = R"([
  {"name": "a", "status": "Completed", "properties": {"score": 0.9, "tags": ["x", "y"]}},
  {"name": "b", "status": "Running", "properties": {"tags": ["z"]}},
  {"name": "c", "status": null, "odd key": 1, "list": [[1, [2]], 3]}
])";

std::string result(const std::string& query, const std::string& json = kJobs) {
  const auto parsed = parse_query(query);
  INFO((parsed ? std::string() : parsed.error().message));
  REQUIRE(parsed);
  return apply_query(*parsed, Json::parse(json)).dump();
}

std::string fault(const std::string& query) {
  const auto parsed = parse_query(query);
  REQUIRE_FALSE(parsed);
  CHECK(parsed.error().code == ErrorCode::kInvalid);
  const std::string& message = parsed.error().message;
  const std::string prefix = "--query '" + query + "': ";
  const std::string suffix =
      "; supported are names joined by dots, \"quoted names\", [n], [-n], [*] and []";
  REQUIRE(message.size() > prefix.size() + suffix.size());
  CHECK(message.substr(0, prefix.size()) == prefix);
  CHECK(message.substr(message.size() - suffix.size()) == suffix);
  return message.substr(prefix.size(), message.size() - prefix.size() - suffix.size());
}

}  // namespace

TEST_CASE("a dotted path leads into objects", "[cli]") {
  CHECK(result("properties.score", R"({"properties": {"score": 0.5}})") == "0.5");
  CHECK(result(" properties . score ", R"({"properties": {"score": 0.5}})") == "0.5");
}

TEST_CASE("what is missing or of another type is null", "[cli]") {
  CHECK(result("nothing.here", "{}") == "null");
  CHECK(result("name.first", R"({"name": "text"})") == "null");
  CHECK(result("name[0]", R"({"name": "text"})") == "null");
  CHECK(result("name[*]", R"({"name": "text"})") == "null");
  CHECK(result("name[]", R"({"name": "text"})") == "null");
  CHECK(result("name", "[1]") == "null");
}

TEST_CASE("quoted names may hold anything", "[cli]") {
  CHECK(result("[2].\"odd key\"") == "1");
  CHECK(result(R"("a\"b.c")", R"({"a\"b.c": true})") == "true");
  CHECK(result(R"("\u00e9")", R"({"é": 1})") == "1");
}

TEST_CASE("an index counts from either end", "[cli]") {
  CHECK(result("[0].name") == R"("a")");
  CHECK(result("[-1].name") == R"("c")");
  CHECK(result("[3]") == "null");
  CHECK(result("[-4]") == "null");
  CHECK(result("[ 1 ].name") == R"("b")");
}

TEST_CASE("a projection leaves out the nulls", "[cli]") {
  CHECK(result("[].name") == R"(["a","b","c"])");
  CHECK(result("[*].status") == R"(["Completed","Running"])");
  CHECK(result("[].properties.score") == "[0.9]");
  CHECK(result("[].missing") == "[]");
}

TEST_CASE("an index within a projection applies to each element", "[cli]") {
  CHECK(result("[].properties.tags[0]") == R"(["x","z"])");
  CHECK(result("[*].properties.tags[-1]") == R"(["y","z"])");
}

TEST_CASE("[*] nests and [] flattens one level", "[cli]") {
  CHECK(result("[*].properties.tags[*]") == R"([["x","y"],["z"]])");
  CHECK(result("[*].properties.tags[]") == R"(["x","y","z"])");
  CHECK(result("[].properties.tags[]") == R"(["x","y","z"])");
  CHECK(result("[2].list[]") == "[1,[2],3]");
  CHECK(result("[2].list[][]") == "[1,2,3]");
  CHECK(result("[*].properties.tags[][0]") == "[]");  // the elements are texts now
}

TEST_CASE("[] drops nulls and keeps everything else", "[cli]") {
  CHECK(result("[]", "[1, null, [2, null], {}]") == "[1,2,{}]");
}

TEST_CASE("a fault is shown by its column", "[cli]") {
  CHECK(fault("a.") == "column 3: a name is missing after the dot");
  CHECK(fault("a..b") == "column 3: '.' is not expected here");
  CHECK(fault(".a") == "column 1: '.' is not expected here");
  CHECK(fault("a b") == "column 3: 'b' is not expected here");
  CHECK(fault("a[") == "column 2: '[' has no ']'");
  CHECK(fault("a[0") == "column 2: '[' has no ']'");
  CHECK(fault("a[0.5]") == "column 4: '.' is not expected here");
  CHECK(fault("a[-]") == "column 3: the index is not an integer in range");
  CHECK(fault("a[99999999999999999999]") == "column 3: the index is not an integer in range");
  CHECK(fault("a.\"b") == "column 3: the quoted name has no end");
  CHECK(fault("a.\"\\q\"") == "column 3: the quoted name is not a JSON string");
  CHECK(fault("a.é") == "column 3: 'é' is not expected here");
  CHECK(fault("my-name") == "column 3: '-' is not expected here");
  CHECK(fault(" ") == "column 2: nothing is asked for");
}

TEST_CASE("what is JMESPath but not supported is refused by name", "[cli]") {
  CHECK(fault("[?status=='Running']") == "column 2: filters [?...] are not supported");
  CHECK(fault("[0:2]") == "column 3: slices [a:b] are not supported");
  CHECK(fault("[:2]") == "column 2: slices [a:b] are not supported");
  CHECK(fault("[].{n: name}") == "column 4: multiselects {...} are not supported");
  CHECK(fault("[].[name, status]") == "column 4: multiselects [a, b] are not supported");
  CHECK(fault("[name, status]") == "column 2: multiselects [a, b] are not supported");
  CHECK(fault("[] | [0]") == "column 4: pipes are not supported");
  CHECK(fault("length(@)") == "column 7: functions are not supported");
  CHECK(fault("a.*") == "column 3: '*' over the values of an object is not supported");
}

TEST_CASE("a query of unreasonable length is refused", "[cli]") {
  std::string query = "a";
  for (int i = 0; i < 100'000; ++i) query += "[*]";
  CHECK(fault(query) == "column 299: more than 100 steps");
}

}  // namespace trawl::cli
