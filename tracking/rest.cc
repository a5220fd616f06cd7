// tracking/rest.cc: refusals by name, and percent decoding.
#include "tracking/rest.h"

#include <nlohmann/json.hpp>

namespace trawl::tracking {
namespace {

int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

Refusal invalid_parameter(std::string message) {
  return {400, "INVALID_PARAMETER_VALUE", std::move(message)};
}

Refusal resource_missing(std::string message) {
  return {404, "RESOURCE_DOES_NOT_EXIST", std::move(message)};
}

Refusal endpoint_missing(std::string_view path) {
  return {404, "ENDPOINT_NOT_FOUND",
          "Trawl's tracking endpoint does not serve " + std::string(path)};
}

Refusal already_exists(std::string message) {
  return {400, "RESOURCE_ALREADY_EXISTS", std::move(message)};
}

Refusal permission_denied(std::string message) {
  return {403, "PERMISSION_DENIED", std::move(message)};
}

Refusal unauthenticated() {
  return {401, "UNAUTHENTICATED",
          "The request carries no valid token. Use the MLFLOW_TRACKING_TOKEN that the trial was "
          "started with."};
}

Refusal not_implemented(std::string message) {
  return {501, "NOT_IMPLEMENTED", std::move(message)};
}

Refusal temporarily_unavailable(std::string message) {
  return {503, "TEMPORARILY_UNAVAILABLE", std::move(message)};
}

Response to_response(const Refusal& refusal) {
  const nlohmann::json document = {{"error_code", refusal.error_code},
                                   {"message", refusal.message}};
  Response response;
  response.status = refusal.status;
  response.body = document.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
  if (refusal.status == 503) response.headers.emplace_back("Retry-After", "1");
  return response;
}

std::string percent_decoded(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = text[i] == '%' && i + 2 < text.size();
    const int high = escaped ? hexadecimal(text[i + 1]) : -1;
    const int low = escaped ? hexadecimal(text[i + 2]) : -1;
    if (high >= 0 && low >= 0) {
      result.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      result.push_back(text[i]);
    }
  }
  return result;
}

}  // namespace trawl::tracking
