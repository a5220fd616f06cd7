// sweep/jobfile/node.h: a YAML document as a tree in which every value and every key knows its
// place. Anchors, aliases and merge keys are gone: the parser has put copies in their stead. Checks
// write the canonical form of a value back (2 for "2", minimize for MINIMIZE), so that after them
// the tree is what `job show` prints.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "sweep/jobfile/report.h"
#include "sweep/jobfile/scalar.h"

namespace trawl::jobfile {

struct Entry;

struct Node {
  enum class Kind { kScalar, kList, kMapping };
  Kind kind = Kind::kScalar;
  Place where;              // where it is used: an alias's own place
  Place owner;              // of the key that holds it; in a list its own
  Place content;            // where a scalar's characters start, quotes and block header included
  Scalar scalar;            // kScalar
  std::string written;      // kScalar: its text before it was resolved
  std::vector<Node> items;  // kList
  std::vector<Entry> entries;  // kMapping, in file order, no key twice
};

struct Entry {
  std::string key;
  Place where;
  Node value;
};

bool is_null(const Node& node);
/// The text of a scalar that is text, or nullptr.
const std::string* text_of(const Node& node);

/// The value of `key`, or nullptr where `mapping` is none or lacks it.
Node* find(Node& mapping, std::string_view key);
const Node* find(const Node& mapping, std::string_view key);
void remove(Node& mapping, std::string_view key);

void set(Node& node, Scalar scalar);
/// Puts `key: scalar` at the end where the mapping lacks the key.
void set_default(Node& mapping, std::string_view key, Scalar scalar);

/// What a node is, for messages: "a list", "an integer", ...
std::string_view kind_name(const Node& node);

/// The place of byte `offset` of a scalar's text in its source. `offset` must be where `mark`
/// starts; the same occurrence of it is looked for in the source, which holds for folded, literal
/// and quoted scalars alike. The scalar's own place where it is not found.
Place place_in(const Report& report, const Node& scalar, std::size_t offset, std::string_view mark);

nlohmann::json to_json(const Node& node);

}  // namespace trawl::jobfile
