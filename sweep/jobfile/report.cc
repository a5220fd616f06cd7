// Lines and columns are counted here, once for each diagnostic, and nowhere else: a file on a
// single line would make counting them for every node quadratic.
#include "sweep/jobfile/report.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include <fmt/format.h>

namespace trawl::jobfile {
namespace {

constexpr std::size_t kMostOfASeverity = 200;
constexpr std::size_t kLongestMessage = 1000;  // a key may be a megabyte long

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

}  // namespace

std::string to_string(const Diagnostic& diagnostic) {
  const char* severity = diagnostic.severity == Severity::kError ? "error" : "warning";
  if (diagnostic.line == 0) {
    return fmt::format("{}: {}: {}", diagnostic.file, severity, diagnostic.message);
  }
  return fmt::format("{}:{}:{}: {}: {}", diagnostic.file, diagnostic.line, diagnostic.column,
                     severity, diagnostic.message);
}

std::size_t Report::add(Source source) {
  sources_.push_back(std::move(source));
  return sources_.size() - 1;
}

std::vector<Diagnostic> Report::diagnostics() const {
  std::vector<Entry> sorted = entries_;
  std::ranges::stable_sort(sorted, [](const Entry& a, const Entry& b) {
    return std::tie(a.place.source, a.place.offset) < std::tie(b.place.source, b.place.offset);
  });
  std::vector<Diagnostic> result;
  for (const Entry& entry : sorted) {
    const Source& from = sources_[entry.place.source];
    Diagnostic diagnostic{entry.severity, from.name, 0, 0, entry.message};
    if (from.has_lines) {
      const std::string_view before = std::string_view(from.text).substr(0, entry.place.offset);
      const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
      const std::string_view line = before.substr(line_start);
      diagnostic.line = static_cast<int>(std::ranges::count(before, '\n')) + 1;
      diagnostic.column =
          static_cast<int>(line.size() - static_cast<std::size_t>(
                                             std::ranges::count_if(line, continues_character))) +
          1;
    }
    result.push_back(std::move(diagnostic));
  }
  return result;
}

bool Report::is_full() const {
  return static_cast<std::size_t>(
             std::ranges::count(entries_, Severity::kError, &Entry::severity)) >= kMostOfASeverity;
}

void Report::put(Severity severity, Place place, std::string message) {
  if (severity == Severity::kError) failed_ = true;
  if (message.size() > kLongestMessage) {
    std::size_t end = kLongestMessage;
    while (continues_character(message[end])) --end;
    message.resize(end);
    message += "...";
  }
  // A node that is used twice through an alias would say everything twice.
  const bool known = std::ranges::any_of(entries_, [&](const Entry& entry) {
    return entry.severity == severity && entry.place == place && entry.message == message;
  });
  const bool is_muted = std::ranges::find(muted_, place) != muted_.end();
  const auto of_severity = std::ranges::count(entries_, severity, &Entry::severity);
  if (known || is_muted || static_cast<std::size_t>(of_severity) >= kMostOfASeverity) return;
  entries_.push_back({severity, place, std::move(message)});
}

}  // namespace trawl::jobfile
