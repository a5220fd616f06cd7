// cli/view/json_text.h: JSON for people: indented, and coloured if wanted.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace trawl::cli {

/// Indented by two spaces, without a newline at the end. DEL and the C1 controls, which JSON may
/// hold bare but terminals obey, are escaped.
std::string json_text(const nlohmann::ordered_json& json);

/// `text` (of json_text) with names, strings, numbers and words coloured.
std::string coloured_json(const std::string& text);

}  // namespace trawl::cli
