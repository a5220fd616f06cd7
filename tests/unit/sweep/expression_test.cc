// tests/unit/sweep/expression_test.cc: finding and replacing `${{...}}`.
#include "sweep/expression.h"

#include <catch2/catch.hpp>

namespace trawl {
namespace {

std::string substituted(std::string_view command) {
  const std::vector<NamedText> inputs = {{"data", "/mnt/data"}, {"my-set.v2", "0.5"}};
  const std::vector<NamedText> outputs = {{"model", "/out/model"}};
  const ParameterSet parameters = {
      {"lr", {0.01}}, {"opt", {std::vector<NamedValue>{{"kind", {std::string("sgd")}}}}}};
  const auto result = substitute(command, inputs, outputs, parameters);
  return result ? *result : "error: " + result.error().message;
}

}  // namespace

TEST_CASE("an expression is found with its place, context and name", "[sweep]") {
  const std::string text = "python t.py --d ${{inputs.data}} --lr ${{ search_space.lr }}";
  const ExpressionScan scan = scan_expressions(text);
  REQUIRE(scan.expressions.size() == 2);
  CHECK(scan.unclosed.empty());
  const auto& [first, second] = std::pair(scan.expressions[0], scan.expressions[1]);
  CHECK(text.substr(first.begin, first.end - first.begin) == "${{inputs.data}}");
  CHECK(first.context == "inputs");
  CHECK(first.name == "data");
  CHECK(text.substr(second.begin, second.end - second.begin) == "${{ search_space.lr }}");
  CHECK(second.context == "search_space");
  CHECK(second.name == "lr");
}

TEST_CASE("places are bytes, whatever the characters before them", "[sweep]") {
  const ExpressionScan scan = scan_expressions("\xC3\xA9\xC3\xA9 ${{inputs.x}}");
  REQUIRE(scan.expressions.size() == 1);
  CHECK(scan.expressions[0].begin == 5);
  CHECK(scan.expressions[0].end == 18);
}

TEST_CASE("a name may hold letters, digits, underscores, dashes and dots", "[sweep]") {
  const ExpressionScan scan = scan_expressions("${{inputs.My_set-2.v3}}");
  REQUIRE(scan.expressions.size() == 1);
  CHECK(scan.expressions[0].context == "inputs");
  CHECK(scan.expressions[0].name == "My_set-2.v3");
}

TEST_CASE("an expression without a dot has a context and no name", "[sweep]") {
  const ExpressionScan scan = scan_expressions("${{name}} ${{}} ${{ . }}");
  REQUIRE(scan.expressions.size() == 3);
  CHECK(scan.expressions[0].context == "name");
  CHECK(scan.expressions[0].name.empty());
  CHECK(scan.expressions[1].context.empty());
  CHECK(scan.expressions[2].context.empty());
  CHECK(scan.expressions[2].name.empty());
}

TEST_CASE("blanks around an expression's inner text may be tabs and line ends", "[sweep]") {
  const ExpressionScan scan = scan_expressions("${{\t\n inputs.x \r\n}}");
  REQUIRE(scan.expressions.size() == 1);
  CHECK(scan.expressions[0].name == "x");
}

TEST_CASE("a forgotten end is reported at its own place and hides nothing", "[sweep]") {
  const ExpressionScan scan = scan_expressions("a ${{inputs.a ${{inputs.b}} c ${{inputs.d}");
  REQUIRE(scan.expressions.size() == 1);
  CHECK(scan.expressions[0].name == "b");
  CHECK(scan.unclosed == std::vector<std::size_t>{2, 30});
}

TEST_CASE("a shell's own braces are left alone", "[sweep]") {
  const std::string command = "awk '{{print $1}}' ${FILE} $(ls) ${A:-{}} }} $ {{x}}";
  CHECK(scan_expressions(command).expressions.empty());
  CHECK(scan_expressions(command).unclosed.empty());
  CHECK(substituted(command) == command);
  CHECK(substituted("").empty());
}

TEST_CASE("a third closing brace belongs to the text", "[sweep]") {
  CHECK(substituted("{${{inputs.data}}}") == "{/mnt/data}");
}

TEST_CASE("values go in unquoted and all else stays byte for byte", "[sweep]") {
  CHECK(substituted("t --d ${{inputs.data}}/x\n\t--lr=${{search_space.lr}} > ${{outputs.model}}") ==
        "t --d /mnt/data/x\n\t--lr=0.01 > /out/model");
  CHECK(substituted("${{inputs.my-set.v2}}${{inputs.my-set.v2}}") == "0.50.5");
  CHECK(substituted("t ${{search_space.opt}}") == R"(t '{"kind":"sgd"}')");
}

TEST_CASE("a mapping is one argument, whatever quotes the expression stands in", "[sweep]") {
  const ParameterSet parameters = {
      {"m", {std::vector<NamedValue>{{"note", {std::string("it's $5 `a` \\ \"b\"")}}}}}};
  const auto in = [&](std::string_view command) {
    return substitute(command, {}, {}, parameters).value();
  };
  CHECK(in("t ${{search_space.m}}") == R"(t '{"note":"it'\''s $5 `a` \\ \"b\""}')");
  CHECK(in("t '${{search_space.m}}'") == R"(t '{"note":"it'\''s $5 `a` \\ \"b\""}')");
  CHECK(in("t \"${{search_space.m}}\"") == R"(t "{\"note\":\"it's \$5 \`a\` \\\\ \\\"b\\\"\"}")");
}

TEST_CASE("a value that looks like an expression is not replaced again", "[sweep]") {
  const auto result = substitute("${{inputs.a}}", {{"a", "${{inputs.b}}"}, {"b", "x"}}, {}, {});
  CHECK(result.value() == "${{inputs.b}}");
}

TEST_CASE("an expression without a value is an error that names it", "[sweep]") {
  CHECK(substituted("t ${{ inputs.date }}") ==
        "error: the command uses `${{ inputs.date }}`, which has no value; define it in the job's "
        "inputs, outputs or search_space, or remove it");
  CHECK(substituted("t ${{outputs.data}}").starts_with("error: "));
  CHECK(substituted("t ${{search_space.opt.kind}}").starts_with("error: "));
  CHECK(substituted("t ${{Inputs.data}}").starts_with("error: "));
  CHECK(substituted("t ${{inputs.data") ==
        "error: the command has a `${{` without `}}` at byte 2; close it with `}}`");
}

}  // namespace trawl
