// cli/output.cc: dispatches on the format. JSON is laid out here; queries, text tables and YAML have
// files of their own.
#include "cli/output.h"

#include <nlohmann/json.hpp>

namespace trawl::cli {

Result<std::string> formatted(const std::string& json, const std::string& format,
                              const std::string& query) {
  if (!query.empty()) return fail(ErrorCode::kInvalid, "--query is not ready yet");
  const auto answer = nlohmann::ordered_json::parse(json, nullptr, false);
  if (format == "none") return std::string();
  return answer.dump(2) + "\n";
}

}  // namespace trawl::cli
