// Line ends become LF here, as YAML has it anyway, so that columns and places count the same
// whatever the file was written with.
#include "sweep/jobfile/load.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/text.h"

namespace trawl::jobfile {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

void normalise_line_ends(std::string& text) {
  std::size_t to = 0;
  for (std::size_t from = 0; from < text.size(); ++from) {
    const bool is_cr = text[from] == '\r';
    if (is_cr && from + 1 < text.size() && text[from + 1] == '\n') ++from;
    text[to++] = is_cr ? '\n' : text[from];
  }
  text.resize(to);
}

// The first byte that is part of no UTF-8 character. Only for text that is not UTF-8.
std::size_t first_bad_byte(std::string_view text) {
  std::size_t line = 0;
  while (true) {
    const std::size_t end = std::min(text.find('\n', line), text.size());
    if (!is_utf8(text.substr(line, end - line))) break;
    line = end + 1;
  }
  std::size_t good = line;
  constexpr std::size_t kLongestCharacter = 4;
  while (good < text.size()) {
    std::size_t size = 1;
    while (size <= kLongestCharacter && !is_utf8(text.substr(good, size))) ++size;
    if (size > kLongestCharacter) break;
    good += size;
  }
  return good;
}

// What YAML allows in a stream: tab, line feed, and no other control character.
std::size_t first_control_character(std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte < 0x20 && byte != '\t' && byte != '\n') || byte == 0x7F) return i;
  }
  return std::string_view::npos;
}

std::optional<std::size_t> check_text(Report& report, std::size_t index) {
  const std::string_view text = report.source(index).text;
  if (!is_utf8(text)) {
    const std::size_t at = first_bad_byte(text);
    report.error({index, at}, fmt::format("byte 0x{:02X} is not UTF-8: save the file as UTF-8",
                                          static_cast<unsigned char>(text[at])));
    return std::nullopt;
  }
  if (const std::size_t at = first_control_character(text); at != std::string_view::npos) {
    report.error({index, at}, fmt::format("the control character 0x{:02X} is not allowed in YAML",
                                          static_cast<unsigned char>(text[at])));
    return std::nullopt;
  }
  return index;
}

std::optional<std::size_t> fail_to_load(Report& report, const std::string& shown,
                                        std::string message) {
  const std::size_t index = report.add({shown, "", "", false});
  report.error({index, 0}, std::move(message));
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> load(Report& report, const std::string& path, const std::string& shown) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    return fail_to_load(report, shown, "this is a folder, not a YAML file");
  }
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return fail_to_load(report, shown, fmt::format("cannot read: {}", std::strerror(errno)));
  std::string text(kMostBytes + 1, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.size() > kMostBytes) {
    return fail_to_load(report, shown, fmt::format("larger than {} MiB", kMostBytes >> 20));
  }
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  normalise_line_ends(text);
  const std::filesystem::path absolute = std::filesystem::absolute(path, error);
  const std::string folder = absolute.lexically_normal().parent_path().string();
  return check_text(report, report.add({shown, std::move(text), folder, true}));
}

std::optional<std::size_t> load_text(Report& report, Source source) {
  if (source.text.size() > kMostBytes) {
    return fail_to_load(report, source.name, fmt::format("larger than {} MiB", kMostBytes >> 20));
  }
  return check_text(report, report.add(std::move(source)));
}

}  // namespace trawl::jobfile
