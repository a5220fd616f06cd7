#include "core/telling_line.h"

namespace trawl::core {
namespace {

constexpr std::string_view kTracebackHead = "Traceback (most recent call last):";
constexpr std::string_view kFrame = "  File \"";  // where the tail begins inside a traceback

// What mlflow.end_run() prints, also at the exit of a program that failed.
constexpr std::string_view kRunLink = "\U0001F3C3 View run ";
constexpr std::string_view kExperimentLink = "\U0001F9EA View experiment at: ";

std::string_view trimmed_right(std::string_view line) {
  const std::size_t last = line.find_last_not_of(" \t\r");
  return line.substr(0, last == std::string_view::npos ? 0 : last + 1);
}

bool is_mlflow_link(std::string_view line) {
  return line.starts_with(kRunLink) || line.starts_with(kExperimentLink);
}

}  // namespace

std::string telling_line(std::string_view tail) {
  std::string_view last;
  std::string_view exception;
  bool in_traceback = false;
  while (!tail.empty()) {
    const std::size_t end = tail.find('\n');
    const std::string_view line = trimmed_right(tail.substr(0, end));
    tail.remove_prefix(end == std::string_view::npos ? tail.size() : end + 1);
    if (line.empty() || is_mlflow_link(line)) continue;
    last = line;
    if (line.starts_with(kTracebackHead) || line.starts_with(kFrame)) {
      in_traceback = true;
    } else if (in_traceback && line.front() != ' ' && line.front() != '\t') {
      exception = line;
      in_traceback = false;
    }
  }
  return std::string(exception.empty() ? last : exception);
}

}  // namespace trawl::core
