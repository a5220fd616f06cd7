// tracking/filter_match.cc: whether a thing meets a filter, and its place in an order.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "tracking/filter.h"

namespace trawl::tracking {
namespace {

bool holds_for(double value, Comparator comparator, double operand) {
  switch (comparator) {
    case Comparator::kEqual:
      return value == operand;
    case Comparator::kNotEqual:
      return value != operand;
    case Comparator::kLess:
      return value < operand;
    case Comparator::kLessOrEqual:
      return value <= operand;
    case Comparator::kGreater:
      return value > operand;
    case Comparator::kGreaterOrEqual:
      return value >= operand;
    default:
      return false;
  }
}

bool holds_for(const std::string& value, Comparator comparator,
               const std::vector<std::string>& operands) {
  switch (comparator) {
    case Comparator::kEqual:
      return value == operands[0];
    case Comparator::kNotEqual:
      return value != operands[0];
    case Comparator::kLike:
      return is_like(value, operands[0]);
    case Comparator::kILike:
      return is_like(lowered(value), lowered(operands[0]));
    case Comparator::kIn:
      return std::ranges::binary_search(operands, value);
    case Comparator::kNotIn:
      return !std::ranges::binary_search(operands, value);
    default:
      return false;
  }
}

bool holds(const Comparison& comparison, const Lookup& lookup) {
  const auto values = lookup(comparison.key);
  if (comparison.comparator == Comparator::kIsNull) return values.empty();
  if (comparison.comparator == Comparator::kIsNotNull) return !values.empty();
  return std::ranges::any_of(values, [&](const SearchValue& value) {
    if (const auto* number = std::get_if<double>(&value)) {
      const auto* operand = std::get_if<double>(&comparison.operand);
      return operand != nullptr && holds_for(*number, comparison.comparator, *operand);
    }
    const auto* operands = std::get_if<std::vector<std::string>>(&comparison.operand);
    return operands != nullptr &&
           holds_for(std::get<std::string>(value), comparison.comparator, *operands);
  });
}

// 0 for what has an order, 1 for NaN, 2 for what is missing.
int rank(const std::vector<SearchValue>& values) {
  if (values.empty()) return 2;
  const auto* number = std::get_if<double>(&values[0]);
  return number != nullptr && std::isnan(*number) ? 1 : 0;
}

// The bytes of the character (UTF-8) at the front of `text`, which is not empty.
std::size_t character_size(std::string_view text) {
  std::size_t size = 1;
  while (size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0U) == 0x80U) ++size;
  return size;
}

}  // namespace

bool matches(const Filter& filter, const Lookup& lookup) {
  return std::ranges::all_of(filter, [&](const Comparison& each) { return holds(each, lookup); });
}

SortKey sort_key(std::span<const Order> orders, const Lookup& lookup) {
  SortKey key;
  key.reserve(orders.size());
  for (const Order& order : orders) key.push_back(lookup(order.key));
  return key;
}

bool sorts_before(const SortKey& a, const SortKey& b, std::span<const Order> orders) {
  for (std::size_t i = 0; i < orders.size(); ++i) {
    const int rank_a = rank(a[i]);
    const int rank_b = rank(b[i]);
    if (rank_a != rank_b) return rank_a < rank_b;
    if (rank_a > 0 || a[i][0] == b[i][0]) continue;
    return orders[i].is_descending ? b[i][0] < a[i][0] : a[i][0] < b[i][0];
  }
  return false;
}

bool is_like(std::string_view text, std::string_view pattern) {
  // At a mismatch the last % takes one character more, so the time is at most the product of both.
  std::string_view text_mark;
  std::string_view pattern_mark;
  bool has_mark = false;
  while (!text.empty()) {
    if (pattern.starts_with('%')) {
      pattern.remove_prefix(1);
      has_mark = true;
      text_mark = text;
      pattern_mark = pattern;
      continue;
    }
    if (pattern.starts_with('_')) {
      text.remove_prefix(character_size(text));
      pattern.remove_prefix(1);
      continue;
    }
    if (!pattern.empty() && pattern.front() == text.front()) {
      text.remove_prefix(1);
      pattern.remove_prefix(1);
      continue;
    }
    if (!has_mark) return false;
    text_mark.remove_prefix(character_size(text_mark));
    text = text_mark;
    pattern = pattern_mark;
  }
  return pattern.find_first_not_of('%') == pattern.npos;
}

}  // namespace trawl::tracking
