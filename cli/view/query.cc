// cli/view/query.cc: a parser for one line of text, and an evaluator that goes from step to step.
#include "cli/view/query.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "cli/view/display_text.h"

namespace trawl::cli {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kStepsMax = 100;  // each projection may be a level of recursion

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<Query> parse() {
    Query query;
    skip_spaces();
    while (at_ < text_.size()) {
      if (query.size() == kStepsMax) return fault("more than 100 steps");
      auto step = parse_step(query.empty());
      if (!step) return tl::unexpected(step.error());
      query.push_back(std::move(*step));
      skip_spaces();
    }
    if (query.empty()) return fault("nothing is asked for");
    return query;
  }

 private:
  Result<QueryStep> parse_step(bool is_first) {
    const char c = text_[at_];
    if (c == '[') return parse_bracket();
    if (!is_first) {
      if (c != '.') return unexpected();
      ++at_;
      skip_spaces();
    }
    return parse_name();
  }

  Result<QueryStep> parse_name() {
    if (at_ == text_.size()) return fault("a name is missing after the dot");
    if (text_[at_] == '"') return parse_quoted();
    if (!is_letter(text_[at_])) return unexpected();
    const std::size_t begin = at_;
    while (at_ < text_.size() && (is_letter(text_[at_]) || is_digit(text_[at_]))) ++at_;
    return Field{std::string(text_.substr(begin, at_ - begin))};
  }

  // As in JMESPath, a quoted name is a JSON string.
  Result<QueryStep> parse_quoted() {
    std::size_t end = at_ + 1;
    while (end < text_.size() && text_[end] != '"') end += text_[end] == '\\' ? 2 : 1;
    if (end >= text_.size()) return fault("the quoted name has no end");
    const Json name = Json::parse(text_.substr(at_, end + 1 - at_), nullptr, false);
    if (!name.is_string()) return fault("the quoted name is not a JSON string");
    at_ = end + 1;
    return Field{name.get<std::string>()};
  }

  Result<QueryStep> parse_bracket() {
    const std::size_t opened = at_;
    ++at_;
    skip_spaces();
    QueryStep step = Flatten{};
    if (at_ < text_.size() && text_[at_] == '*') {
      ++at_;
      step = Project{};
    } else if (at_ < text_.size() && (text_[at_] == '-' || is_digit(text_[at_]))) {
      std::int64_t index = 0;
      const char* begin = text_.data() + at_;
      const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), index);
      if (error != std::errc()) return fault("the index is not an integer in range");
      at_ += static_cast<std::size_t>(end - begin);
      step = Index{index};
    }
    skip_spaces();
    if (at_ == text_.size()) {
      at_ = opened;
      return fault("'[' has no ']'");
    }
    if (text_[at_] != ']') return unexpected();
    ++at_;
    return step;
  }

  // What a person who knows JMESPath meant by the character at hand.
  tl::unexpected<Error> unexpected() const {
    switch (text_[at_]) {
      case '?':
        return fault("filters [?...] are not supported");
      case ':':
        return fault("slices [a:b] are not supported");
      case '{':
        return fault("multiselects {...} are not supported");
      case '[':  // after a dot
        return fault("multiselects [a, b] are not supported");
      case '|':
        return fault("pipes are not supported");
      case '(':
        return fault("functions are not supported");
      case '*':
        return fault("'*' over the values of an object is not supported");
      default:
        break;
    }
    const bool is_in_bracket = at_ > 0 && text_.find_last_of("[]", at_ - 1) != text_.npos &&
                               text_[text_.find_last_of("[]", at_ - 1)] == '[';
    if (is_in_bracket && (is_letter(text_[at_]) || text_[at_] == '"')) {
      return fault("multiselects [a, b] are not supported");
    }
    std::size_t size = 1;  // a whole character of UTF-8
    while (at_ + size < text_.size() && (text_[at_ + size] & 0xC0) == 0x80) ++size;
    return fault(fmt::format("'{}' is not expected here", escaped(text_.substr(at_, size))));
  }

  tl::unexpected<Error> fault(const std::string& what) const {
    return fail(ErrorCode::kInvalid,
                fmt::format("--query '{}': column {}: {}; supported are names joined by dots, "
                            "\"quoted names\", [n], [-n], [*] and []",
                            escaped(text_), at_ + 1, what));
  }

  void skip_spaces() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

using Position = Query::const_iterator;

Json element(const Json& json, std::int64_t index) {
  if (!json.is_array()) return nullptr;
  const auto count = static_cast<std::int64_t>(json.size());
  const std::int64_t from_front = index < 0 ? count + index : index;
  if (from_front < 0 || from_front >= count) return nullptr;
  return json[static_cast<std::size_t>(from_front)];
}

Json evaluate(Position step, Position end, Json json);

Json project(Position step, Position end, const Json& elements) {
  Json results = Json::array();
  for (const Json& one : elements) {
    Json result = evaluate(step, end, one);
    if (!result.is_null()) results.push_back(std::move(result));
  }
  return results;
}

// Steps without a Flatten among them.
Json evaluate(Position step, Position end, Json json) {
  for (; step != end; ++step) {
    if (std::holds_alternative<Project>(*step)) {
      return json.is_array() ? project(std::next(step), end, json) : Json(nullptr);
    }
    if (const auto* field = std::get_if<Field>(&*step)) {
      const auto found = json.find(field->name);
      Json value = found == json.end() ? Json(nullptr) : *found;
      json = std::move(value);
    } else {
      Json value = element(json, std::get<Index>(*step).index);
      json = std::move(value);
    }
  }
  return json;
}

// [1, [2, [3]]] to [1, 2, [3]]. Unlike a projection it keeps nulls, which the projection after it
// then leaves out.
Json flattened(const Json& json) {
  Json results = Json::array();
  for (const Json& one : json) {
    if (one.is_array()) {
      for (const Json& inner : one) results.push_back(inner);
    } else {
      results.push_back(one);
    }
  }
  return results;
}

}  // namespace

Result<Query> parse_query(std::string_view text) {
  return Parser(text).parse();
}

// A Flatten binds weaker than the other steps: it takes the result of all before it, and projects
// the steps up to the next one.
Json apply_query(const Query& query, const Json& json) {
  const auto is_flatten = [](const QueryStep& step) {
    return std::holds_alternative<Flatten>(step);
  };
  Position end = std::ranges::find_if(query, is_flatten);
  Json result = evaluate(query.begin(), end, json);
  while (end != query.end()) {
    if (!result.is_array()) return nullptr;
    const Position begin = std::next(end);
    end = std::find_if(begin, query.end(), is_flatten);
    result = project(begin, end, flattened(result));
  }
  return result;
}

}  // namespace trawl::cli
