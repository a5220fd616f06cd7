// tracking/validation.cc: types, keys and limits of request fields, as `mlflow server` 3.18 checks
// them (mlflow/utils/validation.py is the behaviour matched).
#include "tracking/validation.h"

#include <algorithm>
#include <charconv>
#include <clocale>
#include <cmath>
#include <cwctype>
#include <limits>

namespace trawl::tracking {
namespace {

using nlohmann::json;

const json& no_elements() {
  static const json empty = json::array();
  return empty;
}

// 2^63 as a double: the first integral value that int64 cannot hold.
constexpr double kInt64End = 9223372036854775808.0;

std::optional<std::int64_t> as_integer(const json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<std::uint64_t>();
    if (number > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number_float()) {
    const auto number = value.get<double>();
    const bool fits = number >= -kInt64End && number < kInt64End;
    if (!fits || number != std::trunc(number)) return std::nullopt;
    return static_cast<std::int64_t>(number);
  }
  if (!value.is_string()) return std::nullopt;
  const auto& text = value.get_ref<const std::string&>();
  std::int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, number);
  if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
  return number;
}

std::optional<double> as_number(const json& value) {
  if (value.is_boolean()) return value.get<bool>() ? 1.0 : 0.0;
  if (value.is_number()) return value.get<double>();
  if (!value.is_string()) return std::nullopt;
  std::string_view text = value.get_ref<const std::string&>();
  if (text.starts_with('+')) text.remove_prefix(1);
  if (text.empty() || text.starts_with('+')) return std::nullopt;
  // from_chars reads "NaN", "inf" and "Infinity" in any case.
  double number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ptr != text.data() + text.size()) return std::nullopt;
  if (parsed.ec == std::errc::result_out_of_range) {  // too large, or too small to matter
    const bool tiny = text.find("e-") != text.npos || text.find("E-") != text.npos;
    number = tiny ? 0.0 : std::numeric_limits<double>::infinity();
    return text.starts_with('-') ? -number : number;
  }
  if (parsed.ec != std::errc{}) return std::nullopt;
  return number;
}

double as_stored(double value) {
  if (std::isnan(value)) return std::numeric_limits<double>::quiet_NaN();
  constexpr double largest = std::numeric_limits<double>::max();
  return std::clamp(value, -largest, largest);
}

// The code point at the start of well-formed UTF-8 and its length.
std::pair<wint_t, std::size_t> first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const std::size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (text.size() < length) return {0xfffd, text.size()};
  wint_t code = byte(0) & (0xffU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) code = (code << 6) | (byte(i) & 0x3fU);
  return {code, length};
}

bool is_letter_or_digit(wint_t code) {
  static const locale_t unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
  return unicode == nullptr ? code >= 0x80 : iswalnum_l(code, unicode) != 0;
}

bool has_key_characters_only(std::string_view key) {
  while (!key.empty()) {
    const auto [code, length] = first_character(key);
    constexpr std::string_view others = "_-.:/ ";
    const bool allowed = code < 0x80 ? std::isalnum(static_cast<int>(code)) != 0 ||
                                           others.find(static_cast<char>(code)) != others.npos
                                     : is_letter_or_digit(code);
    if (!allowed) return false;
    key.remove_prefix(length);
  }
  return true;
}

bool is_normal_path(std::string_view key) {
  if (key.starts_with("..")) return false;
  for (;;) {
    const std::size_t end = key.find('/');
    const std::string_view part = key.substr(0, end);
    if (part.empty() || part == "." || part == "..") return false;
    if (end == key.npos) return true;
    key.remove_prefix(end + 1);
  }
}

}  // namespace

FieldReader::FieldReader(const json& object) : object_(object) {
  if (!object.is_object()) refuse(invalid_parameter("A list of objects holds something else."));
}

const json* FieldReader::find(std::string_view name) const {
  if (!object_.is_object()) return nullptr;
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

void FieldReader::refuse(Refusal refusal) {
  if (!refusal_) refusal_ = std::move(refusal);
}

void FieldReader::refuse_value(std::string_view name, const json& value) {
  refuse(invalid_parameter("Invalid value " +
                           cut(value.dump(-1, ' ', false, json::error_handler_t::replace), 200) +
                           " for parameter '" + std::string(name) + "' supplied."));
}

std::optional<std::string> FieldReader::optional_text(std::string_view name) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  if (value->is_string()) return value->get_ref<const std::string&>();
  refuse_value(name, *value);
  return std::nullopt;
}

std::string FieldReader::text(std::string_view name) {
  auto value = optional_text(name);
  if (!value || value->empty()) {
    refuse(invalid_parameter("Missing value for required parameter '" + std::string(name) + "'."));
  }
  return value.value_or("");
}

std::optional<std::int64_t> FieldReader::optional_integer(std::string_view name) {
  const json* value = find(name);
  if (value == nullptr) return std::nullopt;
  const auto number = as_integer(*value);
  if (!number) refuse_value(name, *value);
  return number;
}

std::int64_t FieldReader::integer(std::string_view name) {
  const auto value = optional_integer(name);
  if (!value) {
    refuse(invalid_parameter("Missing value for required parameter '" + std::string(name) + "'."));
  }
  return value.value_or(0);
}

double FieldReader::number(std::string_view name) {
  const json* value = find(name);
  if (value == nullptr) {
    refuse(invalid_parameter("Missing value for required parameter '" + std::string(name) + "'."));
    return 0;
  }
  const auto number = as_number(*value);
  if (!number) refuse_value(name, *value);
  return as_stored(number.value_or(0));
}

const json& FieldReader::array(std::string_view name) {
  const json* value = find(name);
  if (value == nullptr) return no_elements();
  if (value->is_array()) return *value;
  refuse_value(name, *value);
  return no_elements();
}

std::vector<std::string> FieldReader::texts(std::string_view name) {
  const json* value = find(name);
  std::vector<std::string> result;
  if (value == nullptr) return result;
  if (value->is_string()) return {value->get<std::string>()};
  for (const json& element : array(name)) {
    if (element.is_string()) {
      result.push_back(element.get<std::string>());
    } else {
      refuse_value(name, element);
    }
  }
  return result;
}

bool FieldReader::boolean(std::string_view name, bool value_if_absent) {
  const json* value = find(name);
  if (value == nullptr) return value_if_absent;
  if (value->is_boolean()) return value->get<bool>();
  if (*value == "true" || *value == "false") return *value == "true";
  refuse_value(name, *value);
  return value_if_absent;
}

std::string FieldReader::run_id() {
  auto value = optional_text("run_id");
  if (!value || value->empty()) value = optional_text("run_uuid");
  if (!value || value->empty()) {
    refuse(invalid_parameter("Missing value for required parameter 'run_id'."));
  }
  return value.value_or("");
}

std::string FieldReader::key(std::string_view kind, std::string_view name) {
  std::string value = text(name);
  if (refusal_) return value;
  if (auto why = check_key(kind, value)) refuse(*std::move(why));
  return value;
}

std::optional<Refusal> check_key(std::string_view kind, std::string_view key) {
  // Nothing is put together for a good key: a batch has a thousand.
  const bool is_short =
      key.size() <= kKeyCharactersMax || character_count(key) <= kKeyCharactersMax;
  const bool is_plain = is_short && has_key_characters_only(key);
  if (is_plain && is_normal_path(key)) return std::nullopt;
  const std::string named = std::string(kind) + " name";
  const std::string quoted = "'" + cut(std::string(key), kKeyCharactersMax) + "'";
  if (!is_short) {
    return invalid_parameter(named + " " + quoted + "... exceeds the maximum length of 250");
  }
  if (!is_plain) {
    return invalid_parameter("Invalid " + named + ": " + quoted +
                             ". Names may only contain alphanumerics, underscores (_), dashes (-), "
                             "periods (.), spaces ( ), colon(:) and slashes (/).");
  }
  return invalid_parameter("Invalid " + named + ": " + quoted +
                           ". Names may be treated as files in certain cases, and must not resolve "
                           "to other names when treated as such.");
}

std::string cut(std::string text, std::size_t count_max) {
  if (text.size() <= count_max) return text;  // a character has at least one byte
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool starts = (static_cast<unsigned char>(text[i]) & 0xc0U) != 0x80U;
    if (starts && count++ == count_max) {
      text.resize(i);
      break;
    }
  }
  return text;
}

std::size_t character_count(std::string_view utf8) {
  return static_cast<std::size_t>(std::ranges::count_if(
      utf8, [](char c) { return (static_cast<unsigned char>(c) & 0xc0U) != 0x80U; }));
}

json number_json(double value) {
  return std::isnan(value) ? json("NaN") : json(value);
}

}  // namespace trawl::tracking
