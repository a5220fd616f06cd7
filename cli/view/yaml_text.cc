// cli/view/yaml_text.cc: an emitter for the six types of JSON. yaml-cpp's own quotes by YAML 1.2's
// core schema, which takes `yes` and `1:30` for plain strings.
#include "cli/view/yaml_text.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "cli/view/display_text.h"

namespace trawl::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kStep = 2;  // columns a level

// YAML 1.1's words for null and booleans, in the spellings that its types accept.
bool is_word_of_another_type(std::string_view text) {
  constexpr std::array<std::string_view, 9> kWords = {"null", "true", "false", "yes", "no",
                                                      "on",   "off",  "y",     "n"};
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return std::ranges::find(kWords, lower) != kWords.end();
}

// Rather one quoted too many: whatever begins like a number or a date is quoted.
bool can_be_plain(std::string_view text) {
  if (text.empty() || is_word_of_another_type(text)) return false;
  if (text.find_first_of("0123456789+-.,?:[]{}#&*!|>'\"%@`=<~ ") == 0) return false;
  if (text.back() == ' ' || text.back() == ':') return false;
  return text.find(": ") == text.npos && text.find(" #") == text.npos;
}

std::string single_quoted(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    result += c;
    if (c == '\'') result += c;
  }
  return result + "'";
}

// JSON's string syntax is part of YAML's double-quoted one. As ASCII, all that a terminal would
// obey is escaped.
std::string double_quoted(const std::string& text) {
  return Json(text).dump(-1, ' ', true, Json::error_handler_t::replace);
}

bool is_all_printable(std::string_view text) {
  return escaped(text) == text;
}

// Lines that a literal block can hold as they are.
bool can_be_block(std::string_view text) {
  if (text.find('\n') == text.npos || text.front() == ' ' || text.front() == '\n') return false;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    if (!is_all_printable(line)) return false;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return true;
}

std::string block(std::string_view text, std::size_t indent) {
  std::string result = "|";
  const bool ends_once = text.back() == '\n' && text[text.size() - 2] != '\n';
  if (!ends_once) result += text.back() == '\n' ? "+" : "-";
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    result += "\n";
    if (end > 0) result.append(indent, ' ');
    result += text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

std::string string_text(const std::string& text, std::size_t indent) {
  if (can_be_block(text)) return block(text, indent);
  if (!is_all_printable(text)) return double_quoted(text);
  return can_be_plain(text) ? text : single_quoted(text);
}

std::string key_text(const std::string& key) {
  if (!is_all_printable(key)) return double_quoted(key);
  return can_be_plain(key) ? key : single_quoted(key);
}

// YAML 1.1 reads 1e-05 as a string: its floats have a dot.
std::string number_text(const Json& number) {
  std::string text = number.dump();
  const std::size_t exponent = text.find('e');
  if (exponent != text.npos && text.find('.') == text.npos) text.insert(exponent, ".0");
  return text;
}

void emit(const Json& json, std::size_t indent, std::string& out);

void emit_items(const Json& array, std::size_t indent, std::string& out) {
  bool is_first = true;  // stands behind the dash or the start of the document
  for (const Json& one : array) {
    if (!is_first) out.append(indent, ' ');
    out += "- ";
    emit(one, indent + kStep, out);
    is_first = false;
  }
}

void emit_members(const Json& object, std::size_t indent, std::string& out) {
  bool is_first = true;
  for (const auto& [key, value] : object.items()) {
    if (!is_first) out.append(indent, ' ');
    is_first = false;
    out += key_text(key) + ":";
    if (value.is_structured() && !value.empty()) {
      // As PyYAML does: the dashes of a list stand below its key.
      const std::size_t below = value.is_array() ? indent : indent + kStep;
      out += "\n";
      out.append(below, ' ');
      emit(value, below, out);
    } else {
      out += " ";
      emit(value, indent + kStep, out);
    }
  }
}

// Writes behind what stands on the line already, and ends the line.
void emit(const Json& json, std::size_t indent, std::string& out) {
  if (json.is_object() && !json.empty()) return emit_members(json, indent, out);
  if (json.is_array() && !json.empty()) return emit_items(json, indent, out);
  if (json.is_string()) {
    out += string_text(json.get_ref<const std::string&>(), indent);
  } else if (json.is_number_float()) {
    out += number_text(json);
  } else {
    out += json.dump();  // {}, [], null, true, 12
  }
  out += "\n";
}

}  // namespace

std::string yaml_text(const Json& json) {
  if (json.is_string()) return string_text(json.get_ref<const std::string&>(), kStep) + "\n";
  std::string out;
  emit(json, 0, out);
  return out;
}

}  // namespace trawl::cli
