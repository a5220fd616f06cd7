// The patterns are those of PyYAML's resolver, one function each. They are written out rather than
// given to std::regex, whose recursion overflows the stack on long scalars.
#include "sweep/jobfile/scalar.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

#include "base/text.h"

namespace trawl::jobfile {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
bool is_digit_or_underscore(char c) {
  return is_digit(c) || c == '_';
}

template <class Predicate>
bool all(std::string_view text, Predicate predicate) {
  return !text.empty() && std::ranges::all_of(text, predicate);
}

template <std::size_t n>
bool one_of(std::string_view text, const std::array<std::string_view, n>& words) {
  return std::ranges::find(words, text) != words.end();
}

std::string without_underscores(std::string_view text) {
  std::string result(text);
  std::erase(result, '_');
  return result;
}

// The sign of `text`, which is taken off.
bool take_minus(std::string_view& text) {
  const bool minus = text.starts_with('-');
  if (minus || text.starts_with('+')) text.remove_prefix(1);
  return minus;
}

// Decimal digits, a point or an exponent among them. Beyond a double's range: infinity or zero.
double to_double(const std::string& digits) {
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error == std::errc::result_out_of_range) return std::strtod(digits.c_str(), nullptr);
  return value;
}

Scalar integer(std::string_view written_digits, bool minus, int base) {
  const std::string digits = without_underscores(written_digits);
  std::uint64_t magnitude = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
  constexpr auto kMost = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (error != std::errc{} || magnitude > kMost + (minus ? 1 : 0)) {
    const double approximate =
        base == 10 ? to_double(digits) : std::numeric_limits<double>::infinity();
    return HugeInteger{minus ? -approximate : approximate};
  }
  return static_cast<std::int64_t>(minus ? ~magnitude + 1 : magnitude);
}

bool is_in_base(std::string_view digits, int base) {
  return std::ranges::any_of(digits, [](char c) { return c != '_'; }) &&
         all(digits, [base](char c) {
           if (c == '_') return true;
           const int value = is_digit(c) ? c - '0' : (c | 0x20) - 'a' + 10;
           return (is_digit(c) || (c | 0x20) >= 'a') && value < base;
         });
}

// The tail `(:[0-5]?[0-9])+` of a number in base 60.
bool is_sexagesimal_place(std::string_view piece) {
  if (piece.size() == 2) return piece[0] >= '0' && piece[0] <= '5' && is_digit(piece[1]);
  return piece.size() == 1 && is_digit(piece[0]);
}

std::optional<Scalar> sexagesimal(std::string_view text, bool minus) {
  const std::size_t point = text.find('.');
  const std::vector<std::string_view> pieces = split(text.substr(0, point), ':');
  constexpr std::size_t kMostPlaces = 8;  // 60^8 is beyond any duration
  if (pieces.size() < 2 || pieces.size() > kMostPlaces) return std::nullopt;
  const bool whole = point == std::string_view::npos;
  if (!all(pieces[0], is_digit_or_underscore) || !is_digit(pieces[0][0])) return std::nullopt;
  if (whole && pieces[0][0] == '0') return std::nullopt;
  double value = to_double(without_underscores(pieces[0]));
  for (std::size_t i = 1; i < pieces.size(); ++i) {
    if (!is_sexagesimal_place(pieces[i])) return std::nullopt;
    value = value * 60 + to_double(std::string(pieces[i]));
  }
  if (!whole) {
    const std::string_view fraction = text.substr(point + 1);
    if (!fraction.empty() && !all(fraction, is_digit_or_underscore)) return std::nullopt;
    value += to_double("0." + without_underscores(fraction));
    return Scalar{minus ? -value : value};
  }
  if (value > 9.0e15) return Scalar{HugeInteger{minus ? -value : value}};
  return Scalar{static_cast<std::int64_t>(minus ? -value : value)};
}

std::optional<Scalar> integer_scalar(std::string_view text) {
  const bool minus = take_minus(text);
  if (text.empty() || !is_digit(text[0])) return std::nullopt;
  if (text == "0") return Scalar{std::int64_t{0}};
  if (text[0] == '0') {
    const std::string_view rest = text.substr(1);
    if (rest.find_first_not_of('_') == std::string_view::npos) return Scalar{std::int64_t{0}};
    if (rest[0] == 'b' && is_in_base(rest.substr(1), 2)) return integer(rest.substr(1), minus, 2);
    if (rest[0] == 'x' && is_in_base(rest.substr(1), 16)) return integer(rest.substr(1), minus, 16);
    if (is_in_base(rest, 8)) return integer(rest, minus, 8);
    return std::nullopt;
  }
  if (all(text, is_digit_or_underscore)) return integer(text, minus, 10);
  return text.find('.') == std::string_view::npos ? sexagesimal(text, minus) : std::nullopt;
}

// `e+5` or nothing: PyYAML wants the sign.
bool is_exponent_or_nothing(std::string_view text) {
  if (text.empty()) return true;
  return text.size() >= 3 && (text[0] == 'e' || text[0] == 'E') &&
         (text[1] == '+' || text[1] == '-') && all(text.substr(2), is_digit);
}

std::optional<Scalar> float_scalar(std::string_view written) {
  constexpr std::array<std::string_view, 3> kInfinity = {".inf", ".Inf", ".INF"};
  constexpr std::array<std::string_view, 3> kNan = {".nan", ".NaN", ".NAN"};
  if (one_of(written, kNan)) return Scalar{std::numeric_limits<double>::quiet_NaN()};
  std::string_view text = written;
  const bool minus = take_minus(text);
  const double sign = minus ? -1 : 1;
  if (one_of(text, kInfinity)) return Scalar{sign * std::numeric_limits<double>::infinity()};
  const std::size_t point = text.find('.');
  if (point == std::string_view::npos) return std::nullopt;
  const std::string_view before = text.substr(0, point);
  const std::string_view after = text.substr(point + 1);
  if (before.find(':') != std::string_view::npos) return sexagesimal(text, minus);
  const std::size_t fraction_size = std::min(after.find_first_not_of("0123456789_"), after.size());
  if (!is_exponent_or_nothing(after.substr(fraction_size))) return std::nullopt;
  if (before.empty()) {  // `.5`, which takes no sign
    if (text.size() != written.size() || after.empty() || !is_digit(after[0])) return std::nullopt;
  } else if (!is_digit(before[0]) || !all(before, is_digit_or_underscore)) {
    return std::nullopt;
  }
  std::string digits = without_underscores(text);
  std::erase(digits, '+');
  return Scalar{sign * to_double(digits)};
}

// Digits in place of `d`, every other character as it is in `pattern`.
bool has_form(std::string_view text, std::string_view pattern) {
  return std::ranges::equal(text, pattern,
                            [](char c, char p) { return p == 'd' ? is_digit(c) : c == p; });
}

// One or two digits at the front of `text`, taken off.
bool take_one_or_two_digits(std::string_view& text) {
  const std::size_t count =
      std::min(std::min(text.find_first_not_of("0123456789"), text.size()), std::size_t{2});
  text.remove_prefix(count);
  return count > 0;
}

bool take(std::string_view& text, std::string_view pattern) {
  if (!has_form(text.substr(0, pattern.size()), pattern)) return false;
  text.remove_prefix(pattern.size());
  return true;
}

bool is_zone_or_nothing(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  if (text.empty() || text == "Z") return true;
  if (text[0] != '+' && text[0] != '-') return false;
  text.remove_prefix(1);
  return take_one_or_two_digits(text) && (text.empty() || has_form(text, ":dd"));
}

bool is_date(std::string_view text) {
  if (has_form(text, "dddd-dd-dd")) return true;
  if (!take(text, "dddd-") || !take_one_or_two_digits(text)) return false;
  if (!take(text, "-") || !take_one_or_two_digits(text) || text.empty()) return false;
  if (text[0] == 'T' || text[0] == 't') {
    text.remove_prefix(1);
  } else {
    const std::size_t blanks = std::min(text.find_first_not_of(" \t"), text.size());
    if (blanks == 0) return false;
    text.remove_prefix(blanks);
  }
  if (!take_one_or_two_digits(text) || !take(text, ":dd:dd")) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    text.remove_prefix(std::min(text.find_first_not_of("0123456789"), text.size()));
  }
  return is_zone_or_nothing(text);
}

// What is left of `text` for Python's int() and float() once blanks and underscores are gone;
// nullopt where an underscore does not stand between digits.
std::optional<std::string> python_number_text(std::string_view text) {
  constexpr std::string_view kBlanks = " \t\n\r\v\f";
  const std::size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return std::nullopt;
  text = text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '_') continue;
    const bool between =
        i > 0 && i + 1 < text.size() && is_digit(text[i - 1]) && is_digit(text[i + 1]);
    if (!between) return std::nullopt;
  }
  return without_underscores(text);
}

}  // namespace

Scalar resolve_plain(std::string_view text) {
  constexpr std::array<std::string_view, 5> kNull = {"", "~", "null", "Null", "NULL"};
  constexpr std::array<std::string_view, 9> kTrue = {"yes",  "Yes", "YES", "true", "True",
                                                     "TRUE", "on",  "On",  "ON"};
  constexpr std::array<std::string_view, 9> kFalse = {"no",    "No",  "NO",  "false", "False",
                                                      "FALSE", "off", "Off", "OFF"};
  if (one_of(text, kNull)) return std::monostate{};
  if (one_of(text, kTrue)) return true;
  if (one_of(text, kFalse)) return false;
  if (const auto value = integer_scalar(text)) return *value;
  if (const auto value = float_scalar(text)) return *value;
  if (is_date(text)) return Date{};
  return std::string(text);
}

std::optional<double> number_of_text(std::string_view text) {
  const std::optional<std::string> cleaned = python_number_text(text);
  if (!cleaned) return std::nullopt;
  std::string_view digits = *cleaned;
  const bool minus = take_minus(digits);
  if (digits.empty() || !(is_digit(digits[0]) || digits[0] == '.')) return std::nullopt;
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (end != digits.data() + digits.size() || error == std::errc::invalid_argument) {
    return std::nullopt;
  }
  if (error == std::errc::result_out_of_range) value = to_double(std::string(digits));
  return minus ? -value : value;
}

std::optional<std::int64_t> integer_of_text(std::string_view text) {
  const std::optional<std::string> cleaned = python_number_text(text);
  if (!cleaned) return std::nullopt;
  std::string_view digits = *cleaned;
  const bool minus = take_minus(digits);
  if (!all(digits, is_digit)) return std::nullopt;
  const Scalar value = integer(digits, minus, 10);
  if (const auto* whole = std::get_if<std::int64_t>(&value)) return *whole;
  return std::nullopt;
}

std::string_view kind_name(const Scalar& scalar) {
  constexpr std::array<std::string_view, std::variant_size_v<Scalar>> kNames = {
      "null", "a boolean", "an integer", "a float", "text", "a date", "an integer beyond 64 bits"};
  return kNames[scalar.index()];
}

}  // namespace trawl::jobfile
