// sweep/jobfile/fields.h: what every part of the schema needs: the mapping's keys against those
// that are known, and values of one type. Each reports its fault at its place and answers nothing;
// a caller goes on with the rest, so that all faults of a file come at once.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sweep/jobfile/node.h"
#include "sweep/jobfile/read.h"
#include "sweep/jobfile/report.h"

namespace trawl::jobfile {

struct Context {
  Report& report;
  const ReadOptions& options;
};

using Words = std::span<const std::string_view>;

/// `kind` finds the hints for old and misplaced keys (sweep/jobfile/retired.h); `name` is what
/// messages call the mapping.
struct Scope {
  std::string_view kind;
  std::string name;
};

/// True for a mapping. Every key that is not among `known` is reported, with what it is called now
/// or the nearest known one.
bool check_keys(Context& context, Node& node, const Scope& scope, Words known);

/// The value of `key`; where it is absent or null, an error at the mapping's own key, and nullptr.
Node* require(Context& context, Node& mapping, const Scope& scope, std::string_view key);

/// Text, strictly: a number or a boolean must be quoted. No NUL, which no process argument can
/// hold.
std::optional<std::string> read_text(Context& context, const Node& node, std::string_view name);

struct Range {
  std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
};
/// An integer, an integral string, or a float, which is cut off with a warning.
std::optional<std::int64_t> read_integer(Context& context, Node& node, std::string_view name,
                                         Range range);

/// A finite number or a numeric string.
std::optional<double> read_number(Context& context, Node& node, std::string_view name);

/// One of `words` (lower case), in lower case, upper case or as CamelCase; the node becomes the
/// lower-case form. `name` is what messages call the field.
std::optional<std::string> read_word(Context& context, Node& node, std::string_view name,
                                     Words words);

/// True, with an error, where a mapping of free-form text is not one; nulls may stand for "".
bool check_text_map(Context& context, const Node& node, std::string_view name);

/// Letters, digits and underscores, no digit first.
bool is_identifier(std::string_view text);

/// "a, b, c"
std::string listed(Words words);
/// "; did you mean 'x'?" where a word is near, else nothing.
std::string guess(std::string_view written, Words words);

/// Text of a scalar as Python's str() gives it: True, 0.5, 16.
std::string python_text(const Node& scalar);

}  // namespace trawl::jobfile
