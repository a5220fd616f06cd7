// sweep/value.cc: values as text. Numbers are written as Python prints them, which is also valid
// JSON for every finite double (`1e-05`, `100.0`, `1e+16`). JSON is compact, as json.dumps with
// separators (',', ':') writes it, and keeps non-ASCII characters as they are.
#include "sweep/value.h"

#include <cmath>

#include "base/text.h"

namespace trawl {

bool operator==(const Value& a, const Value& b) {
  return a.data == b.data;
}

bool operator==(const NamedValue& a, const NamedValue& b) {
  return a.name == b.name && a.value == b.value;
}

namespace {

void append_json(std::string& out, const std::string& text) {
  constexpr char kHexDigits[] = "0123456789abcdef";
  out += '"';
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    switch (character) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (byte < 0x20) {
          out += "\\u00";
          out += kHexDigits[byte >> 4];
          out += kHexDigits[byte & 0xf];
        } else {
          out += character;
        }
    }
  }
  out += '"';
}

void append_json(std::string& out, std::int64_t number) {
  out += std::to_string(number);
}

// JSON has no infinity and no NaN. Samplers never draw one and job files may not hold one.
void append_json(std::string& out, double number) {
  out += std::isfinite(number) ? python_repr(number) : "null";
}

void append_json(std::string& out, const Value& value);

void append_json(std::string& out, const std::vector<NamedValue>& mapping) {
  out += '{';
  for (const NamedValue& member : mapping) {
    if (&member != &mapping.front()) out += ',';
    append_json(out, member.name);
    out += ':';
    append_json(out, member.value);
  }
  out += '}';
}

void append_json(std::string& out, const Value& value) {
  std::visit([&out](const auto& data) { append_json(out, data); }, value.data);
}

}  // namespace

std::string plain_text(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value.data)) return *text;
  if (const auto* number = std::get_if<double>(&value.data)) return python_repr(*number);
  return json_text(value);
}

std::string json_text(const Value& value) {
  std::string out;
  append_json(out, value);
  return out;
}

}  // namespace trawl
