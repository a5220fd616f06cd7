// cli/update.h: the arguments of `job update` as what they change.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "sweep/job_update.h"

namespace trawl::cli {

/// `set`: PATH=TEXT, `remove`: PATH, where PATH is display_name, description, tags.NAME or
/// properties.NAME. Texts stay as they are written. kInvalid names the argument and what is
/// allowed; so it does where there is nothing to change.
Result<JobUpdate> job_update(const std::vector<std::string>& set,
                             const std::vector<std::string>& remove);

}  // namespace trawl::cli
