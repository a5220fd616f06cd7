// tracking/foreign_request.cc: see foreign_request.h. Where the server matches patterns such as
// "10.*", which a name like 10.example.org meets too, the whole address is read here.
#include "tracking/foreign_request.h"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <string_view>

namespace trawl::tracking {
namespace {

Response forbidden(std::string_view text) {
  Response response;
  response.status = 403;
  response.content_type = "text/plain";
  response.body = text;
  return response;
}

// "node17:5000" and "[::1]:80" without the port.
std::string_view without_port(std::string_view host) {
  const std::size_t colon = host.rfind(':');
  const bool is_bare_v6 = host.ends_with(']') || host.find(':') != colon;
  const bool has_port = colon != host.npos && (!is_bare_v6 || host.find("]:") + 1 == colon);
  return has_port ? host.substr(0, colon) : host;
}

bool is_private_v4(const std::array<unsigned char, 4>& bytes) {
  return bytes[0] == 127 || bytes[0] == 10 || (bytes[0] == 192 && bytes[1] == 168) ||
         (bytes[0] == 172 && bytes[1] >= 16 && bytes[1] < 32) ||
         std::ranges::all_of(bytes, [](unsigned char byte) { return byte == 0; });
}

bool is_private_v6(const std::array<unsigned char, 16>& bytes) {
  const bool is_loopback = bytes[15] == 1 && std::all_of(bytes.begin(), bytes.end() - 1,
                                                         [](unsigned char b) { return b == 0; });
  return is_loopback || (bytes[0] & 0xfeU) == 0xfc;
}

bool is_local(std::string_view host) {
  if (host == "localhost") return true;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  const std::string text(host);
  std::array<unsigned char, 4> v4{};
  if (inet_pton(AF_INET, text.c_str(), v4.data()) == 1) return is_private_v4(v4);
  std::array<unsigned char, 16> v6{};
  return inet_pton(AF_INET6, text.c_str(), v6.data()) == 1 && is_private_v6(v6);
}

bool is_allowed(std::string_view host, std::span<const std::string> allowed_hosts) {
  const std::string_view name = without_port(host);
  return is_local(name) || std::ranges::any_of(allowed_hosts, [&](const std::string& allowed) {
           return allowed == "*" || allowed == host || allowed == name;
         });
}

bool changes_something(std::string_view method) {
  return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "127.0.0.1" || host == "[::1]";
}

// A page that this very server sent, or one on this machine.
bool is_same_site(std::string_view origin, std::string_view host) {
  const std::size_t scheme_end = origin.find("://");
  if (scheme_end == origin.npos) return false;
  origin.remove_prefix(scheme_end + 3);
  return origin == host || is_loopback(without_port(origin));
}

}  // namespace

std::optional<Response> refuse_foreign(const Provenance& request,
                                       std::span<const std::string> allowed_hosts) {
  if (request.path == "/health" || request.path == "/version") return std::nullopt;
  if (!is_allowed(request.host, allowed_hosts)) {
    return forbidden("Invalid Host header - possible DNS rebinding attack detected");
  }
  const bool has_origin = !request.origin.empty() && changes_something(request.method);
  if (has_origin && !is_same_site(request.origin, request.host)) {
    return forbidden("Cross-origin request blocked");
  }
  return std::nullopt;
}

}  // namespace trawl::tracking
