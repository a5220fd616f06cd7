// inputs and outputs: literals, data and places to write to. What a literal becomes in a command is
// what Python prints for it, since that is what Azure ML's client puts there.
#include <array>
#include <cmath>

#include <fmt/format.h>

#include "sweep/jobfile/paths.h"
#include "sweep/jobfile/sections.h"

namespace trawl::jobfile {
namespace {

constexpr std::array<std::string_view, 6> kTypes = {"uri_file",     "uri_folder",   "mltable",
                                                    "mlflow_model", "custom_model", "triton_model"};

void check_name(Context& context, const Entry& entry, std::string_view map) {
  if (is_identifier(entry.key)) return;
  context.report.error(
      entry.where,
      fmt::format("'{}' cannot be a name in {}: letters, digits and underscores, no digit first",
                  entry.key, map));
}

std::optional<std::string> read_literal(Context& context, const Node& node,
                                        const std::string& name) {
  const auto* number = std::get_if<double>(&node.scalar);
  const bool good =
      node.kind == Node::Kind::kScalar && (std::holds_alternative<bool>(node.scalar) ||
                                           std::holds_alternative<std::int64_t>(node.scalar) ||
                                           (number != nullptr && std::isfinite(*number)));
  if (good) return python_text(node);
  if (text_of(node) != nullptr) return read_text(context, node, name);
  const bool quotable = node.kind == Node::Kind::kScalar && !is_null(node);
  context.report.error(
      node.where,
      fmt::format(
          "{} cannot be {}: a literal is an integer, a finite float, text or a boolean, and "
          "data is a mapping with 'type' and 'path'{}",
          name,
          quotable ? fmt::format("{} ({})", node.written, kind_name(node))
                   : std::string(kind_name(node)),
          quotable ? "; put it in quotes to pass it as text" : ""));
  return std::nullopt;
}

void check_local_input(Context& context, const Node& path, const Input& input) {
  const PathKind kind = path_kind(input.text);
  if (kind == PathKind::kAbsent) {
    context.report.error(path.where, fmt::format("the path of inputs.{} does not exist: {}",
                                                 input.name, input.text));
  } else if (kind == PathKind::kFolder && input.type == "uri_file") {
    context.report.error(path.where, fmt::format("inputs.{} is a uri_file, but its path is a "
                                                 "folder: {}; use type uri_folder",
                                                 input.name, input.text));
  } else if (kind == PathKind::kFile && input.type == "uri_folder") {
    context.report.error(path.where, fmt::format("inputs.{} is a uri_folder, but its path is a "
                                                 "file: {}; use type uri_file",
                                                 input.name, input.text));
  }
}

void read_input_path(Context& context, Node& path, Input& input) {
  const auto text = read_text(context, path, fmt::format("inputs.{}.path", input.name));
  if (!text) return;
  if (text->empty()) {
    context.report.error(path.where, fmt::format("the path of inputs.{} is empty", input.name));
    return;
  }
  if (!is_remote(*text)) {
    input.kind = Input::Kind::kLocalPath;
    input.text = local_path(context, path.where, *text);
    check_local_input(context, path, input);
    set(path, input.text);
    return;
  }
  input.kind = Input::Kind::kUri;
  input.text = *text;
  if (is_web(*text) || (input.mode == "direct" && is_uri(*text))) return;
  const std::string message = fmt::format(
      "inputs.{} is in a place that Trawl cannot fetch from: {}; give a local copy, or an http or "
      "https URL, with --set inputs.{}.path=PLACE",
      input.name, *text, input.name);
  if (context.options.resolve_inputs) {
    context.report.error(path.where, message);
  } else {
    context.report.warn(path.where, message);
  }
}

std::vector<std::string_view> input_modes(std::string_view type) {
  std::vector<std::string_view> modes = {"ro_mount", "download", "direct"};
  if (type == "mltable") modes.insert(modes.end(), {"eval_mount", "eval_download"});
  return modes;
}

void read_data_input(Context& context, Node& node, Input& input) {
  constexpr std::array<std::string_view, 5> kKeys = {"type", "path", "mode", "path_on_compute",
                                                     "datastore"};
  constexpr std::array<std::string_view, 5> kOld = {"data", "dataset", "file", "folder",
                                                    "local_path"};
  const std::string name = fmt::format("inputs.{}", input.name);
  const Scope scope{"input", name};
  check_keys(context, node, scope, kKeys);
  input.type = "uri_folder";
  input.mode = "ro_mount";
  if (Node* type = find(node, "type")) {
    input.type = read_word(context, *type, name + ".type", kTypes).value_or("");
  }
  if (Node* mode = find(node, "mode")) {
    input.mode =
        read_word(context, *mode, name + ".mode", input_modes(input.type)).value_or("ro_mount");
  }
  for (const std::string_view key : {"path_on_compute", "datastore"}) {
    if (const Node* value = find(node, key)) {
      read_text(context, *value, fmt::format("{}.{}", name, key));
      context.report.warn(value->owner, fmt::format("{}.{} is not used", name, key));
    }
  }
  for (const std::string_view key : kOld) {
    if (find(node, key) != nullptr) return;  // reported with its modern spelling; there is no path
  }
  if (Node* path = require(context, node, scope, "path")) read_input_path(context, *path, input);
  set_default(node, "type", std::string("uri_folder"));
  set_default(node, "mode", std::string("ro_mount"));
}

Input read_input(Context& context, Entry& entry) {
  Input input;
  input.name = entry.key;
  Node& node = entry.value;
  Node* value = node.kind == Node::Kind::kMapping ? find(node, "value") : nullptr;
  if (node.kind == Node::Kind::kMapping && value == nullptr) {
    read_data_input(context, node, input);
    return input;
  }
  if (value != nullptr) {
    constexpr std::array<std::string_view, 1> kKeys = {"value"};
    check_keys(context, node, {"input", "inputs." + entry.key}, kKeys);
  }
  const std::string name = fmt::format("inputs.{}", entry.key);
  input.text = read_literal(context, value == nullptr ? node : *value, name).value_or("");
  set(node, input.text);
  node.entries.clear();
  return input;
}

Output read_output(Context& context, Entry& entry) {
  constexpr std::array<std::string_view, 5> kKeys = {"type", "mode", "path", "name", "version"};
  constexpr std::array<std::string_view, 4> kModes = {"rw_mount", "upload", "mount", "direct"};
  const std::string name = fmt::format("outputs.{}", entry.key);
  Output output{entry.key, "uri_folder", "rw_mount", ""};
  Node& node = entry.value;
  if (is_null(node)) node.kind = Node::Kind::kMapping;
  if (!check_keys(context, node, {"output", name}, kKeys)) return output;
  if (Node* type = find(node, "type")) {
    output.type = read_word(context, *type, name + ".type", kTypes).value_or("");
  }
  if (Node* mode = find(node, "mode")) {
    output.mode = read_word(context, *mode, name + ".mode", kModes).value_or("");
  }
  if (const Node* path = find(node, "path")) {
    output.path = read_text(context, *path, name + ".path").value_or("");
    context.report.warn(path->owner, fmt::format("{}.path is not used: the data stays in the job's "
                                                 "own folder",
                                                 name));
  }
  for (const std::string_view key : {"name", "version"}) {
    Node* value = find(node, key);
    if (value == nullptr) continue;
    if (std::holds_alternative<std::int64_t>(value->scalar) && key == "version") {
      set(*value, python_text(*value));
    }
    read_text(context, *value, fmt::format("{}.{}", name, key));
    context.report.warn(value->owner, fmt::format("{}.{} is not used: the data stays in the job's "
                                                  "own folder and is not registered",
                                                  name, key));
  }
  set_default(node, "type", std::string("uri_folder"));
  set_default(node, "mode", std::string("rw_mount"));
  return output;
}

bool is_map(Context& context, const Node& node, std::string_view name) {
  if (is_null(node)) return false;
  if (node.kind == Node::Kind::kMapping) return true;
  context.report.error(node.where, fmt::format("{} must be a mapping from names to {}; it is {}",
                                               name, name, kind_name(node)));
  return false;
}

}  // namespace

std::vector<Input> read_inputs(Context& context, Node& node) {
  std::vector<Input> inputs;
  if (!is_map(context, node, "inputs")) return inputs;
  for (Entry& entry : node.entries) {
    check_name(context, entry, "inputs");
    inputs.push_back(read_input(context, entry));
  }
  return inputs;
}

std::vector<Output> read_outputs(Context& context, Node& node) {
  std::vector<Output> outputs;
  if (!is_map(context, node, "outputs")) return outputs;
  for (Entry& entry : node.entries) {
    check_name(context, entry, "outputs");
    outputs.push_back(read_output(context, entry));
  }
  return outputs;
}

}  // namespace trawl::jobfile
