// cli/view/json_text.cc: works on the text that nlohmann's dump gives.
#include "cli/view/json_text.h"

#include <string_view>

#include <fmt/format.h>

namespace trawl::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kName = "\x1b[34m";
constexpr const char* kString = "\x1b[32m";
constexpr const char* kNumber = "\x1b[36m";
constexpr const char* kWord = "\x1b[33m";  // true, false, null
constexpr const char* kReset = "\x1b[0m";

// One past the closing quote of the string at `begin`.
std::size_t end_of_string(const std::string& text, std::size_t begin) {
  std::size_t end = begin + 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return std::min(end + 1, text.size());
}

}  // namespace

std::string json_text(const Json& json) {
  const std::string dumped = json.dump(2, ' ', false, Json::error_handler_t::replace);
  std::string text;
  text.reserve(dumped.size());
  for (std::size_t i = 0; i < dumped.size(); ++i) {
    const auto byte = static_cast<unsigned char>(dumped[i]);
    const auto next = static_cast<unsigned char>(i + 1 < dumped.size() ? dumped[i + 1] : 0);
    if (byte == 0x7F) {
      text += "\\u007f";
    } else if (byte == 0xC2 && next >= 0x80 && next <= 0x9F) {  // U+0080 to U+009F in UTF-8
      text += fmt::format("\\u{:04x}", next);
      ++i;
    } else {
      text += dumped[i];
    }
  }
  return text;
}

std::string coloured_json(const std::string& text) {
  constexpr std::string_view kStructure = " \n[]{},:";
  std::string result;
  std::size_t at = 0;
  while (at < text.size()) {
    if (kStructure.find(text[at]) != kStructure.npos) {
      result += text[at++];
      continue;
    }
    const bool is_string = text[at] == '"';
    const std::size_t end = is_string ? end_of_string(text, at)
                                      : std::min(text.find_first_of(kStructure, at), text.size());
    const bool is_name = is_string && end < text.size() && text[end] == ':';
    const bool is_word = text[at] == 't' || text[at] == 'f' || text[at] == 'n';
    result += is_name ? kName : is_string ? kString : is_word ? kWord : kNumber;
    result += text.substr(at, end - at);
    result += kReset;
    at = end;
  }
  return result;
}

}  // namespace trawl::cli
