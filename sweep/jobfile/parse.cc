// Wraps yaml-cpp, whose exceptions end here. Its event handler gives every node's mark, tag and
// anchor; its own node tree would lose them. First a flat list of nodes in which an alias is an
// index, then a bounded expansion into the tree: an alias bomb stops at kMostNodes.
#include "sweep/jobfile/parse.h"

#include <algorithm>
#include <istream>
#include <map>
#include <sstream>
#include <streambuf>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace trawl::jobfile {
namespace {

constexpr std::string_view kCoreTag = "tag:yaml.org,2002:";

struct FlatNode {
  Node::Kind kind{};
  bool is_null = false;
  std::size_t offset{};
  std::string tag;  // "?" plain, "!" quoted or block, "" null; else as written
  std::string text;
  std::optional<std::size_t> alias_of;
  std::vector<std::size_t> children;  // of a mapping: key, value, key, value, ...
};

// Collects events. Past a limit it reports once and ignores the rest.
class Flattener final : public YAML::EventHandler {
 public:
  Flattener(Report& report, std::size_t source) : report_(report), source_(source) {}

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = offset(mark); }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    FlatNode node;
    node.is_null = true;
    add(std::move(node), mark, anchor);
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto target = anchors_.find(anchor);
    FlatNode node;
    if (target != anchors_.end()) node.alias_of = target->second;
    if (std::ranges::any_of(open_, [&](std::size_t i) { return node.alias_of == i; })) {
      report_.error({source_, offset(mark)}, "an alias cannot stand inside its own anchor");
      stopped_ = true;
    }
    add(std::move(node), mark, YAML::NullAnchor);
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    FlatNode node;
    node.tag = tag;
    node.text = value;
    check_closed(offset(mark));
    add(std::move(node), mark, anchor);
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(Node::Kind::kList, mark, tag, anchor);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(Node::Kind::kMapping, mark, tag, anchor);
  }
  void OnMapEnd() override { close(); }

  const std::vector<FlatNode>& nodes() const { return nodes_; }
  std::size_t start() const { return start_; }
  bool stopped() const { return stopped_; }

 private:
  static std::size_t offset(const YAML::Mark& mark) {
    return mark.pos < 0 ? 0 : static_cast<std::size_t>(mark.pos);
  }

  // yaml-cpp takes the end of the file for a missing closing quote. `at` is where a scalar starts,
  // its tag and anchor included.
  void check_closed(std::size_t at) {
    const std::string_view text = report_.source(source_).text;
    while (at < text.size() && (text[at] == '!' || text[at] == '&')) {
      at = text.find_first_not_of(" \t\n", text.find_first_of(" \t\n", at));
    }
    if (at >= text.size() || (text[at] != '"' && text[at] != '\'')) return;
    const char quote = text[at];
    for (std::size_t i = at + 1; i < text.size(); ++i) {
      if (text[i] == '\\' && quote == '"') {
        ++i;
      } else if (text[i] == quote) {
        if (quote == '"' || i + 1 == text.size() || text[i + 1] != quote) return;
        ++i;
      }
    }
    if (stopped_) return;
    report_.error({source_, at}, "this quote is never closed");
    stopped_ = true;
  }

  void open(Node::Kind kind, const YAML::Mark& mark, const std::string& tag,
            YAML::anchor_t anchor) {
    FlatNode node;
    node.kind = kind;
    node.tag = tag;
    add(std::move(node), mark, anchor);
    if (stopped_) return;
    open_.push_back(nodes_.size() - 1);
    if (open_.size() <= kMostLevels) return;
    report_.error({source_, offset(mark)},
                  fmt::format("more than {} levels of nesting", kMostLevels));
    stopped_ = true;
  }

  void close() {
    if (!stopped_) open_.pop_back();
  }

  void add(FlatNode node, const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (stopped_) return;
    if (nodes_.size() >= kMostNodes) {
      report_.error({source_, offset(mark)}, fmt::format("more than {} values", kMostNodes));
      stopped_ = true;
      return;
    }
    node.offset = offset(mark);
    if (anchor != YAML::NullAnchor) anchors_[anchor] = nodes_.size();
    if (!open_.empty()) nodes_[open_.back()].children.push_back(nodes_.size());
    nodes_.push_back(std::move(node));
  }

  Report& report_;
  std::size_t source_;
  std::size_t start_ = 0;
  std::vector<FlatNode> nodes_;
  std::vector<std::size_t> open_;
  std::map<YAML::anchor_t, std::size_t> anchors_;
  bool stopped_ = false;
};

// Expands the flat list into the tree.
class Expander {
 public:
  Expander(Report& report, std::size_t source, const std::vector<FlatNode>& nodes)
      : report_(report), source_(source), nodes_(nodes) {}

  Node expand(std::size_t index, std::size_t level) {
    const FlatNode* flat = &nodes_[index];
    const Place where{source_, flat->offset};
    Node node;
    node.where = node.owner = node.content = where;
    if (exhausted_) return node;
    if (++count_ > kMostNodes || level > kMostLevels) {
      report_.error(outermost_alias_.value_or(where),
                    fmt::format("aliases expand to more than {} values or {} levels", kMostNodes,
                                kMostLevels));
      exhausted_ = true;
      return node;
    }
    if (flat->alias_of) {
      const bool is_outermost = !outermost_alias_;
      if (is_outermost) outermost_alias_ = where;
      node = expand(*flat->alias_of, level);
      if (is_outermost) outermost_alias_.reset();
      node.where = node.owner = where;
      return node;
    }
    if (!has_core_tag(*flat)) {
      node.scalar = flat->text;  // one fault is enough: whatever it was counts as text
      return node;
    }
    node.kind = flat->kind;
    if (flat->kind == Node::Kind::kMapping) {
      fill_mapping(node, *flat, level);
    } else if (flat->kind == Node::Kind::kList) {
      for (const std::size_t child : flat->children) {
        node.items.push_back(expand(child, level + 1));
      }
    } else {
      node.written = flat->text;
      node.scalar = scalar(*flat);
    }
    return node;
  }

  bool exhausted() const { return exhausted_; }

 private:
  bool has_core_tag(const FlatNode& flat) {
    if (flat.tag.empty() || flat.tag == "?" || flat.tag == "!") return true;
    std::string_view name = flat.tag;
    const bool core = name.starts_with(kCoreTag);
    if (core) name.remove_prefix(kCoreTag.size());
    const bool fits =
        flat.kind == Node::Kind::kMapping ? name == "map"
        : flat.kind == Node::Kind::kList
            ? name == "seq"
            : name == "str" || name == "int" || name == "float" || name == "bool" || name == "null";
    if (core && fits) return true;
    report_.error({source_, flat.offset},
                  fmt::format("the tag {}{} is not allowed here: a job file holds plain values",
                              core ? "!!" : "", name));
    report_.mute({source_, flat.offset});
    return false;
  }

  Scalar scalar(const FlatNode& flat) {
    if (flat.is_null) return std::monostate{};
    if (!flat.tag.starts_with(kCoreTag)) {
      return flat.tag == "?" ? resolve_plain(flat.text) : Scalar{flat.text};
    }
    const std::string_view type = std::string_view(flat.tag).substr(kCoreTag.size());
    Scalar value = resolve_plain(flat.text);
    if (type == "str") return flat.text;
    if (type == "float" && std::holds_alternative<std::int64_t>(value)) {
      return static_cast<double>(std::get<std::int64_t>(value));
    }
    const bool fits = (type == "int" && std::holds_alternative<std::int64_t>(value)) ||
                      (type == "float" && std::holds_alternative<double>(value)) ||
                      (type == "bool" && std::holds_alternative<bool>(value)) ||
                      (type == "null" && std::holds_alternative<std::monostate>(value));
    if (!fits) {
      report_.error({source_, flat.offset},
                    fmt::format("'{}' is not a value of the type !!{}", flat.text, type));
    }
    return value;
  }

  void fill_mapping(Node& node, const FlatNode& flat, std::size_t level) {
    std::vector<Entry> merged;
    std::unordered_map<std::string, std::size_t> own;  // key to its index among the entries
    for (std::size_t i = 0; i + 1 < flat.children.size(); i += 2) {
      const FlatNode& key = nodes_[flat.children[i]];
      Node value = expand(flat.children[i + 1], level + 1);
      const Place where{source_, key.offset};
      if (key.kind == Node::Kind::kScalar && key.tag == "?" && key.text == "<<") {
        merge(merged, std::move(value));
        continue;
      }
      std::optional<std::string> name = key_name(key);
      if (!name) continue;
      const auto [first, is_new] = own.emplace(*name, node.entries.size());
      if (!is_new) {
        repeat(node.entries[first->second].value, *name, where, std::move(value));
        continue;
      }
      value.owner = where;
      node.entries.push_back({std::move(*name), where, std::move(value)});
    }
    if (!merged.empty()) put_merged_first(node, std::move(merged));
  }

  // Files in use repeat the free-form sections, and Azure ML's client takes the last one.
  void repeat(Node& first, const std::string& name, Place where, Node value) {
    if (name != "environment_variables" && name != "tags" && name != "properties") {
      report_.error(where, fmt::format("the key '{}' stands twice in this mapping", name));
      return;
    }
    report_.warn(where, fmt::format("'{}' stands twice in this mapping: this one counts, the first "
                                    "one is lost",
                                    name));
    value.owner = where;
    first = std::move(value);
  }

  std::optional<std::string> key_name(const FlatNode& key) {
    const FlatNode& named = key.alias_of ? nodes_[*key.alias_of] : key;
    const Place where{source_, key.offset};
    if (named.kind != Node::Kind::kScalar) {
      report_.error(where, "a key must be text, not a list or a mapping");
      return std::nullopt;
    }
    const Scalar value = scalar(named);
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    report_.error(where, fmt::format("the key {} is {} in YAML 1.1: put it in quotes",
                                     named.is_null ? "null" : named.text, kind_name(value)));
    return std::nullopt;
  }

  // `<<: *a` or `<<: [*a, *b]`: an earlier mapping wins over a later one.
  void merge(std::vector<Entry>& merged, Node value) {
    std::unordered_set<std::string> present;
    for (const Entry& entry : merged) present.insert(entry.key);
    std::vector<Node> mappings;
    if (value.kind == Node::Kind::kList) {
      mappings = std::move(value.items);
    } else {
      mappings.push_back(std::move(value));
    }
    for (Node& mapping : mappings) {
      if (mapping.kind != Node::Kind::kMapping) {
        report_.error(mapping.where, "<< merges mappings, or a list of mappings");
        continue;
      }
      for (Entry& entry : mapping.entries) {
        if (present.insert(entry.key).second) merged.push_back(std::move(entry));
      }
    }
  }

  // As in PyYAML: merged keys stand before the mapping's own, which replace their values.
  static void put_merged_first(Node& node, std::vector<Entry> merged) {
    std::unordered_map<std::string, std::size_t> places;
    for (std::size_t i = 0; i < merged.size(); ++i) places.emplace(merged[i].key, i);
    for (Entry& own : node.entries) {
      const auto same = places.find(own.key);
      if (same == places.end()) {
        merged.push_back(std::move(own));
      } else {
        merged[same->second] = std::move(own);
      }
    }
    node.entries = std::move(merged);
  }

  Report& report_;
  std::size_t source_;
  const std::vector<FlatNode>& nodes_;
  std::optional<Place> outermost_alias_;  // the one that is being expanded
  std::size_t count_ = 0;
  bool exhausted_ = false;
};

void report_syntax_error(Report& report, std::size_t source, const YAML::Exception& failure) {
  const std::string_view text = report.source(source).text;
  const std::size_t offset =
      failure.mark.pos < 0 ? 0 : std::min(static_cast<std::size_t>(failure.mark.pos), text.size());
  const std::size_t line = offset == 0 ? 0 : text.rfind('\n', offset - 1) + 1;  // npos + 1 is 0
  const std::size_t first = std::min(text.find_first_not_of(' ', line), text.size());
  if (first < text.size() && text[first] == '\t') {
    report.error({source, first}, "a tab cannot indent YAML: use blanks");
    return;
  }
  report.error({source, offset}, fmt::format("this is not YAML: {}", failure.msg));
}

// yaml-cpp reads a whole flow collection into tokens of 100 to 250 bytes before its first event, so
// kMostNodes would come too late. No document within kMostNodes needs more than two a value.
constexpr std::size_t kMostFlowCharacters = 2 * kMostNodes;

std::size_t first_flow_character_too_many(std::string_view text) {
  std::size_t count = 0;
  for (std::size_t at = text.find_first_of("[]{},"); at != std::string_view::npos;
       at = text.find_first_of("[]{},", at + 1)) {
    if (++count > kMostFlowCharacters) return at;
  }
  return std::string_view::npos;
}

}  // namespace

std::optional<Node> parse(Report& report, std::size_t source) {
  if (const std::size_t at = first_flow_character_too_many(report.source(source).text);
      at != std::string_view::npos) {
    report.error({source, at},
                 fmt::format("more than {} brackets, braces and commas", kMostFlowCharacters));
    return std::nullopt;
  }
  std::istringstream text(report.source(source).text);
  Flattener first(report, source);
  Flattener second(report, source);
  try {
    YAML::Parser parser(text);
    parser.HandleNextDocument(first);
    if (!first.stopped() && parser.HandleNextDocument(second)) {
      report.error({source, second.start()}, "a second document starts here; a job file holds one");
    }
  } catch (const YAML::Exception& failure) {
    if (!first.stopped()) report_syntax_error(report, source, failure);
    return std::nullopt;
  }
  if (first.stopped()) return std::nullopt;
  if (first.nodes().empty()) return Node{};
  Expander expander(report, source, first.nodes());
  Node root = expander.expand(0, 0);
  if (expander.exhausted()) return std::nullopt;
  return root;
}

}  // namespace trawl::jobfile
