// tracking/method.cc: from a request to a method and its fields: the table of routes, query
// strings, and JSON bodies including what Python's json module writes but JSON does not have (NaN,
// Infinity, numbers too large for a double).
#include "tracking/method.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "base/text.h"
#include "tracking/validation.h"

namespace trawl::tracking {
namespace {

constexpr int kJsonDepthMax = 64;  // clients send at most 5

// Calls `plain(text)` for what lies outside of strings and `quoted(text)` for strings with their
// quotes, in order.
template <class Plain, class Quoted>
void split_strings(std::string_view text, Plain plain, Quoted quoted) {
  while (!text.empty()) {
    const std::size_t begin = std::min(text.find('"'), text.size());
    plain(text.substr(0, begin));
    std::size_t end = begin + 1;
    while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
    end = std::min(end + 1, text.size());
    if (begin < text.size()) quoted(text.substr(begin, end - begin));
    text.remove_prefix(std::max(begin, std::min(end, text.size())));
  }
}

bool is_too_deep(std::string_view text) {
  int depth = 0;
  int depth_max = 0;
  split_strings(
      text,
      [&](std::string_view plain) {
        for (const char c : plain) {
          if (c == '{' || c == '[') depth_max = std::max(depth_max, ++depth);
          if (c == '}' || c == ']') --depth;
        }
      },
      [](std::string_view) {});
  return depth_max > kJsonDepthMax;
}

bool is_word_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '+' || c == '-' || c == '.';
}

// A bare word or number of a body that is no JSON, as JSON.
std::string mended_word(std::string_view word) {
  const bool special = word == "NaN" || word == "Infinity" || word == "-Infinity";
  if (special) return '"' + std::string(word) + '"';
  double number = 0;
  const auto parsed = std::from_chars(word.data(), word.data() + word.size(), number);
  const bool overflows = parsed.ec == std::errc::result_out_of_range &&
                         parsed.ptr == word.data() + word.size() && word.find("e-") == word.npos &&
                         word.find("E-") == word.npos;
  if (!overflows) return std::string(word);
  return word.starts_with('-') ? "\"-Infinity\"" : "\"Infinity\"";
}

std::string mended(std::string_view text) {
  std::string result;
  result.reserve(text.size() + 64);
  split_strings(
      text,
      [&](std::string_view plain) {
        for (std::size_t i = 0; i < plain.size();) {
          std::size_t end = i;
          while (end < plain.size() && is_word_character(plain[end])) ++end;
          result += end > i ? mended_word(plain.substr(i, end - i)) : std::string(1, plain[i]);
          i = std::max(end, i + 1);
        }
      },
      [&](std::string_view quoted) { result += quoted; });
  return result;
}

tl::expected<Json, Refusal> parse_body(const Request& request) {
  const std::string type = request.content_type.substr(0, request.content_type.find(';'));
  if (type != "application/json") {
    return refuse(invalid_parameter("Bad Request. Content-Type must be application/json."));
  }
  if (is_too_deep(request.body)) {
    return refuse(invalid_parameter("The request body is nested too deeply."));
  }
  Json fields = Json::parse(request.body, nullptr, false);
  if (fields.is_discarded()) fields = Json::parse(mended(request.body), nullptr, false);
  if (!fields.is_object()) {
    return refuse(invalid_parameter("The request body is not a JSON object."));
  }
  return fields;
}

// The value of a query part, with `+` for a blank as forms write it.
std::string decoded(std::string_view text) {
  std::string plain(text);
  std::ranges::replace(plain, '+', ' ');
  return percent_decoded(plain);
}

std::pair<std::string, std::string> parse_query_part(std::string_view part) {
  const std::size_t equals = std::min(part.find('='), part.size());
  return {decoded(part.substr(0, equals)), decoded(part.substr(std::min(equals + 1, part.size())))};
}

Json parse_query(std::string_view query) {
  Json fields = Json::object();
  for (const std::string_view part : split(query, '&')) {
    if (part.empty()) continue;
    auto [name, value] = parse_query_part(part);
    Json& field = fields[name];
    if (field.is_null()) {
      field = std::move(value);
    } else if (field.is_array()) {
      field.push_back(std::move(value));
    } else {
      field = Json::array({std::move(field), std::move(value)});
    }
  }
  return fields;
}

std::string route_key(std::string_view verb, std::string_view path) {
  std::string key(verb);
  key += ' ';
  key += path;
  return key;
}

struct RouteTable {
  std::unordered_map<std::string, Route> plain;
  std::vector<Route> with_fields;
};

RouteTable make_table() {
  RouteTable table;
  for (const auto routes : {run_routes(), log_routes(), experiment_routes(), model_routes(),
                            model_search_routes(), search_routes()}) {
    for (const Route& route : routes) {
      if (route.path.find('{') != route.path.npos) {
        table.with_fields.push_back(route);
      } else {
        table.plain.emplace(route_key(route.verb, route.path), route);
      }
    }
  }
  return table;
}

// Fills `fields` with the ids of the path if it matches the pattern.
bool match(std::string_view pattern, std::string_view path, Json& fields) {
  const auto expected = split(pattern, '/');
  const auto parts = split(path, '/');
  if (expected.size() != parts.size()) return false;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (expected[i].starts_with('{')) {
      fields[std::string(expected[i].substr(1, expected[i].size() - 2))] = std::string(parts[i]);
    } else if (expected[i] != parts[i]) {
      return false;
    }
  }
  return true;
}

PreparedCall find_method(const Request& request, std::string_view path) {
  static const RouteTable table = make_table();
  const auto plain = table.plain.find(route_key(request.method, path));
  if (plain != table.plain.end()) {
    return {plain->second.method, plain->second.effect, Json::object()};
  }
  for (const Route& route : table.with_fields) {
    Json fields = Json::object();
    if (route.verb == request.method && match(route.path, path, fields)) {
      return {route.method, route.effect, std::move(fields)};
    }
  }
  return {};
}

}  // namespace

tl::expected<PreparedCall, Refusal> prepare(const Request& request) {
  std::string_view path = request.path;
  for (const std::string_view tree : {"/api/2.0/mlflow/", "/ajax-api/2.0/mlflow/"}) {
    if (path.starts_with(tree)) {
      path.remove_prefix(tree.size());
      break;
    }
  }
  PreparedCall call =
      path.size() < request.path.size() ? find_method(request, path) : PreparedCall{};
  if (call.method == nullptr) return refuse(endpoint_missing(request.path));
  if (request.method == "GET") {
    Json fields = parse_query(request.query);
    fields.update(call.fields);
    call.fields = std::move(fields);
    return call;
  }
  if (request.method == "DELETE" && request.body.empty()) return call;
  auto fields = parse_body(request);
  if (!fields) return refuse(std::move(fields.error()));
  fields->update(call.fields);
  call.fields = *std::move(fields);
  return call;
}

std::optional<std::string> query_value(std::string_view query, std::string_view name) {
  for (const std::string_view part : split(query, '&')) {
    auto [key, value] = parse_query_part(part);
    if (key == name) return std::move(value);
  }
  return std::nullopt;
}

Response to_response(const Json& document) {
  Response response;
  response.body = document.dump(-1, ' ', false, Json::error_handler_t::replace);
  return response;
}

Response to_response(const Answer& answer) {
  return answer ? to_response(*answer) : to_response(answer.error());
}

}  // namespace trawl::tracking
