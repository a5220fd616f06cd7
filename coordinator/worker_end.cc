#include "coordinator/worker_end.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "base/text.h"

namespace trawl::coordinator {
namespace {

std::int64_t size_of(const std::string& path) {
  std::error_code error;
  const std::uintmax_t size = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<std::int64_t>(size);
}

// What the worker appended, or the end of that.
std::string own_part(const WorkerEnd& end) {
  constexpr std::int64_t kBytesMax = 4096;
  std::ifstream in(end.log_path, std::ios::binary);
  const std::int64_t size = size_of(end.log_path);
  const std::int64_t begin = std::max(std::min(end.log_begin, size), size - kBytesMax);
  std::string text(static_cast<std::size_t>(size - begin), '\0');
  in.seekg(begin);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
  return text;
}

// "2025-07-01T12:00:00.000", which begins the lines of our logs.
bool is_time(std::string_view word) {
  constexpr std::string_view kForm = "dddd-dd-ddTdd:dd:dd.ddd";
  return std::ranges::equal(word, kForm, [](char c, char form) {
    return form == 'd' ? c >= '0' && c <= '9' : c == form;
  });
}

}  // namespace

std::string to_text(const WorkerEnd& end) {
  constexpr int kSignalBase = 128;
  const bool by_signal = end.code > kSignalBase;
  const std::string how = fmt::format("{} {}", by_signal ? "signal" : "exit code",
                                      by_signal ? end.code - kSignalBase : end.code);
  const std::string words = last_words(own_part(end));
  return fmt::format("{}{}({}, {})", words, words.empty() ? "" : " ", how, end.log_path);
}

std::string last_words(std::string_view log) {
  constexpr std::string_view kReported = "trawl: error: ";
  std::string_view last;
  for (const std::string_view line : split(log, '\n')) {
    if (line.find_first_not_of(" \t\r") != std::string_view::npos) last = line;
  }
  if (last.starts_with(kReported)) return std::string(last.substr(kReported.size()));
  const std::size_t level_begin = last.find(' ');
  if (!is_time(last.substr(0, level_begin))) return std::string(last);
  const std::string_view rest = last.substr(std::min(level_begin + 1, last.size()));
  for (const std::string_view level : {"error ", "critical "}) {
    if (rest.starts_with(level)) return std::string(rest.substr(level.size()));
  }
  return "";
}

}  // namespace trawl::coordinator
