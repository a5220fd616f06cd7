// A path is keys between dots. A missing or empty mapping on the way is made; a list is entered by
// the number of its item.
#include "sweep/jobfile/override.h"

#include <vector>

#include <fmt/format.h>

#include "base/text.h"
#include "sweep/jobfile/load.h"
#include "sweep/jobfile/parse.h"

namespace trawl::jobfile {
namespace {

// The child of `node` under `key`, made where a mapping lacks it; nullptr where there cannot be
// one.
Node* step(Node& node, const std::string& key, Place place) {
  if (node.kind == Node::Kind::kList) {
    const auto index = integer_of_text(key);
    if (!index || *index < 0 || static_cast<std::size_t>(*index) >= node.items.size()) {
      return nullptr;
    }
    return &node.items[static_cast<std::size_t>(*index)];
  }
  if (is_null(node)) node.kind = Node::Kind::kMapping;
  if (node.kind != Node::Kind::kMapping) return nullptr;
  if (Node* child = find(node, key)) return child;
  Entry entry{key, place, {}};
  entry.value.where = entry.value.owner = entry.value.content = place;
  node.entries.push_back(std::move(entry));
  return &node.entries.back().value;
}

}  // namespace

void apply_override(Context& context, Node& root, const Override& override,
                    const std::string& folder) {
  Report& report = context.report;
  const auto source = load_text(report, {fmt::format("--set {}={}", override.path, override.value),
                                         override.value, folder, false});
  if (!source) return;
  std::optional<Node> value = parse(report, *source);
  if (!value) return;
  const Place place{*source, 0};
  Node* node = &root;
  for (const std::string_view piece : split(override.path, '.')) {
    if (piece.empty()) {
      report.error(place, "the path must be keys between dots, as in limits.timeout=60");
      return;
    }
    const std::string key(piece);
    const std::string_view found = kind_name(*node);
    Node* child = step(*node, key, place);
    if (child == nullptr) {
      report.error(place,
                   fmt::format("there is no '{}' to set: what would hold it is {}", key, found));
      return;
    }
    node = child;
  }
  value->where = value->owner = value->content = place;
  *node = std::move(*value);
}

}  // namespace trawl::jobfile
