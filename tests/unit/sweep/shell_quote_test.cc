// tests/unit/sweep/shell_quote_test.cc: where quotes are open in a command, and text within them.
#include "sweep/shell_quote.h"

#include <catch2/catch.hpp>

namespace trawl {
namespace {

// One letter a byte: n none, s single, d double.
std::string letters(std::string_view command) {
  std::string result;
  for (const Quote quote : quotes_of(command)) {
    result += quote == Quote::kNone ? 'n' : quote == Quote::kSingle ? 's' : 'd';
  }
  return result;
}

}  // namespace

TEST_CASE("an opening quote stands outside, its closing one inside", "[sweep]") {
  CHECK(letters("a 'b' c") == "nnnssnn");
  CHECK(letters("a \"b\" c") == "nnnddnn");
  CHECK(letters("'\"'\"'\"") == "nssndd");
  CHECK(letters("'never closed") == "nssssssssssss");
}

TEST_CASE("a backslash takes a quote's meaning, but not in single quotes", "[sweep]") {
  CHECK(letters("\\'a") == "nnn");
  CHECK(letters("\"\\\"a\"") == "ndddd");
  CHECK(letters("'\\'a") == "nssn");
  CHECK(letters("\\") == "n");
}

TEST_CASE("a command within double quotes has quotes of its own", "[sweep]") {
  CHECK(letters("\"$(a 'b')\"c") == "nddnnnssndn");
  CHECK(letters("\"$(a \"b\")\"") == "nddnnnddnd");
  CHECK(letters("(a 'b')") == "nnnnssn");
}

TEST_CASE("an apostrophe in a comment opens nothing", "[sweep]") {
  CHECK(letters("a # don't\n'b'") == "nnnnnnnnnnnss");
  CHECK(letters("a#'b'") == "nnnss");
}

TEST_CASE("what stands in an expression is not the shell's", "[sweep]") {
  CHECK(letters("${{'}}'a'") == "nnnnnnnss");
}

TEST_CASE("quoted text is what the shell passes on", "[sweep]") {
  CHECK(quoted_within("it's", Quote::kNone) == R"('it'\''s')");
  CHECK(quoted_within("it's \"", Quote::kSingle) == R"(it'\''s ")");
  CHECK(quoted_within("it's \"$x`\\", Quote::kDouble) == R"(it's \"\$x\`\\)");
}

}  // namespace trawl
