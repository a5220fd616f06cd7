// YAML 1.1 as PyYAML resolves it, one line a form.
#include "sweep/jobfile/scalar.h"

#include <cmath>

#include <catch2/catch.hpp>

namespace trawl::jobfile {
namespace {

std::string kind(const char* text) {
  return std::string(kind_name(resolve_plain(text)));
}
std::int64_t whole(const char* text) {
  const Scalar value = resolve_plain(text);
  CAPTURE(text, kind_name(value));
  REQUIRE(std::holds_alternative<std::int64_t>(value));
  return std::get<std::int64_t>(value);
}
double number(const char* text) {
  const Scalar value = resolve_plain(text);
  CAPTURE(text, kind_name(value));
  REQUIRE(std::holds_alternative<double>(value));
  return std::get<double>(value);
}

TEST_CASE("the usual cases of yes, on and true are booleans, and no other") {
  for (const char* text : {"yes", "Yes", "YES", "on", "On", "ON", "true", "True", "TRUE"}) {
    CHECK(resolve_plain(text).index() == 1);
    CHECK(std::get<bool>(resolve_plain(text)));
  }
  for (const char* text : {"no", "No", "NO", "off", "Off", "OFF", "false", "False", "FALSE"}) {
    CHECK_FALSE(std::get<bool>(resolve_plain(text)));
  }
  for (const char* text : {"y", "n", "Y", "yEs", "oN", "truE"}) CHECK(kind(text) == "text");
}

TEST_CASE("integers have four bases, underscores and base sixty") {
  CHECK(whole("0") == 0);
  CHECK(whole("-17") == -17);
  CHECK(whole("+3") == 3);
  CHECK(whole("010") == 8);
  CHECK(whole("0_") == 0);
  CHECK(whole("0x1F") == 31);
  CHECK(whole("0b11") == 3);
  CHECK(whole("1_000") == 1000);
  CHECK(whole("1:30") == 90);
  CHECK(whole("-1:00:30") == -3630);
  CHECK(whole("9223372036854775807") == 9223372036854775807LL);
  CHECK(whole("-9223372036854775808") == -9223372036854775807LL - 1);
  CHECK(kind("9223372036854775808") == "an integer beyond 64 bits");
  CHECK(kind("0xFFFFFFFFFFFFFFFFF") == "an integer beyond 64 bits");
  for (const char* text : {"08", "0o17", "0x", "0b2", "1:60", "1:2:", "_1", "+", "1e5", "--1"}) {
    CHECK(kind(text) == "text");
  }
}

TEST_CASE("floats need a point, and a sign in the exponent") {
  CHECK(number("0.5") == 0.5);
  CHECK(number("5.") == 5);
  CHECK(number(".5") == 0.5);
  CHECK(number("-1.5e+3") == -1500);
  CHECK(number("1.0e-5") == 1e-5);
  CHECK(number("1_0.5") == 10.5);
  CHECK(number("1:30.5") == 90.5);
  CHECK(number("-.INF") == -std::numeric_limits<double>::infinity());
  CHECK(std::isnan(number(".NaN")));
  CHECK(std::isinf(number("1.0e+999")));
  for (const char* text : {"1e-5", "1.0e5", "-.5", "1.e", ".e+1", ".", "1.2.3", "inf", "nan"}) {
    CHECK(kind(text) == "text");
  }
}

TEST_CASE("dates are dates, and nothing is null") {
  for (const char* text :
       {"2024-01-01", "2024-1-1T1:02:03", "2024-01-01 10:20:30.5 +01:00", "2024-01-01t10:20:30Z"}) {
    CHECK(kind(text) == "a date");
  }
  for (const char* text : {"2024-1-1", "2024-01-01T10", "20240-01-01"}) CHECK(kind(text) == "text");
  for (const char* text : {"", "~", "null", "Null", "NULL"}) CHECK(kind(text) == "null");
  CHECK(kind("nULL") == "text");
}

TEST_CASE("numbers in text are read as Python's float and int read them") {
  CHECK(number_of_text("1e-5") == 1e-5);
  CHECK(number_of_text(" -.5 ") == -0.5);
  CHECK(number_of_text("1_000.5") == 1000.5);
  CHECK_FALSE(number_of_text("1__0"));
  CHECK_FALSE(number_of_text("0x10"));
  CHECK_FALSE(number_of_text("nan"));
  CHECK_FALSE(number_of_text("inf"));
  CHECK_FALSE(number_of_text(""));
  CHECK_FALSE(number_of_text("1 2"));
  CHECK(integer_of_text("010") == 10);
  CHECK(integer_of_text("-7") == -7);
  CHECK_FALSE(integer_of_text("5.0"));
  CHECK_FALSE(integer_of_text("99999999999999999999"));
}

}  // namespace
}  // namespace trawl::jobfile
