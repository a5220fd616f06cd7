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

/// From bytes of a scalar's text to places in its source: the n-th `{` of the one is the n-th `{`
/// of the other, since neither folding, nor quotes, nor a block's indentation touch it. Linear to
/// make.
class BracePlaces {
 public:
  BracePlaces(const Report& report, const Node& scalar);

  /// The place of byte `offset` of the text, which is `before` bytes in front of a `{` on the same
  /// line; the scalar's own place where the source has no such brace (written as an escape).
  Place at(std::size_t offset, std::size_t before) const;

 private:
  Place scalar_;
  std::size_t source_;
  std::vector<std::size_t> in_text_;
  std::vector<std::size_t> in_source_;  // as many, or fewer
};

nlohmann::json to_json(const Node& node);

}  // namespace trawl::jobfile
