// sweep/jobfile/load.h: a file's bytes to text that may be parsed: UTF-8, without byte-order mark,
// lines ended by LF, no control characters, within the size limit.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "sweep/jobfile/report.h"

namespace trawl::jobfile {

constexpr std::size_t kMostBytes = 4 << 20;

/// Adds the file as a source that `shown` names in diagnostics; nullopt, with an error, where it
/// cannot be read or is not text.
std::optional<std::size_t> load(Report& report, const std::string& path, const std::string& shown);

/// The same for a text that is at hand, as that of an override; the source has no lines.
std::optional<std::size_t> load_text(Report& report, Source source);

}  // namespace trawl::jobfile
