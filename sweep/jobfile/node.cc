// The tree's few functions. No recursion here goes deeper than the parser's limit of levels.
#include "sweep/jobfile/node.h"

#include <algorithm>
#include <utility>

#include <nlohmann/json.hpp>

namespace trawl::jobfile {

bool is_null(const Node& node) {
  return node.kind == Node::Kind::kScalar && std::holds_alternative<std::monostate>(node.scalar);
}

const std::string* text_of(const Node& node) {
  return node.kind == Node::Kind::kScalar ? std::get_if<std::string>(&node.scalar) : nullptr;
}

const Node* find(const Node& mapping, std::string_view key) {
  const auto entry = std::ranges::find(mapping.entries, key, &Entry::key);
  return entry == mapping.entries.end() ? nullptr : &entry->value;
}

Node* find(Node& mapping, std::string_view key) {
  return const_cast<Node*>(find(std::as_const(mapping), key));
}

void remove(Node& mapping, std::string_view key) {
  std::erase_if(mapping.entries, [&](const Entry& entry) { return entry.key == key; });
}

void set(Node& node, Scalar scalar) {
  node.kind = Node::Kind::kScalar;
  node.scalar = std::move(scalar);
}

void set_default(Node& mapping, std::string_view key, Scalar scalar) {
  if (find(mapping, key) != nullptr) return;
  Entry entry{std::string(key), mapping.where, {}};
  entry.value.where = entry.value.owner = entry.value.content = mapping.where;
  entry.value.scalar = std::move(scalar);
  mapping.entries.push_back(std::move(entry));
}

std::string_view kind_name(const Node& node) {
  if (node.kind == Node::Kind::kList) return "a list";
  if (node.kind == Node::Kind::kMapping) return "a mapping";
  return kind_name(node.scalar);
}

BracePlaces::BracePlaces(const Report& report, const Node& scalar)
    : scalar_(scalar.where), source_(scalar.content.source) {
  const std::string_view text = scalar.written;
  const std::string_view source = report.source(source_).text;
  std::size_t in_source = scalar.content.offset;
  for (std::size_t at = text.find('{'); at != std::string_view::npos; at = text.find('{', at + 1)) {
    in_text_.push_back(at);
    in_source = source.find('{', in_source);
    if (in_source != std::string_view::npos) in_source_.push_back(in_source++);
  }
}

Place BracePlaces::at(std::size_t offset, std::size_t before) const {
  const auto brace = std::ranges::lower_bound(in_text_, offset + before);
  const auto index = static_cast<std::size_t>(brace - in_text_.begin());
  if (index >= in_source_.size() || *brace != offset + before) return scalar_;
  return {source_, in_source_[index] - before};
}

nlohmann::json to_json(const Node& node) {
  if (node.kind == Node::Kind::kList) {
    nlohmann::json list = nlohmann::json::array();
    for (const Node& item : node.items) list.push_back(to_json(item));
    return list;
  }
  if (node.kind == Node::Kind::kMapping) {
    nlohmann::json mapping = nlohmann::json::object();
    for (const Entry& entry : node.entries) mapping[entry.key] = to_json(entry.value);
    return mapping;
  }
  if (const auto* flag = std::get_if<bool>(&node.scalar)) return *flag;
  if (const auto* whole = std::get_if<std::int64_t>(&node.scalar)) return *whole;
  if (const auto* number = std::get_if<double>(&node.scalar)) return *number;
  if (const auto* text = std::get_if<std::string>(&node.scalar)) return *text;
  if (is_null(node)) return nullptr;
  return node.written;
}

}  // namespace trawl::jobfile
