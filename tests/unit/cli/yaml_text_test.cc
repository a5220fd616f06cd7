// YAML that is read back as what was written, by readers of YAML 1.1 too.
#include "cli/view/yaml_text.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

namespace trawl::cli {
namespace {

using Json = nlohmann::ordered_json;

std::string yaml_of(const std::string& json) {
  return yaml_text(Json::parse(json));
}

}  // namespace

TEST_CASE("objects and lists are laid out as PyYAML does", "[cli]") {
  CHECK(yaml_of(R"({"name": "s", "list": [1, {"a": 1, "b": [2]}, [3, 4]], "empty": {},
                    "none": [], "nil": null, "deep": {"er": {"x": false}}})") == R"(name: s
list:
- 1
- a: 1
  b:
  - 2
- - 3
  - 4
empty: {}
none: []
nil: null
deep:
  er:
    x: false
)");
}

TEST_CASE("scalars and empty documents are one line", "[cli]") {
  CHECK(yaml_of("\"text\"") == "text\n");
  CHECK(yaml_of("[]") == "[]\n");
  CHECK(yaml_of("{}") == "{}\n");
  CHECK(yaml_of("null") == "null\n");
  CHECK(yaml_of("[[], {}]") == "- []\n- {}\n");
}

TEST_CASE("strings that YAML 1.1 takes for another type are quoted", "[cli]") {
  for (const char* text :
       {"yes", "No",  "ON",   "off",   "true", "False",      "y",    "N",   "null", "Null",
        "~",   "12",  "0123", "0x1F",  "0b1",  "1_000",      "1:30", "1.5", ".5",   "-1",
        "+1",  "1e3", ".inf", "-.inf", ".nan", "2026-01-01", "=",    "<<",  ""}) {
    CHECK(yaml_text(Json(text)) == fmt::format("'{}'\n", text));
  }
}

TEST_CASE("strings that would be YAML's syntax are quoted", "[cli]") {
  for (const char* text :
       {"- a", "? a", ": a", "a: b", "a:", "a #b", "#a", "&a", "*a", "!a", "|",     ">",
        "%a",  "@a",  "`a",  "{a",   "[a", "]",    "}",  ",",  " a", "a ", "\"a\"", "---"}) {
    CHECK(yaml_text(Json(text)) == fmt::format("'{}'\n", text));
  }
  CHECK(yaml_of("\"it's: so\"") == "'it''s: so'\n");
}

TEST_CASE("ordinary strings are plain", "[cli]") {
  for (const char* text : {"Completed", "azureml:env@latest", "a-b_c.d/e", "python train.py --lr 1",
                           "http://x.org/#y", "naïve 学习率", "it's", "nope", "yesterday"}) {
    CHECK(yaml_text(Json(text)) == fmt::format("{}\n", text));
  }
}

TEST_CASE("floats keep the dot that YAML 1.1 asks of them", "[cli]") {
  CHECK(yaml_of("1e-05") == "1.0e-05\n");
  CHECK(yaml_of("1.5e-07") == "1.5e-07\n");
  CHECK(yaml_of("0.1") == "0.1\n");
}

TEST_CASE("a text of several lines is a block", "[cli]") {
  CHECK(yaml_of(R"({"command": "set -e\n\n  python a.py\n", "x": 1})") ==
        "command: |\n  set -e\n\n    python a.py\nx: 1\n");
  CHECK(yaml_of(R"([{"c": "a\nb"}])") == "- c: |-\n    a\n    b\n");
  CHECK(yaml_of(R"("a\nb")") == "|-\n  a\n  b\n");
  CHECK(yaml_of(R"(["a\nb\n\n"])") == "- |+\n  a\n  b\n\n");
}

TEST_CASE("control characters are escaped between double quotes", "[cli]") {
  CHECK(yaml_of(R"("\u001b[31m\ta\u007f")") == "\"\\u001b[31m\\ta\\u007f\"\n");
  CHECK(yaml_of(R"("a\u2028b")") == "\"a\\u2028b\"\n");
  CHECK(yaml_of(R"({"k\n": 1})") == "\"k\\n\": 1\n");
}

TEST_CASE("every string is read back as it was", "[cli]") {
  Json texts = {"a\nb",    "a\nb\n",    "a\n\n",    "\n",        "\n\n a",  " a\nb", "a\n b\n  c",
                "a\r\nb",  "tab\there", "end \n",   "#\n#",      "a: b\nc", "'\"",   "\\n",
                "\x1b[0m", "é\n学",     "- x\n- y", "a\n---\nb", "...",     "\t",    "x\n\ty"};
  for (const char c : std::string("-?:,[]{}#&*!|>'\"%@`=~<.")) {
    for (const char* pattern : {"{}", "{} x", "x{}", "x {} x", "x\n{}\n"}) {
      texts.push_back(fmt::format(fmt::runtime(pattern), c));
    }
  }
  const Json document = {{"texts", texts}, {"nested", {{{"texts", texts}}}}};
  const YAML::Node read = YAML::Load(yaml_text(document));
  REQUIRE(read["texts"].size() == texts.size());
  for (std::size_t i = 0; i < texts.size(); ++i) {
    INFO(texts[i].dump());
    CHECK(read["texts"][i].as<std::string>() == texts[i].get<std::string>());
    CHECK(read["nested"][0]["texts"][i].as<std::string>() == texts[i].get<std::string>());
  }
}

}  // namespace trawl::cli
