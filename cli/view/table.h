// cli/view/table.h: answers as text tables, in the manner of `az -o table`: capitalized heads, a
// rule of dashes, two spaces between columns. Jobs and the trials of a sweep get columns of their
// own choice; other lists get their scalar keys, one object a row for each key.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace trawl::cli {

/// Empty for null and for an empty list; else it ends with a newline.
std::string table_text(const nlohmann::ordered_json& json);

/// One line an element: its values with tabs between. Null alone is empty.
std::string tsv_text(const nlohmann::ordered_json& json);

}  // namespace trawl::cli
