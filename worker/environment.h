// worker/environment.h: the variables that a trial's command starts with. Those of the shell that
// submitted the job are kept in a file of the user's alone (they may hold secrets), beside the copy
// of the job's code: NAME=text and a NUL for each, as in /proc/PID/environ.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "sweep/job.h"

namespace trawl::worker {

/// Of all variables together, names and texts.
inline constexpr std::size_t kEnvironmentBytesMax = std::size_t{1} << 20;

/// Makes the file (0600), which must not exist. kInvalid: they are more than kEnvironmentBytesMax.
Result<void> write_environment(const std::string& path, const std::vector<NamedText>& variables);

/// What the file holds; for an empty path this process's own variables. kSystem or kInvalid names
/// the file and what is wrong with it.
Result<std::vector<NamedText>> read_environment(const std::string& path);

/// `base` without `unset`, then `added`; of one name the last counts. Ordered by name.
std::vector<NamedText> merged(const std::vector<NamedText>& base,
                              const std::vector<std::string>& unset,
                              const std::vector<NamedText>& added);

/// The text of a variable, or "".
std::string text_of(const std::vector<NamedText>& variables, const std::string& name);

/// `NAME=text` texts, as `environ` has them, apart; what has no `=` past its first byte is left
/// out.
std::vector<NamedText> variables_of(const char* const* environment);

}  // namespace trawl::worker
