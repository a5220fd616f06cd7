// cli/view/yaml_text.h: JSON as block-style YAML, laid out as PyYAML (and so `az -o yaml`) does it.
// A string that a YAML 1.1 reader would take for something else (yes, 0123, 1:30, 2026-01-01, ~) is
// quoted, so that what is read back is what was written.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace trawl::cli {

/// Ends with a newline.
std::string yaml_text(const nlohmann::ordered_json& json);

}  // namespace trawl::cli
