// cli/view/output.h: an answer (JSON text) in the format a person or a program asked for.
#pragma once

#include <string>

#include "base/error.h"

namespace trawl::cli {

/// `format`: json (indented), jsonc (coloured on a terminal), yaml, table, tsv, none. `query` is a
/// JMESPath of dotted names, [n], [-n] and [] projections, applied first; empty: all. Ends with a
/// newline unless it is empty. kInvalid: an unknown format or a query that does not parse.
Result<std::string> formatted(const std::string& json, const std::string& format,
                              const std::string& query);

}  // namespace trawl::cli
