// tracking/rest.h: what travels between the HTTP server and a session, as values.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trawl::tracking {

/// A request behind its session's prefix.
struct Request {
  std::string method;        // "GET", "POST", ...; HEAD arrives as GET
  std::string path;          // percent-decoded once: "/api/2.0/mlflow/runs/get"
  std::string query;         // still encoded, without the question mark
  std::string content_type;  // of the body, as sent
  std::string body;
};

/// What goes back. With `file` set, the bytes of that file are the body.
struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::optional<std::string> file;                           // absolute path
  std::vector<std::pair<std::string, std::string>> headers;  // beyond type and length
};

/// A request that is not granted. The stock client branches on `error_code`; it repeats the request
/// after 429 and 5xx, so a deterministic refusal is never one of those.
struct Refusal {
  int status{};
  std::string error_code;
  std::string message;
};

Refusal invalid_parameter(std::string message);        // 400 INVALID_PARAMETER_VALUE
Refusal resource_missing(std::string message);         // 404 RESOURCE_DOES_NOT_EXIST
Refusal endpoint_missing(std::string_view path);       // 404 ENDPOINT_NOT_FOUND
Refusal already_exists(std::string message);           // 400 RESOURCE_ALREADY_EXISTS
Refusal unauthenticated();                             // 401 UNAUTHENTICATED
Refusal permission_denied(std::string message);        // 403 PERMISSION_DENIED
Refusal not_implemented(std::string message);          // 501 NOT_IMPLEMENTED
Refusal temporarily_unavailable(std::string message);  // 503 TEMPORARILY_UNAVAILABLE

/// `{"error_code":...,"message":...}` with the refusal's status.
Response to_response(const Refusal& refusal);

/// `%41` becomes `A`, once; a percent sign that no two hexadecimal digits follow stays.
std::string percent_decoded(std::string_view text);

}  // namespace trawl::tracking
