// compute, identity, services and queue_settings: what says where and as whom Azure ML runs a job.
// Checked, and warned about, since the job runs on this machine.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sweep/jobfile/sections.h"

namespace trawl::jobfile {

void check_compute(Context& context, Node& node) {
  if (node.kind == Node::Kind::kMapping && find(node, "target") != nullptr) {
    context.report.error(node.where,
                         "compute is a name, not a mapping: write 'compute: azureml:NAME'; "
                         "instance_count belongs under 'resources'");
    return;
  }
  const auto text = read_text(context, node, "compute");
  if (!text || *text == "local") return;
  context.report.warn(node.where,
                      fmt::format("compute '{}' is not used: the job runs here", *text));
}

void check_identity(Context& context, Node& node) {
  constexpr std::array<std::string_view, 4> kKeys = {"type", "client_id", "object_id",
                                                     "msi_resource_id"};
  constexpr std::array<std::string_view, 4> kTypes = {"managed", "managed_identity", "aml_token",
                                                      "user_identity"};
  const Scope scope{"identity", "identity"};
  if (!check_keys(context, node, scope, kKeys)) return;
  if (Node* type = require(context, node, scope, "type")) {
    const auto word = read_word(context, *type, "identity.type", kTypes);
    const bool is_managed = word && word->starts_with("managed");
    for (const std::string_view key : {"client_id", "object_id", "msi_resource_id"}) {
      const Node* value = find(node, key);
      if (value == nullptr) continue;
      read_text(context, *value, fmt::format("identity.{}", key));
      if (word && !is_managed) {
        context.report.error(value->owner,
                             fmt::format("identity.{} goes with 'type: managed' alone", key));
      }
    }
  }
  context.report.warn(node.owner, "identity is not used: the job runs as the user who starts it");
}

void check_services(Context& context, Node& node) {
  constexpr std::array<std::string_view, 6> kKeys = {
      "type", "port", "nodes", "properties", "ssh_public_keys", "log_dir"};
  constexpr std::array<std::string_view, 3> kReadOnly = {"endpoint", "status", "error_message"};
  if (is_null(node)) return;
  if (node.kind != Node::Kind::kMapping) {
    context.report.error(node.where,
                         fmt::format("services must be a mapping from names to services; "
                                     "it is {}",
                                     kind_name(node)));
    return;
  }
  for (Entry& entry : node.entries) {
    const std::string name = fmt::format("services.{}", entry.key);
    for (const std::string_view key : kReadOnly) remove(entry.value, key);
    if (!check_keys(context, entry.value, {"service", name}, kKeys)) continue;
    for (const std::string_view key : {"type", "nodes", "ssh_public_keys", "log_dir"}) {
      const Node* value = find(entry.value, key);
      if (value != nullptr) read_text(context, *value, fmt::format("{}.{}", name, key));
    }
    if (Node* port = find(entry.value, "port")) {
      read_integer(context, *port, name + ".port", {.least = 1, .most = 65'535});
    }
    if (const Node* properties = find(entry.value, "properties")) {
      check_text_map(context, *properties, name + ".properties");
    }
    context.report.warn(entry.where, fmt::format("{} is not served", name));
  }
}

void check_queue_settings(Context& context, Node& node) {
  constexpr std::array<std::string_view, 2> kKeys = {"job_tier", "priority"};
  constexpr std::array<std::string_view, 5> kTiers = {"spot", "basic", "standard", "premium",
                                                      "null"};
  constexpr std::array<std::string_view, 3> kPriorities = {"low", "medium", "high"};
  if (is_null(node) || !check_keys(context, node, {"queue_settings", "queue_settings"}, kKeys)) {
    return;
  }
  Node* tier = find(node, "job_tier");
  if (tier != nullptr && !is_null(*tier)) {
    read_word(context, *tier, "queue_settings.job_tier", kTiers);
  }
  Node* priority = find(node, "priority");
  if (priority != nullptr && !is_null(*priority)) {
    read_word(context, *priority, "queue_settings.priority", kPriorities);
  }
  context.report.warn(node.owner, "queue_settings is not used");
}

}  // namespace trawl::jobfile
