// sweep/jobfile/report.h: the texts that are read (the job file, files that it names, the values of
// `--set`), places in them, and the faults found there.
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "sweep/jobfile/read.h"

namespace trawl::jobfile {

/// One text. An override's value is a text too, but has no lines that a person could look up.
struct Source {
  std::string name;  // as the user wrote it: a path, or `--set a.b=c`
  std::string text;
  std::string folder;  // what relative paths in it are relative to
  bool has_lines = true;
};

/// A byte of a source's text.
struct Place {
  std::size_t source{};
  std::size_t offset{};
  friend bool operator==(const Place&, const Place&) = default;
};

/// Collects diagnostics. Sources stay where they are, so references to them remain good.
class Report {
 public:
  std::size_t add(Source source);
  const Source& source(std::size_t index) const { return sources_[index]; }

  void error(Place place, std::string message) { put(Severity::kError, place, std::move(message)); }
  void warn(Place place, std::string message) {
    put(Severity::kWarning, place, std::move(message));
  }
  /// Drops every later diagnostic at this very place: what it would say follows from one that has
  /// been said.
  void mute(Place place) { muted_.push_back(place); }
  bool failed() const { return failed_; }
  /// No further error will be kept, so none need be looked for.
  bool is_full() const;

  /// Everything reported, in the order of the sources and of the places in them. At most 200 errors
  /// and 200 warnings, each of at most 1000 bytes: a file with more faults is mended in steps.
  std::vector<Diagnostic> diagnostics() const;

 private:
  struct Entry {
    Severity severity{};
    Place place;
    std::string message;
  };
  void put(Severity severity, Place place, std::string message);

  std::deque<Source> sources_;
  std::vector<Entry> entries_;
  std::vector<Place> muted_;
  bool failed_ = false;
};

}  // namespace trawl::jobfile
