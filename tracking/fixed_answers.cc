// tracking/fixed_answers.cc: see fixed_answers.h.
#include "tracking/fixed_answers.h"

#include <nlohmann/json.hpp>

#include "tracking/method.h"

namespace trawl::tracking {
namespace {

constexpr std::string_view kServerVersion = "3.18.0";  // of the contract that is served

Response text_response(std::string_view text, std::string content_type) {
  Response response;
  response.content_type = std::move(content_type);
  response.body = text;
  return response;
}

}  // namespace

// Anything not listed is what an old server lacks.
std::optional<Response> fixed_answer(const Request& request) {
  if (request.method != "GET") return std::nullopt;
  const std::string& path = request.path;
  if (path == "/health") return text_response("OK", "text/plain");
  if (path == "/version") return text_response(kServerVersion, "text/plain");
  if (path == "/api/3.0/mlflow/server-info" || path == "/ajax-api/3.0/mlflow/server-info") {
    return to_response(Json{{"store_type", "SqlStore"},
                            {"workspaces_enabled", false},
                            {"trace_archival_enabled", false},
                            {"multipart_uploads_enabled", false},
                            {"multipart_downloads_enabled", false},
                            {"artifact_serving_enabled", true}});
  }
  if (path.empty() || path == "/") {
    return text_response(
        "<!doctype html><title>Trawl</title><p>This is where trials log to. Their runs are shown "
        "by <code>trawl job show</code>.\n",
        "text/html; charset=utf-8");
  }
  return std::nullopt;
}

}  // namespace trawl::tracking
