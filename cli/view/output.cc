// cli/view/output.cc: parses the answer, applies the query, and leaves the layout to the format's
// file.
#include "cli/view/output.h"

#include <cstdio>

#include <nlohmann/json.hpp>

#include "base/assert.h"
#include "cli/view/json_text.h"
#include "cli/view/query.h"
#include "cli/view/table.h"
#include "cli/view/terminal.h"
#include "cli/view/yaml_text.h"

namespace trawl::cli {

Result<std::string> formatted(const std::string& json, const std::string& format,
                              const std::string& query) {
  using Json = nlohmann::ordered_json;
  Json answer = Json::parse(json, nullptr, false);
  TRAWL_ASSERT(!answer.is_discarded());
  if (!query.empty()) {
    const auto parsed = parse_query(query);
    if (!parsed) return tl::unexpected(parsed.error());
    answer = apply_query(*parsed, answer);
  }
  if (format == "json") return json_text(answer) + "\n";
  if (format == "jsonc") {
    const std::string text = json_text(answer);
    return (colours_welcome(stdout) ? coloured_json(text) : text) + "\n";
  }
  if (format == "yaml") return yaml_text(answer);
  if (format == "table") return table_text(answer);
  if (format == "tsv") return tsv_text(answer);
  if (format == "none") return std::string();
  return fail(ErrorCode::kInvalid, "unknown output format '" + format +
                                       "'; it is one of json, jsonc, yaml, table, tsv, none");
}

}  // namespace trawl::cli
