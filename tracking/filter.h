// tracking/filter.h: the language in which clients search runs, experiments and logged models:
// comparisons joined by AND, and keys to order by. Pure: text in, verdicts on values out.
//
// Matches mlflow/utils/search_utils.py of `mlflow server` 3.17, which reads it with a SQL
// tokenizer. No OR, NOT, parentheses (but a list's), comments, escapes or reversed operands.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <tl/expected.hpp>

#include "tracking/rest.h"

namespace trawl::tracking {

inline constexpr std::size_t kFilterBytesMax = std::size_t{64} << 10;
inline constexpr std::size_t kComparisonCountMax = 200;
inline constexpr std::size_t kOrderCountMax = 50;

enum class KeyKind { kAttribute, kMetric, kParam, kTag, kDataset };

/// What is compared or ordered by: "metrics.loss" is {kMetric, "loss"}.
struct SearchKey {
  KeyKind kind = KeyKind::kAttribute;
  std::string name;
  friend bool operator==(const SearchKey&, const SearchKey&) = default;
};

enum class Comparator {
  kEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kLike,   // case-sensitive; % is any text, _ one character
  kILike,  // the same, blind to the case of ASCII letters
  kIn,
  kNotIn,
  kIsNull,
  kIsNotNull,
};

struct Comparison {
  SearchKey key;
  Comparator comparator = Comparator::kEqual;
  std::variant<double, std::vector<std::string>> operand;  // texts: one, none for null, or a list
  friend bool operator==(const Comparison&, const Comparison&) = default;
};

/// All of them hold.
using Filter = std::vector<Comparison>;

struct Order {
  SearchKey key;
  bool is_descending = false;
  friend bool operator==(const Order&, const Order&) = default;
};

/// What may be compared with what: `kText` =, !=, LIKE, ILIKE; `kListed` the same and IN, NOT IN;
/// `kId` =, !=, IN, NOT IN; `kNumber` =, !=, <, <=, >, >=.
enum class ValueType { kText, kListed, kId, kNumber };

struct Attribute {
  std::string_view spelling;
  std::string_view name;  // the one attribute that several spellings mean
  ValueType type = ValueType::kText;
  bool can_order = true;
};

struct Prefix {
  std::string_view spelling;
  KeyKind kind = KeyKind::kAttribute;
};

/// One kind of searched thing.
struct SearchLanguage {
  std::span<const Attribute> attributes;
  std::span<const Prefix> prefixes;
  bool orders_by_attributes_only = false;
};

const SearchLanguage& run_language();
const SearchLanguage& experiment_language();
const SearchLanguage& model_language();

/// An empty text is the filter that all meet. 400 for what the language does not have.
tl::expected<Filter, Refusal> parse_filter(std::string_view text, const SearchLanguage& language);

/// `X`, `X ASC` or `X DESC`. 400 for anything else.
tl::expected<Order, Refusal> parse_order(std::string_view text, const SearchLanguage& language);

using SearchValue = std::variant<double, std::string>;

/// What a thing has under a key: nothing, one value, or several (its datasets).
using Lookup = std::function<std::vector<SearchValue>(const SearchKey& key)>;

/// A comparison holds if one of the values meets it. NaN meets != alone, an absent value IS NULL
/// alone.
bool matches(const Filter& filter, const Lookup& lookup);

/// A thing's place: numbers and texts first, then NaN, then what is missing, whatever the
/// direction.
using SortKey = std::vector<std::vector<SearchValue>>;
SortKey sort_key(std::span<const Order> orders, const Lookup& lookup);
bool sorts_before(const SortKey& a, const SortKey& b, std::span<const Order> orders);

/// SQL's LIKE, without an escape.
bool is_like(std::string_view text, std::string_view pattern);

}  // namespace trawl::tracking
