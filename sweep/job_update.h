// sweep/job_update.h: what may change about a job once it is submitted, while it runs or after its
// end: how people find it, never what it runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"

namespace trawl {

/// A name of `tags` or `properties`; no text removes it.
struct TextChange {
  std::string name;
  std::optional<std::string> text;
  friend bool operator==(const TextChange&, const TextChange&) = default;
};

/// What is absent stays as it is. Applying one twice is applying it once.
struct JobUpdate {
  std::optional<std::string> display_name;
  std::optional<std::string> description;
  std::vector<TextChange> tags;        // in order; a later one of a name wins
  std::vector<TextChange> properties;  // as tags
  std::optional<bool> archived;        // whether `job list` leaves it out
  friend bool operator==(const JobUpdate&, const JobUpdate&) = default;
};

inline constexpr std::size_t kUpdateChangesMax = 1000;        // tags and properties together
inline constexpr std::size_t kUpdateTextBytesMax = 64 << 10;  // each name and each text

/// kInvalid where it is larger than these bounds, or a name is empty.
Result<void> check(const JobUpdate& update);

/// The update as an RFC 7396 merge patch of the job's document; `{}` where only `archived` changes.
std::string merge_patch(const JobUpdate& update);

}  // namespace trawl
