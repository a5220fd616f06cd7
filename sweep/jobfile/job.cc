// The keys of a job and of a trial, what type the file has, and how the parts come together.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "sweep/jobfile/document.h"
#include "sweep/jobfile/fresh.h"
#include "sweep/jobfile/load.h"
#include "sweep/jobfile/sections.h"

namespace trawl::jobfile {
namespace {

constexpr std::array<std::string_view, 21> kCommandKeys = {
    "type",           "name",       "display_name", "description",  "experiment_name",
    "tags",           "properties", "compute",      "inputs",       "outputs",
    "identity",       "services",   "resources",    "limits",       "queue_settings",
    "command",        "code",       "environment",  "distribution", "environment_variables",
    "parent_job_name"};
constexpr std::array<std::string_view, 19> kSweepKeys = {"type",
                                                         "name",
                                                         "display_name",
                                                         "description",
                                                         "experiment_name",
                                                         "tags",
                                                         "properties",
                                                         "compute",
                                                         "inputs",
                                                         "outputs",
                                                         "identity",
                                                         "services",
                                                         "resources",
                                                         "limits",
                                                         "queue_settings",
                                                         "trial",
                                                         "search_space",
                                                         "objective",
                                                         "sampling_algorithm"};
constexpr std::array<std::string_view, 7> kTrialKeys = {
    "command",   "code",         "environment",   "environment_variables",
    "resources", "distribution", "queue_settings"};

std::vector<std::string_view> sweep_keys() {
  std::vector<std::string_view> keys(kSweepKeys.begin(), kSweepKeys.end());
  keys.push_back("early_termination");
  return keys;
}

// Calls `read` with the value of `key` where there is one.
template <class Read>
void with(Node& mapping, std::string_view key, Read read) {
  if (Node* node = find(mapping, key)) read(*node);
}

// True for a sweep. Other job types of Azure ML, and what is none, are errors; so is a file that
// has a sweep's keys and no type, which Azure ML's client reads as a command.
std::optional<bool> is_sweep(Context& context, Node& root) {
  constexpr std::array<std::string_view, 2> kTypes = {"command", "sweep"};
  constexpr std::array<std::string_view, 7> kOthers = {
      "pipeline", "automl", "spark", "import", "finetuning", "distillation", "parallel"};
  const bool looks_like_sweep = std::ranges::any_of(root.entries, [](const Entry& entry) {
    return entry.key == "trial" || entry.key == "search_space" || entry.key == "objective";
  });
  Node* type = find(root, "type");
  if (type == nullptr) {
    if (looks_like_sweep) {
      context.report.error(root.where,
                           "'type' is missing, which means a command job, but these are "
                           "the keys of a sweep: add 'type: sweep'");
    }
    return looks_like_sweep;
  }
  const std::string* word = text_of(*type);
  if (word != nullptr && std::ranges::find(kOthers, *word) != kOthers.end()) {
    context.report.error(type->where,
                         fmt::format("jobs of the type '{}' are not supported; allowed: "
                                     "{}",
                                     *word, listed(kTypes)));
    return std::nullopt;
  }
  if (word != nullptr && (*word == "sweep" || *word == "command")) return *word == "sweep";
  if (!read_word(context, *type, "type", kTypes)) {
    return looks_like_sweep;
  }
  context.report.error(type->where,
                       fmt::format("type must be written in lower case: '{}'", *text_of(*type)));
  return looks_like_sweep;
}

bool is_job_name(std::string_view name) {
  constexpr std::size_t kLongest = 240;  // its trials add a number; clients take 256 as a run id
  const auto is_plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return !name.empty() && name.size() <= kLongest && is_plain(name[0]) &&
         std::ranges::all_of(name, [&](char c) { return is_plain(c) || c == '_' || c == '-'; });
}

void check_job_name(Context& context, Place place, std::string_view name) {
  if (is_job_name(name)) return;
  context.report.error(place, fmt::format("'{}' cannot be a job's name: 1 to 240 letters, digits, "
                                          "'_' or '-', a letter or digit first",
                                          name));
}

void read_names(Context& context, Node& root, JobSpec& job) {
  const ReadOptions& options = context.options;
  with(root, "name", [&](Node& node) {
    job.name = read_text(context, node, "name").value_or("");
    if (text_of(node) != nullptr) check_job_name(context, node.where, job.name);
  });
  if (options.name) {
    job.name = *options.name;
    const std::size_t source =
        context.report.add({fmt::format("--name {}", *options.name), "", "", false});
    check_job_name(context, {source, 0}, job.name);
  }
  const bool named = !job.name.empty();
  if (!named) job.name = fresh_name(options.fresh);
  job.display_name = named ? fresh_display_name(options.fresh) : job.name;
  job.experiment_name = options.experiment_name;
  with(root, "display_name", [&](Node& node) {
    job.display_name = read_text(context, node, "display_name").value_or("");
  });
  with(root, "experiment_name", [&](Node& node) {
    job.experiment_name = read_text(context, node, "experiment_name").value_or("");
  });
  with(root, "description",
       [&](Node& node) { job.description = read_text(context, node, "description").value_or(""); });
}

void read_common(Context& context, Node& root, JobSpec& job) {
  read_names(context, root, job);
  with(root, "tags", [&](Node& node) {
    if (!check_text_map(context, node, "tags")) return;
    for (const Entry& entry : node.entries) {
      job.tags.push_back({entry.key, is_null(entry.value) ? "" : *text_of(entry.value)});
    }
  });
  with(root, "properties", [&](Node& node) { check_text_map(context, node, "properties"); });
  with(root, "compute", [&](Node& node) { check_compute(context, node); });
  with(root, "identity", [&](Node& node) { check_identity(context, node); });
  with(root, "services", [&](Node& node) { check_services(context, node); });
  with(root, "queue_settings", [&](Node& node) { check_queue_settings(context, node); });
  with(root, "inputs", [&](Node& node) { job.inputs = read_inputs(context, node); });
  with(root, "outputs", [&](Node& node) { job.outputs = read_outputs(context, node); });
  with(root, "parent_job_name", [&](Node& node) {
    read_text(context, node, "parent_job_name");
    context.report.warn(node.owner, "parent_job_name is not used");
  });
}

// `holder` is the root of a command job or a sweep's trial.
void read_run(Context& context, Node& holder, const Scope& scope, const CommandNames& names,
              CommandSpec& spec) {
  if (Node* command = require(context, holder, scope, "command")) {
    spec.command = read_command(context, *command, names);
  }
  if (Node* environment = require(context, holder, scope, "environment")) {
    spec.environment = read_environment(context, *environment);
  }
  with(holder, "code", [&](Node& node) { spec.code = read_code(context, node); });
  with(holder, "environment_variables",
       [&](Node& node) { spec.environment_variables = read_environment_variables(context, node); });
  with(holder, "resources", [&](Node& node) { read_resources(context, node, spec.resources); });
  with(holder, "distribution",
       [&](Node& node) { read_distribution(context, node, spec.resources); });
}

void read_trial(Context& context, Node& root, JobSpec& job) {
  const Scope sweep{"sweep", "a sweep"};
  Node* trial = require(context, root, sweep, "trial");
  if (trial == nullptr) return;
  if (const std::string* path = text_of(*trial)) {
    context.report.error(trial->where,
                         fmt::format("trial must be a mapping with 'command' and 'environment'; a "
                                     "path ('{}') is for a pipeline's sweep only",
                                     *path));
    return;
  }
  const Scope scope{"trial", "trial"};
  if (!check_keys(context, *trial, scope, kTrialKeys)) return;
  const CommandNames names{find(root, "inputs"), find(root, "outputs"), find(root, "search_space"),
                           true};
  read_run(context, *trial, scope, names, job.command);
  with(*trial, "queue_settings", [&](Node& node) { check_queue_settings(context, node); });
  // resources at the top level win over the trial's.
  with(root, "resources", [&](Node& node) {
    job.command.resources.instance_count = 1;
    read_resources(context, node, job.command.resources);
  });
}

void read_sweep(Context& context, Node& root, JobSpec& job) {
  const Scope scope{"sweep", "a sweep"};
  check_keys(context, root, scope, sweep_keys());
  read_common(context, root, job);
  SweepSpec sweep;
  const bool has_old_algorithm = find(root, "algorithm") != nullptr;
  SamplingChoice choice;
  if (!has_old_algorithm) choice = read_sampling(context, root);
  sweep.sampling = choice.sampling;
  if (!choice.has_seed) sweep.sampling.seed = fresh_seed(context.options.fresh);
  if (Node* space = require(context, root, scope, "search_space")) {
    sweep.search_space = read_search_space(context, *space, choice.log_base);
    check_space_for_sampler(context, *space, sweep.sampling.rule);
  }
  read_trial(context, root, job);
  if (Node* objective = require(context, root, scope, "objective")) {
    sweep.objective = read_objective(context, *objective);
  }
  with(root, "early_termination", [&](Node& node) {
    if (!is_null(node)) {
      sweep.early_termination = read_early_termination(context, node, sweep.sampling.rule);
    }
  });
  const bool has_old_limits =
      find(root, "max_total_trials") != nullptr && find(root, "limits") == nullptr;
  Node* limits = has_old_limits ? nullptr : require(context, root, scope, "limits");
  if (limits != nullptr) {
    const Limits read = read_sweep_limits(context, *limits);
    sweep.limits = read.sweep;
    job.timeout = read.timeout;
  }
  job.sweep = std::move(sweep);
}

void read_command_job(Context& context, Node& root, JobSpec& job) {
  const Scope scope{"command", "a command job"};
  check_keys(context, root, scope, kCommandKeys);
  read_common(context, root, job);
  const CommandNames names{find(root, "inputs"), find(root, "outputs"), nullptr, false};
  read_run(context, root, scope, names, job.command);
  with(root, "limits", [&](Node& node) {
    if (!is_null(node)) job.timeout = read_command_limits(context, node);
  });
}

}  // namespace

JobSpec read_job(Context& context, Node& root) {
  // Not part of a job: the schema's address, and what Azure ML's answers add to one.
  for (const std::string_view key :
       {"$schema", "id", "status", "creation_context", "log_files", "parameters"}) {
    remove(root, key);
  }
  JobSpec job;
  const std::optional<bool> sweep = is_sweep(context, root);
  if (!sweep) return job;
  if (*sweep) {
    read_sweep(context, root, job);
  } else {
    read_command_job(context, root, job);
  }
  job.document = document_of(root, job);
  return job;
}

}  // namespace trawl::jobfile
