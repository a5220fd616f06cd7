// tracking/filter.cc: a scanner and a recursive-descent parser over it. Each of them looks at a
// byte at most a few times, and neither nests, so the time is linear in the text.
#include "tracking/filter.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <limits>
#include <optional>

#include "tracking/validation.h"

namespace trawl::tracking {
namespace {

using Parsed = tl::expected<Comparison, Refusal>;

constexpr std::array<Attribute, 12> kRunAttributes = {{
    {"run_id", "run_id", ValueType::kListed},
    {"run_name", "run_name"},
    {"run name", "run_name", ValueType::kText, false},
    {"Run name", "run_name", ValueType::kText, false},
    {"Run Name", "run_name", ValueType::kText, false},
    {"status", "status"},
    {"user_id", "user_id"},
    {"artifact_uri", "artifact_uri"},
    {"start_time", "start_time", ValueType::kNumber},
    {"created", "start_time", ValueType::kNumber},
    {"Created", "start_time", ValueType::kNumber},
    {"end_time", "end_time", ValueType::kNumber},
}};
constexpr std::array<Prefix, 14> kRunPrefixes = {{
    {"metric", KeyKind::kMetric},
    {"metrics", KeyKind::kMetric},
    {"parameter", KeyKind::kParam},
    {"parameters", KeyKind::kParam},
    {"param", KeyKind::kParam},
    {"params", KeyKind::kParam},
    {"tag", KeyKind::kTag},
    {"tags", KeyKind::kTag},
    {"attribute", KeyKind::kAttribute},
    {"attributes", KeyKind::kAttribute},
    {"attr", KeyKind::kAttribute},
    {"run", KeyKind::kAttribute},
    {"dataset", KeyKind::kDataset},
    {"datasets", KeyKind::kDataset},
}};
constexpr std::array<std::string_view, 3> kDatasetKeys = {"name", "digest", "context"};

constexpr std::array<Attribute, 4> kExperimentAttributes = {{
    {"name", "name"},
    {"experiment_id", "experiment_id", ValueType::kId},
    {"creation_time", "creation_time", ValueType::kNumber},
    {"last_update_time", "last_update_time", ValueType::kNumber},
}};
constexpr std::array<Prefix, 3> kExperimentPrefixes = {{
    {"attribute", KeyKind::kAttribute},
    {"tag", KeyKind::kTag},
    {"tags", KeyKind::kTag},
}};

constexpr std::array<Attribute, 12> kModelAttributes = {{
    {"name", "name", ValueType::kListed},
    {"model_id", "model_id", ValueType::kListed},
    {"model_type", "model_type", ValueType::kListed},
    {"status", "status", ValueType::kListed},
    {"source_run_id", "source_run_id", ValueType::kListed},
    {"experiment_id", "experiment_id", ValueType::kListed},
    {"creation_timestamp", "creation_timestamp_ms", ValueType::kNumber},
    {"creation_timestamp_ms", "creation_timestamp_ms", ValueType::kNumber},
    {"creation_time", "creation_timestamp_ms", ValueType::kNumber},
    {"last_updated_timestamp", "last_updated_timestamp_ms", ValueType::kNumber},
    {"last_updated_timestamp_ms", "last_updated_timestamp_ms", ValueType::kNumber},
    {"last_updated_time", "last_updated_timestamp_ms", ValueType::kNumber},
}};
constexpr std::array<Prefix, 4> kModelPrefixes = {{
    {"metrics", KeyKind::kMetric},
    {"params", KeyKind::kParam},
    {"tags", KeyKind::kTag},
    {"attributes", KeyKind::kAttribute},
}};

tl::unexpected<Refusal> refuse_text(const std::string& why) {
  return tl::unexpected<Refusal>(invalid_parameter(why));
}

bool is_space(char c) {
  return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v';
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

// Letters of any alphabet are bytes above 0x7f.
bool starts_word(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x80 || c == '_' || std::isalpha(byte) != 0;
}

bool continues_word(char c) {
  return starts_word(c) || is_digit(c);
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_quoted(std::string_view text, char quote) {
  return text.size() >= 2 && text.front() == quote && text.back() == quote;
}

/// Takes words of the language off the front of a text.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}

  bool skip_space() {
    const std::size_t size = rest_.size();
    while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
    return rest_.size() < size;
  }

  bool is_at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  bool take(std::string_view symbol) {
    if (!rest_.starts_with(symbol)) return false;
    rest_.remove_prefix(symbol.size());
    return true;
  }

  /// A keyword in any case, which must end where a word does.
  bool take_keyword(std::string_view keyword) {
    if (!equals_ignoring_case(rest_.substr(0, keyword.size()), keyword)) return false;
    if (rest_.size() > keyword.size() && continues_word(rest_[keyword.size()])) return false;
    rest_.remove_prefix(keyword.size());
    return true;
  }

  /// Words and quoted parts with dots between and nothing else, as written; empty if there is none.
  std::string_view take_identifier() {
    const std::string_view begin = rest_;
    while (take_part()) {
      if (rest_.empty() || rest_.front() != '.') {
        return begin.substr(0, begin.size() - rest_.size());
      }
      rest_.remove_prefix(1);
    }
    rest_ = begin;
    return {};
  }

  /// The text between quotes, untouched.
  std::optional<std::string_view> take_text() {
    if (rest_.empty() || (rest_.front() != '\'' && rest_.front() != '"')) return std::nullopt;
    const auto quoted = take_quoted(rest_.front());
    if (!quoted) return std::nullopt;
    return quoted->substr(1, quoted->size() - 2);
  }

  std::optional<double> take_number() {
    const std::size_t sign = rest_.starts_with('-') ? 1 : 0;
    std::size_t end = sign;
    const auto skip_digits = [&] {
      const std::size_t begin = end;
      while (end < rest_.size() && is_digit(rest_[end])) ++end;
      return end - begin;
    };
    std::size_t digit_count = skip_digits();
    if (end < rest_.size() && rest_[end] == '.') {
      ++end;
      digit_count += skip_digits();
    }
    if (digit_count == 0) return std::nullopt;
    if (end < rest_.size() && lower(rest_[end]) == 'e') {
      ++end;
      if (end < rest_.size() && rest_[end] == '-') ++end;
      if (skip_digits() == 0) return std::nullopt;
    }
    if (end < rest_.size() && (continues_word(rest_[end]) || rest_[end] == '.')) {
      return std::nullopt;
    }
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end);
    return to_number(text);
  }

 private:
  static double to_number(std::string_view text) {
    double value = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
    if (parsed.ec != std::errc::result_out_of_range) return value;
    const bool is_tiny = text.find("e-") != text.npos || text.find("E-") != text.npos;
    value = is_tiny ? 0 : std::numeric_limits<double>::infinity();
    return text.front() == '-' ? -value : value;
  }

  bool take_part() {
    if (rest_.empty()) return false;
    const char first = rest_.front();
    if (first == '`' || first == '"' || first == '\'') return take_quoted(first).has_value();
    if (!starts_word(first)) return false;
    const auto end = std::ranges::find_if_not(rest_, continues_word);
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.begin()));
    return true;
  }

  // With its quotes. A doubled quote and one behind a backslash belong to the text, as long as
  // another quote follows that can end it.
  std::optional<std::string_view> take_quoted(char quote) {
    std::size_t end = rest_.npos;
    for (std::size_t i = 1; i < rest_.size(); ++i) {
      const bool is_escape = quote != '`' && rest_[i] == '\\';
      if (is_escape && i + 1 < rest_.size() && rest_[i + 1] == quote) {
        end = ++i;
      } else if (rest_[i] == quote) {
        end = i;
        if (i + 1 == rest_.size() || rest_[i + 1] != quote) break;
        ++i;
      }
    }
    if (end == rest_.npos) return std::nullopt;
    const std::string_view quoted = rest_.substr(0, end + 1);
    rest_.remove_prefix(end + 1);
    return quoted;
  }

  std::string_view rest_;
};

std::string_view unquoted(std::string_view text) {
  for (const char quote : {'\'', '"', '`'}) {
    if (is_quoted(text, quote)) return text.substr(1, text.size() - 2);
  }
  return text;
}

struct ResolvedKey {
  SearchKey key;
  ValueType type = ValueType::kText;
  bool can_order = true;
};

tl::expected<ResolvedKey, Refusal> resolve(std::string_view identifier,
                                           const SearchLanguage& language) {
  const std::size_t dot = identifier.find('.');
  KeyKind kind = KeyKind::kAttribute;
  std::string_view name = identifier;
  if (dot != identifier.npos) {
    std::string_view spelling = identifier.substr(0, dot);
    if (is_quoted(spelling, '`')) spelling = spelling.substr(1, spelling.size() - 2);
    const auto prefix = std::ranges::find(language.prefixes, spelling, &Prefix::spelling);
    if (prefix == language.prefixes.end()) {
      return refuse_text("Invalid entity type '" + cut(std::string(spelling), 100) + "'.");
    }
    kind = prefix->kind;
    name = identifier.substr(dot + 1);
  }
  name = unquoted(name);
  if (kind == KeyKind::kAttribute) {
    const auto found = std::ranges::find(language.attributes, name, &Attribute::spelling);
    if (found == language.attributes.end()) {
      return refuse_text("Invalid attribute key '" + cut(std::string(name), 100) + "' specified.");
    }
    return ResolvedKey{{kind, std::string(found->name)}, found->type, found->can_order};
  }
  if (kind == KeyKind::kDataset) {
    if (std::ranges::find(kDatasetKeys, name) == kDatasetKeys.end()) {
      return refuse_text("Invalid dataset key '" + cut(std::string(name), 100) +
                         "' specified. Valid keys are name, digest and context.");
    }
    return ResolvedKey{{kind, std::string(name)}, ValueType::kListed, false};
  }
  const ValueType type = kind == KeyKind::kMetric ? ValueType::kNumber : ValueType::kText;
  return ResolvedKey{{kind, std::string(name)}, type, !language.orders_by_attributes_only};
}

bool fits(Comparator comparator, const ResolvedKey& key) {
  switch (comparator) {
    case Comparator::kEqual:
    case Comparator::kNotEqual:
      return true;
    case Comparator::kLess:
    case Comparator::kLessOrEqual:
    case Comparator::kGreater:
    case Comparator::kGreaterOrEqual:
      return key.type == ValueType::kNumber;
    case Comparator::kLike:
    case Comparator::kILike:
      return key.type == ValueType::kText || key.type == ValueType::kListed;
    case Comparator::kIn:
    case Comparator::kNotIn:
      return key.type == ValueType::kListed || key.type == ValueType::kId;
    case Comparator::kIsNull:
    case Comparator::kIsNotNull:
      return key.key.kind == KeyKind::kParam || key.key.kind == KeyKind::kTag;
  }
  return false;
}

class FilterParser {
 public:
  FilterParser(std::string_view text, const SearchLanguage& language)
      : text_(text), scanner_(text), language_(language) {}

  tl::expected<Filter, Refusal> parse() {
    Filter filter;
    for (scanner_.skip_space(); !scanner_.is_at_end(); scanner_.skip_space()) {
      if (!filter.empty()) {
        if (!scanner_.take_keyword("AND")) return invalid();
        scanner_.skip_space();
        if (scanner_.is_at_end()) break;  // a trailing AND is tolerated
      }
      if (filter.size() == kComparisonCountMax) {
        return refuse_text("The filter has more than " + std::to_string(kComparisonCountMax) +
                           " comparisons.");
      }
      auto comparison = parse_comparison();
      if (!comparison) return tl::unexpected<Refusal>(std::move(comparison.error()));
      filter.push_back(*std::move(comparison));
    }
    if (filter.empty()) return invalid();  // blanks alone
    return filter;
  }

 private:
  tl::unexpected<Refusal> invalid() const {
    return refuse_text("Invalid clause(s) in filter string: '" +
                       cut(std::string(scanner_.rest().empty() ? text_ : scanner_.rest()), 200) +
                       "'");
  }

  Parsed parse_comparison() {
    auto key = resolve_key();
    if (!key) return tl::unexpected<Refusal>(std::move(key.error()));
    scanner_.skip_space();
    const auto comparator = parse_comparator();
    if (!comparator) return invalid();
    if (!fits(*comparator, *key)) {
      return refuse_text("Invalid comparator for '" + cut(key->key.name, 100) + "' in '" +
                         cut(std::string(text_), 200) + "'.");
    }
    scanner_.skip_space();
    Comparison comparison{std::move(key->key), *comparator, {}};
    if (key->type == ValueType::kNumber) {
      const auto number = scanner_.take_number();
      if (!number) return expected("a number");
      comparison.operand = *number;
      return comparison;
    }
    auto texts = parse_texts(*comparator);
    if (!texts) return tl::unexpected<Refusal>(std::move(texts.error()));
    comparison.operand = *std::move(texts);
    return comparison;
  }

  tl::expected<ResolvedKey, Refusal> resolve_key() {
    const std::string_view identifier = scanner_.take_identifier();
    if (identifier.empty()) return invalid();
    return resolve(identifier, language_);
  }

  std::optional<Comparator> parse_comparator() {
    struct Symbol {
      std::string_view text;
      Comparator comparator;
    };
    constexpr std::array<Symbol, 6> symbols = {{{"!=", Comparator::kNotEqual},
                                                {">=", Comparator::kGreaterOrEqual},
                                                {"<=", Comparator::kLessOrEqual},
                                                {">", Comparator::kGreater},
                                                {"<", Comparator::kLess},
                                                {"=", Comparator::kEqual}}};
    for (const auto& [text, comparator] : symbols) {
      if (!scanner_.take(text)) continue;
      const char next = scanner_.is_at_end() ? ' ' : scanner_.rest().front();
      return next == '=' || next == '>' || next == '<' ? std::nullopt : std::optional(comparator);
    }
    if (scanner_.take_keyword("LIKE")) return Comparator::kLike;
    if (scanner_.take_keyword("ILIKE")) return Comparator::kILike;
    if (scanner_.take_keyword("IN")) return Comparator::kIn;
    const bool is_null_test = scanner_.take_keyword("IS");
    if (is_null_test) scanner_.skip_space();
    const bool is_negated = scanner_.take_keyword("NOT");
    if (is_negated) scanner_.skip_space();
    if (is_null_test && scanner_.take_keyword("NULL")) {
      return is_negated ? Comparator::kIsNotNull : Comparator::kIsNull;
    }
    if (is_negated && !is_null_test && scanner_.take_keyword("IN")) return Comparator::kNotIn;
    return std::nullopt;
  }

  tl::expected<std::vector<std::string>, Refusal> parse_texts(Comparator comparator) {
    std::vector<std::string> texts;
    if (comparator == Comparator::kIsNull || comparator == Comparator::kIsNotNull) return texts;
    if (comparator != Comparator::kIn && comparator != Comparator::kNotIn) {
      const auto text = scanner_.take_text();
      if (!text) return expected("a quoted text");
      texts.emplace_back(*text);
      return texts;
    }
    if (!scanner_.take("(")) return expected("a list in parentheses");
    for (;;) {
      scanner_.skip_space();
      const auto text = scanner_.take_text();
      if (!text) return expected("a quoted text in the list");
      texts.emplace_back(*text);
      scanner_.skip_space();
      const bool has_comma = scanner_.take(",");
      if (has_comma) scanner_.skip_space();
      if (scanner_.take(")")) break;
      if (!has_comma) return expected("the end of the list");
    }
    std::ranges::sort(texts);  // to be searched
    return texts;
  }

  tl::unexpected<Refusal> expected(std::string_view what) const {
    return refuse_text("Expected " + std::string(what) + " in the filter, found '" +
                       cut(std::string(scanner_.rest()), 200) + "'.");
  }

  const std::string_view text_;
  Scanner scanner_;
  const SearchLanguage& language_;
};

}  // namespace

const SearchLanguage& run_language() {
  static constexpr SearchLanguage language{kRunAttributes, kRunPrefixes};
  return language;
}

const SearchLanguage& experiment_language() {
  static constexpr SearchLanguage language{kExperimentAttributes, kExperimentPrefixes, true};
  return language;
}

const SearchLanguage& model_language() {
  static constexpr SearchLanguage language{kModelAttributes, kModelPrefixes};
  return language;
}

tl::expected<Filter, Refusal> parse_filter(std::string_view text, const SearchLanguage& language) {
  if (text.empty()) return Filter{};
  if (text.size() > kFilterBytesMax) {
    return refuse_text("The filter is longer than " + std::to_string(kFilterBytesMax) + " bytes.");
  }
  return FilterParser(text, language).parse();
}

tl::expected<Order, Refusal> parse_order(std::string_view text, const SearchLanguage& language) {
  const auto invalid = [&] {
    return refuse_text("Invalid order_by clause '" + cut(std::string(text), 200) +
                       "'. Could not be parsed.");
  };
  if (text.size() > kFilterBytesMax) return invalid();
  Scanner scanner(text);
  const std::string_view identifier = scanner.take_identifier();
  if (identifier.empty()) return invalid();
  auto key = resolve(identifier, language);
  if (!key) return tl::unexpected<Refusal>(std::move(key.error()));
  Order order{std::move(key->key), false};
  if (scanner.skip_space()) {
    order.is_descending = scanner.take_keyword("DESC");
    if (!order.is_descending && !scanner.take_keyword("ASC")) return invalid();
  }
  if (!scanner.is_at_end() || !key->can_order) return invalid();
  return order;
}

}  // namespace trawl::tracking
