// environment, environment_variables and code. An environment is checked in full and not built: the
// trial runs with this machine's programs, which a warning says.
#include <array>

#include <fmt/format.h>

#include "sweep/jobfile/load.h"
#include "sweep/jobfile/parse.h"
#include "sweep/jobfile/paths.h"
#include "sweep/jobfile/sections.h"

namespace trawl::jobfile {
namespace {

constexpr std::string_view kPrefix = "azureml:";

void check_conda_file(Context& context, Node& node) {
  if (node.kind == Node::Kind::kMapping) return;  // the specification itself, for conda to judge
  const auto path = read_text(context, node, "environment.conda_file");
  if (!path || is_remote(*path)) return;
  const std::string local = local_path(context, node.where, *path);
  if (path_kind(local) != PathKind::kFile) {
    context.report.error(node.where,
                         fmt::format("environment.conda_file is not a file: {}", local));
  }
}

void check_build(Context& context, Node& node) {
  constexpr std::array<std::string_view, 2> kKeys = {"path", "dockerfile_path"};
  const Scope scope{"build", "environment.build"};
  if (!check_keys(context, node, scope, kKeys)) return;
  if (const Node* dockerfile = find(node, "dockerfile_path")) {
    read_text(context, *dockerfile, "environment.build.dockerfile_path");
  }
  if (find(node, "dockerfile") != nullptr) return;  // reported: the old form has no path
  const Node* path = require(context, node, scope, "path");
  if (path == nullptr) return;
  const auto text = read_text(context, *path, "environment.build.path");
  if (!text || is_remote(*text)) return;
  const std::string local = local_path(context, path->where, *text);
  if (path_kind(local) != PathKind::kFolder) {
    context.report.error(path->where,
                         fmt::format("environment.build.path is not a folder: {}", local));
  }
}

// image or build, one of them; conda_file goes with an image.
void check_image_or_build(Context& context, Node& node) {
  const Node* image = find(node, "image");
  const Node* build = find(node, "build");
  const Node* conda = find(node, "conda_file");
  if (image != nullptr && build != nullptr) {
    context.report.error(image->owner,
                         "an environment takes 'image' or 'build', not both: remove one");
  }
  constexpr std::array<std::string_view, 5> kOld = {"docker", "conda", "path", "channels",
                                                    "dependencies"};
  for (const std::string_view key : kOld) {
    if (find(node, key) != nullptr) return;  // reported with its modern spelling
  }
  if (image == nullptr && build == nullptr) {
    context.report.error(node.owner, conda == nullptr
                                         ? "an environment needs 'image' or 'build'"
                                         : "environment.conda_file needs an 'image' to build on");
  } else if (image == nullptr && conda != nullptr) {
    context.report.error(conda->owner,
                         "environment.conda_file goes with 'image', not with 'build'");
  }
}

void drop(Context& context, Node& node, std::string_view key) {
  if (const Node* value = find(node, key)) {
    context.report.warn(value->owner, fmt::format("environment.{} is dropped: an environment in a "
                                                  "job has none",
                                                  key));
    remove(node, key);
  }
}

std::string read_inline(Context& context, Node& node) {
  constexpr std::array<std::string_view, 12> kKeys = {
      "image",      "conda_file", "build", "os_type",          "description", "tags",
      "properties", "datastore",  "name",  "inference_config", "version",     "$schema"};
  constexpr std::array<std::string_view, 2> kSystems = {"linux", "windows"};
  if (!check_keys(context, node, {"environment", "environment"}, kKeys)) return "";
  check_image_or_build(context, node);
  for (const std::string_view key : {"image", "description", "datastore"}) {
    if (const Node* value = find(node, key)) {
      read_text(context, *value, fmt::format("environment.{}", key));
    }
  }
  for (const std::string_view key : {"tags", "properties"}) {
    if (const Node* value = find(node, key)) {
      check_text_map(context, *value, fmt::format("environment.{}", key));
    }
  }
  if (Node* conda = find(node, "conda_file")) check_conda_file(context, *conda);
  if (Node* build = find(node, "build")) check_build(context, *build);
  if (Node* system = find(node, "os_type")) {
    read_word(context, *system, "environment.os_type", kSystems);
  }
  drop(context, node, "name");
  drop(context, node, "version");
  remove(node, "$schema");
  const Node* image = find(node, "image");
  if (image != nullptr && text_of(*image) != nullptr) return *text_of(*image);
  const Node* build = find(node, "build");
  const Node* path = build == nullptr ? nullptr : find(*build, "path");
  return path != nullptr && text_of(*path) != nullptr ? "build " + *text_of(*path) : "";
}

// `file:./env.yml`: an environment that stands in a file of its own.
std::string read_environment_file(Context& context, Node& node, const std::string& reference) {
  const std::string path = local_path(context, node.where, reference);
  if (path_kind(path) != PathKind::kFile) {
    context.report.error(node.where, fmt::format("the environment file does not exist: {}", path));
    return "";
  }
  const auto source = load(context.report, path, path);
  std::optional<Node> loaded = source ? parse(context.report, *source) : std::nullopt;
  if (!loaded) return "";
  for (const std::string_view key : {"name", "version"}) remove(*loaded, key);
  read_inline(context, *loaded);
  return reference;
}

}  // namespace

std::string read_environment(Context& context, Node& node) {
  context.report.warn(node.owner,
                      "environment is not built: the trial runs with this machine's programs");
  if (node.kind == Node::Kind::kMapping) return read_inline(context, node);
  const auto text = read_text(context, node, "environment");
  if (!text) return "";
  if (text->starts_with("file:")) return read_environment_file(context, node, *text);
  const bool arm_id = text->starts_with("/subscriptions/");
  const bool prefixed = text->starts_with(kPrefix);
  if (!arm_id && (!prefixed || text->size() == kPrefix.size())) {
    context.report.error(
        node.where,
        fmt::format("environment '{}' must be azureml: and a name, as in azureml:{}; or "
                    "file:FILE, or a mapping with 'image' or 'build'",
                    *text, prefixed || text->empty() ? "NAME@latest" : *text));
  }
  return *text;
}

std::vector<NamedText> read_environment_variables(Context& context, Node& node) {
  std::vector<NamedText> variables;
  if (is_null(node)) return variables;
  if (node.kind != Node::Kind::kMapping) {
    context.report.error(
        node.where, fmt::format("environment_variables must be a mapping from names to values; "
                                "it is {}",
                                kind_name(node)));
    return variables;
  }
  for (Entry& entry : node.entries) {
    const std::string name = fmt::format("environment_variables.{}", entry.key);
    if (entry.key.empty() ||
        entry.key.find_first_of(std::string_view("=\0", 2)) != std::string::npos) {
      context.report.error(entry.where, fmt::format("'{}' cannot be the name of an environment "
                                                    "variable",
                                                    entry.key));
    }
    if (entry.value.kind != Node::Kind::kScalar) {
      context.report.error(entry.value.where, fmt::format("{} must be text or a number; it is {}",
                                                          name, kind_name(entry.value)));
      continue;
    }
    set(entry.value, python_text(entry.value));
    variables.push_back({entry.key, read_text(context, entry.value, name).value_or("")});
  }
  return variables;
}

std::string read_code(Context& context, Node& node) {
  if (node.kind == Node::Kind::kMapping) {
    context.report.error(node.where, "code is a path, not a mapping: write 'code: FOLDER'");
    return "";
  }
  const auto text = read_text(context, node, "code");
  if (!text) return "";
  if (text->empty()) {
    context.report.error(node.where, "code is empty: name a file or a folder, or remove the key");
    return "";
  }
  if (is_remote(*text)) {
    const std::string message = fmt::format(
        "code is not on this machine, and Trawl does not fetch it: {}; name a local "
        "file or folder",
        *text);
    if (context.options.resolve_inputs) {
      context.report.error(node.where, message);
    } else {
      context.report.warn(node.where, message);
    }
    return "";
  }
  const std::string path = local_path(context, node.where, *text);
  if (path_kind(path) == PathKind::kAbsent) {
    context.report.error(node.where, fmt::format("code does not exist: {}", path));
  }
  set(node, path);
  return path;
}

}  // namespace trawl::jobfile
