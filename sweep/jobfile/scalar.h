// sweep/jobfile/scalar.h: what a plain scalar means in YAML 1.1, which is what Azure ML's client
// reads (PyYAML's safe loader): `yes` is a boolean, 010 is 8, 1:30 is 90, and 1e-5 is text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace trawl::jobfile {

/// 2024-01-01 and its longer forms. No field of a job takes one.
struct Date {};
/// An integer that 64 bits do not hold.
struct HugeInteger {
  double approximate{};
};

using Scalar =
    std::variant<std::monostate, bool, std::int64_t, double, std::string, Date, HugeInteger>;

/// The value of a plain (unquoted) scalar; monostate is null. Infinity and NaN are doubles.
Scalar resolve_plain(std::string_view text);

/// Text as Python's float() and int() read it: blanks around, a sign, underscores between digits;
/// int() in base ten only. Azure ML's numeric fields take numbers written as strings this way.
std::optional<double> number_of_text(std::string_view text);
std::optional<std::int64_t> integer_of_text(std::string_view text);

/// "a boolean", "an integer", "text", "null", ...
std::string_view kind_name(const Scalar& scalar);

}  // namespace trawl::jobfile
