// See the header. Messages say what is wrong, what is allowed, and the nearest known word.
#include "sweep/jobfile/fields.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "sweep/jobfile/retired.h"

namespace trawl::jobfile {
namespace {

constexpr std::size_t kLongestQuote = 60;

// A value as a message quotes it: short, on one line.
std::string quoted(const Node& node) {
  std::string text = node.written.substr(0, kLongestQuote);
  while (!text.empty() && !is_utf8(text)) text.pop_back();  // a character cut in two
  std::ranges::replace(text, '\n', ' ');
  return text + (text.size() < node.written.size() ? "..." : "");
}

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}

// minimize, MINIMIZE, Minimize; median_stopping, MedianStopping; not miniMize.
bool is_form_of(std::string_view written, std::string_view word) {
  if (written == word) return true;
  if (lowered(written) == word) {
    const bool all_upper =
        std::ranges::none_of(written, [](char c) { return c >= 'a' && c <= 'z'; });
    if (all_upper) return true;
  }
  if (written.empty() || !is_upper(written[0])) return false;
  std::string bare_word(word);
  std::erase(bare_word, '_');
  return lowered(written) == bare_word || lowered(written) == word;
}

// "x must be an integer; yes is a boolean in YAML 1.1"
std::string mistyped(const Node& node, std::string_view name, std::string_view wanted) {
  const bool is_value = node.kind == Node::Kind::kScalar && !is_null(node);
  if (!is_value) return fmt::format("{} must be {}; it is {}", name, wanted, kind_name(node));
  return fmt::format("{} must be {}; {} is {}{}", name, wanted, quoted(node), kind_name(node),
                     std::holds_alternative<bool>(node.scalar) ? " in YAML 1.1" : "");
}

void report_unknown_key(Context& context, const Entry& entry, const Scope& scope, Words known) {
  if (const std::string_view hint = retired_key_hint(scope.kind, entry.key); !hint.empty()) {
    context.report.error(entry.where,
                         fmt::format("'{}' is not a key of {}: {}", entry.key, scope.name, hint));
    return;
  }
  context.report.error(
      entry.where, fmt::format("unknown key '{}' in {}; known keys: {}{}", entry.key, scope.name,
                               listed(known), guess(entry.key, known)));
}

}  // namespace

bool check_keys(Context& context, Node& node, const Scope& scope, Words known) {
  if (node.kind != Node::Kind::kMapping) {
    context.report.error(node.where, fmt::format("{} must be a mapping with the keys {}; it is {}",
                                                 scope.name, listed(known), kind_name(node)));
    return false;
  }
  for (const Entry& entry : node.entries) {
    if (context.report.is_full()) break;
    if (std::ranges::find(known, entry.key) == known.end()) {
      report_unknown_key(context, entry, scope, known);
    }
  }
  return true;
}

Node* require(Context& context, Node& mapping, const Scope& scope, std::string_view key) {
  Node* value = find(mapping, key);
  if (value == nullptr) {
    context.report.error(mapping.owner, fmt::format("{} needs the key '{}'", scope.name, key));
    return nullptr;
  }
  if (is_null(*value)) {
    context.report.error(value->owner,
                         fmt::format("'{}' of {} is empty: give it a value", key, scope.name));
    return nullptr;
  }
  return value;
}

std::optional<std::string> read_text(Context& context, const Node& node, std::string_view name) {
  const std::string* text = text_of(node);
  if (text == nullptr) {
    const bool scalar = node.kind == Node::Kind::kScalar && !is_null(node);
    context.report.error(
        node.where, scalar ? fmt::format("{} must be text; {} is {} in YAML 1.1: put it in quotes",
                                         name, quoted(node), kind_name(node))
                           : fmt::format("{} must be text; it is {}", name, kind_name(node)));
    return std::nullopt;
  }
  if (text->find('\0') != std::string::npos) {
    context.report.error(node.where, fmt::format("{} holds a NUL character", name));
    return std::nullopt;
  }
  return *text;
}

std::optional<std::int64_t> read_integer(Context& context, Node& node, std::string_view name,
                                         Range range) {
  std::optional<std::int64_t> value;
  if (const auto* whole = std::get_if<std::int64_t>(&node.scalar)) value = *whole;
  if (const std::string* text = text_of(node)) value = integer_of_text(*text);
  const auto* number = std::get_if<double>(&node.scalar);
  constexpr double kLargest = 9.0e18;  // below 2^63, so that the cast is defined
  if (number != nullptr && std::isfinite(*number) && std::abs(*number) < kLargest) {
    value = static_cast<std::int64_t>(std::trunc(*number));
    if (std::trunc(*number) != *number) {
      context.report.warn(node.where, fmt::format("{} is an integer: {} is cut off to {}", name,
                                                  quoted(node), *value));
    }
  }
  if (node.kind != Node::Kind::kScalar || !value) {
    context.report.error(node.where, mistyped(node, name, "an integer"));
    return std::nullopt;
  }
  if (*value < range.least || *value > range.most) {
    const std::string allowed = range.most == std::numeric_limits<std::int64_t>::max()
                                    ? fmt::format("at least {}", range.least)
                                    : fmt::format("from {} to {}", range.least, range.most);
    context.report.error(node.where, fmt::format("{} must be {}; it is {}", name, allowed, *value));
    return std::nullopt;
  }
  set(node, *value);
  return value;
}

std::optional<double> read_number(Context& context, Node& node, std::string_view name) {
  if (const std::string* text = text_of(node)) {
    if (const auto whole = integer_of_text(*text)) {
      set(node, *whole);
    } else if (const auto number = number_of_text(*text)) {
      set(node, *number);
    }
  }
  std::optional<double> value;
  if (const auto* whole = std::get_if<std::int64_t>(&node.scalar)) {
    value = static_cast<double>(*whole);
  }
  if (const auto* number = std::get_if<double>(&node.scalar)) value = *number;
  if (const auto* huge = std::get_if<HugeInteger>(&node.scalar)) value = huge->approximate;
  if (node.kind != Node::Kind::kScalar || !value) {
    context.report.error(node.where, mistyped(node, name, "a number"));
    return std::nullopt;
  }
  if (!std::isfinite(*value)) {
    context.report.error(node.where,
                         fmt::format("{} must be a finite number; it is {}", name, quoted(node)));
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> read_word(Context& context, Node& node, std::string_view name,
                                     Words words) {
  const std::optional<std::string> written = read_text(context, node, name);
  if (!written) return std::nullopt;
  const auto word = std::ranges::find_if(
      words, [&](std::string_view candidate) { return is_form_of(*written, candidate); });
  if (word != words.end()) {
    set(node, std::string(*word));
    return std::string(*word);
  }
  const std::string_view hint = retired_word_hint(name, *written);
  context.report.error(
      node.where, fmt::format("{} cannot be '{}'; allowed: {}{}", name, quoted(node), listed(words),
                              hint.empty() ? guess(*written, words) : fmt::format("; {}", hint)));
  return std::nullopt;
}

bool check_text_map(Context& context, const Node& node, std::string_view name) {
  if (is_null(node)) return true;
  if (node.kind != Node::Kind::kMapping) {
    context.report.error(
        node.where,
        fmt::format("{} must be a mapping from names to text; it is {}", name, kind_name(node)));
    return false;
  }
  bool good = true;
  for (const Entry& entry : node.entries) {
    if (is_null(entry.value)) continue;
    good = read_text(context, entry.value, fmt::format("{}.{}", name, entry.key)) && good;
  }
  return good;
}

bool is_identifier(std::string_view text) {
  const auto is_letter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
  };
  return !text.empty() && is_letter(text[0]) &&
         std::ranges::all_of(text, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
}

std::string listed(Words words) {
  constexpr std::size_t kMost = 25;
  if (words.size() <= kMost) return fmt::format("{}", fmt::join(words, ", "));
  return fmt::format("{} and {} more", fmt::join(words.first(kMost), ", "), words.size() - kMost);
}

std::string guess(std::string_view written, Words words) {
  // Comparing two words costs the product of their lengths.
  constexpr std::size_t kLongestWord = 64;
  constexpr std::size_t kMostWords = 500;
  std::vector<std::string_view> candidates;
  std::ranges::copy_if(words.first(std::min(words.size(), kMostWords)),
                       std::back_inserter(candidates),
                       [](std::string_view word) { return word.size() <= kLongestWord; });
  const std::string near = nearest(written, candidates);
  return near.empty() ? "" : fmt::format("; did you mean '{}'?", near);
}

std::string python_text(const Node& scalar) {
  if (const auto* flag = std::get_if<bool>(&scalar.scalar)) return *flag ? "True" : "False";
  if (const auto* whole = std::get_if<std::int64_t>(&scalar.scalar)) return std::to_string(*whole);
  if (const auto* number = std::get_if<double>(&scalar.scalar)) return python_repr(*number);
  if (const auto* text = std::get_if<std::string>(&scalar.scalar)) return *text;
  return scalar.written;
}

}  // namespace trawl::jobfile
