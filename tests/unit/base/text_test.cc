#include "base/text.h"

#include <array>
#include <limits>

#include <catch2/catch.hpp>

namespace trawl {

TEST_CASE("floats are written as Python's repr writes them", "[base]") {
  CHECK(python_repr(0.5) == "0.5");
  CHECK(python_repr(100) == "100.0");
  CHECK(python_repr(1e-5) == "1e-05");
  CHECK(python_repr(0.0001) == "0.0001");
  CHECK(python_repr(1e16) == "1e+16");
  CHECK(python_repr(123456789012345680.0) == "1.2345678901234568e+17");
  CHECK(python_repr(9999999999999998.0) == "9999999999999998.0");
  CHECK(python_repr(-0.0) == "-0.0");
  CHECK(python_repr(0.1 + 0.2) == "0.30000000000000004");
  CHECK(python_repr(5e-324) == "5e-324");
  CHECK(python_repr(-std::numeric_limits<double>::infinity()) == "-inf");
  CHECK(python_repr(std::numeric_limits<double>::quiet_NaN()) == "nan");
}

TEST_CASE("the nearest name is offered only when it is near", "[base]") {
  constexpr std::array<std::string_view, 4> kNames = {"uniform", "loguniform", "choice", "normal"};
  CHECK(nearest("log_uniform", kNames) == "loguniform");
  CHECK(nearest("Unifrom", kNames) == "uniform");
  CHECK(nearest("hyperband", kNames).empty());
  CHECK(nearest("", kNames).empty());
}

TEST_CASE("only well-formed UTF-8 passes", "[base]") {
  CHECK(is_utf8("plain, \xC3\xA9, \xE6\x97\xA5, \xF0\x9F\x98\x80"));
  CHECK_FALSE(is_utf8("caf\xE9"));           // Latin-1
  CHECK_FALSE(is_utf8("\xC0\xAF"));          // overlong
  CHECK_FALSE(is_utf8("\xED\xA0\x80"));      // surrogate
  CHECK_FALSE(is_utf8("\xF4\x90\x80\x80"));  // past U+10FFFF
  CHECK_FALSE(is_utf8("\xE6\x97"));          // cut off
}

TEST_CASE("a quoted word is one word for a shell, whatever it holds", "[base]") {
  CHECK(shell_quoted("a b") == "'a b'");
  CHECK(shell_quoted("it's") == "'it'\\''s'");
  CHECK(shell_quoted("") == "''");
}

TEST_CASE("split keeps empty pieces", "[base]") {
  CHECK(split("a,,b", ',') == std::vector<std::string_view>{"a", "", "b"});
  CHECK(split("", ',') == std::vector<std::string_view>{""});
}

}  // namespace trawl
