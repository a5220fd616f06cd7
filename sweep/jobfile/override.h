// sweep/jobfile/override.h: `--set a.b.c=value` applied to the tree before it is checked.
#pragma once

#include <string>

#include "sweep/jobfile/fields.h"

namespace trawl::jobfile {

/// Sets one value. The value's text is a source of its own whose name is the option, so that every
/// later complaint about it names the option; relative paths in it are relative to `folder`.
void apply_override(Context& context, Node& root, const Override& override,
                    const std::string& folder);

}  // namespace trawl::jobfile
