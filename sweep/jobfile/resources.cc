// resources and distribution: checked in full; what of them the executor does not do yet is said.
#include <array>

#include <fmt/format.h>

#include "sweep/jobfile/sections.h"

namespace trawl::jobfile {
namespace {

constexpr std::int64_t kMostNodes = 100'000;
constexpr std::int64_t kMostProcesses = 100'000;

// <number>(b|k|m|g)
bool is_size(std::string_view text) {
  if (text.size() < 2 || std::string_view("bkmgBKMG").find(text.back()) == std::string_view::npos) {
    return false;
  }
  text.remove_suffix(1);
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

void check_texts(Context& context, const Node& node, std::string_view name) {
  if (node.kind != Node::Kind::kList) {
    context.report.error(node.where,
                         fmt::format("{} must be a list of text; it is {}", name, kind_name(node)));
    return;
  }
  for (const Node& item : node.items) read_text(context, item, fmt::format("an item of {}", name));
}

void check_resource(Context& context, const Node& node, std::string_view key) {
  const std::string name = fmt::format("resources.{}", key);
  if (key == "locations" || (key == "docker_args" && node.kind == Node::Kind::kList)) {
    check_texts(context, node, name);
  } else if (key == "properties") {
    if (!is_null(node) && node.kind != Node::Kind::kMapping) {
      context.report.error(node.where,
                           fmt::format("{} must be a mapping; it is {}", name, kind_name(node)));
    }
  } else {
    const auto text = read_text(context, node, name);
    if (text && key == "shm_size" && !is_size(*text)) {
      context.report.error(node.where,
                           fmt::format("{} must be a number and b, k, m or g, as in 8g; "
                                       "it is '{}'",
                                       name, *text));
    }
  }
  context.report.warn(node.owner, fmt::format("{} is not used", name));
}

struct LauncherKeys {
  std::string_view type;
  Launcher launcher;
  std::vector<std::string_view> keys;
};

std::vector<LauncherKeys> launchers() {
  return {{"pytorch", Launcher::kPytorch, {"type", "process_count_per_instance"}},
          {"mpi", Launcher::kMpi, {"type", "process_count_per_instance"}},
          {"tensorflow", Launcher::kTensorflow, {"type", "worker_count", "parameter_server_count"}},
          {"ray",
           Launcher::kRay,
           {"type", "port", "address", "include_dashboard", "dashboard_port",
            "head_node_additional_args", "worker_node_additional_args"}}};
}

void check_launcher_value(Context& context, Node& node, std::string_view key,
                          Resources& resources) {
  const std::string name = fmt::format("distribution.{}", key);
  if (key == "address" || key.ends_with("_args")) {
    read_text(context, node, name);
  } else if (key == "include_dashboard") {
    if (!std::holds_alternative<bool>(node.scalar)) {
      context.report.error(
          node.where, fmt::format("{} must be true or false; it is {}", name, kind_name(node)));
    }
  } else if (key.ends_with("port")) {
    read_integer(context, node, name, {.least = 1, .most = 65'535});
  } else if (key == "parameter_server_count") {
    read_integer(context, node, name, {.least = 0, .most = kMostProcesses});
  } else {
    const auto count = read_integer(context, node, name, {.least = 1, .most = kMostProcesses});
    if (key == "process_count_per_instance") {
      resources.process_count_per_instance = count.value_or(1);
    }
  }
}

}  // namespace

void read_resources(Context& context, Node& node, Resources& resources) {
  constexpr std::array<std::string_view, 7> kKeys = {
      "instance_count", "instance_type", "max_instance_count", "shm_size",
      "docker_args",    "locations",     "properties"};
  if (is_null(node) || !check_keys(context, node, {"resources", "resources"}, kKeys)) return;
  for (const std::string_view key : kKeys) {
    Node* value = find(node, key);
    if (value == nullptr) continue;
    if (key == "instance_count") {
      resources.instance_count = read_integer(context, *value, "resources.instance_count",
                                              {.least = 1, .most = kMostNodes})
                                     .value_or(1);
      if (resources.instance_count > 1) {
        context.report.warn(value->owner,
                            fmt::format("resources.instance_count is {}: the job runs "
                                        "as one process on one node",
                                        resources.instance_count));
      }
    } else if (key == "max_instance_count") {
      read_integer(context, *value, "resources.max_instance_count",
                   {.least = 1, .most = kMostNodes});
      context.report.warn(value->owner, "resources.max_instance_count is not used");
    } else {
      check_resource(context, *value, key);
    }
  }
}

void read_distribution(Context& context, Node& node, Resources& resources) {
  if (is_null(node)) return;
  const Scope scope{"distribution", "distribution"};
  constexpr std::array<std::string_view, 4> kTypes = {"pytorch", "mpi", "tensorflow", "ray"};
  if (node.kind != Node::Kind::kMapping) {
    context.report.error(node.where, fmt::format("distribution must be a mapping with 'type' ({}); "
                                                 "it is {}",
                                                 listed(kTypes), kind_name(node)));
    return;
  }
  Node* type = require(context, node, scope, "type");
  const auto word =
      type == nullptr ? std::nullopt : read_word(context, *type, "distribution.type", kTypes);
  if (!word) return;
  for (const LauncherKeys& launcher : launchers()) {
    if (launcher.type != *word) continue;
    resources.launcher = launcher.launcher;
    check_keys(context, node, scope, launcher.keys);
    for (const std::string_view key : launcher.keys) {
      Node* value = find(node, key);
      if (value == nullptr || is_null(*value) || key == "type") continue;
      check_launcher_value(context, *value, key, resources);
    }
  }
  context.report.warn(node.owner,
                      fmt::format("distribution {} is not launched yet: the job runs as "
                                  "one process on one node",
                                  *word));
}

}  // namespace trawl::jobfile
