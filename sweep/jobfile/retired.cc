// Two tables. A scope is the kind given to check_keys: sweep, command, trial, limits, ...
#include "sweep/jobfile/retired.h"

namespace trawl::jobfile {
namespace {

struct KeyHint {
  std::string_view scope;
  std::string_view key;
  std::string_view hint;
};

constexpr KeyHint kKeyHints[] = {
    {"sweep", "algorithm", "it is now 'sampling_algorithm'"},
    {"sweep", "job_type", "it is now 'type: sweep'"},
    {"sweep", "max_total_trials", "it is now 'limits.max_total_trials'"},
    {"sweep", "max_concurrent_trials", "it is now 'limits.max_concurrent_trials'"},
    {"sweep", "timeout_minutes", "it is now 'limits.timeout', in seconds"},
    {"sweep", "max_total_runs", "it is now 'limits.max_total_trials'"},
    {"sweep", "max_concurrent_runs", "it is now 'limits.max_concurrent_trials'"},
    {"sweep", "max_duration_minutes", "it is now 'limits.timeout', in seconds"},
    {"sweep", "timeout", "it belongs under 'limits'"},
    {"sweep", "trial_timeout", "it belongs under 'limits'"},
    {"sweep", "command", "in a sweep it belongs under 'trial'"},
    {"sweep", "code", "in a sweep it belongs under 'trial'"},
    {"sweep", "environment", "in a sweep it belongs under 'trial'"},
    {"sweep", "environment_variables", "in a sweep it belongs under 'trial'"},
    {"sweep", "distribution", "in a sweep it belongs under 'trial'"},
    {"sweep", "policy", "it is 'early_termination'"},
    {"sweep", "early_termination_policy", "it is 'early_termination'"},
    {"sweep", "goal", "it belongs under 'objective'"},
    {"sweep", "primary_metric", "it belongs under 'objective'"},
    {"command", "job_type", "it is now 'type: command'"},
    {"command", "timeout", "it belongs under 'limits'"},
    {"command", "timeout_minutes", "it is now 'limits.timeout', in seconds"},
    {"command", "search_space", "it belongs to a sweep: add 'type: sweep'"},
    {"command", "objective", "it belongs to a sweep: add 'type: sweep'"},
    {"command", "sampling_algorithm", "it belongs to a sweep: add 'type: sweep'"},
    {"command", "early_termination", "it belongs to a sweep: add 'type: sweep'"},
    {"command", "trial", "it belongs to a sweep: add 'type: sweep'"},
    {"command", "instance_count", "it belongs under 'resources'"},
    {"trial", "compute", "it belongs at the top level of the sweep"},
    {"trial", "inputs", "it belongs at the top level of the sweep"},
    {"trial", "outputs", "it belongs at the top level of the sweep"},
    {"trial", "limits", "it belongs at the top level of the sweep (limits.trial_timeout)"},
    {"trial", "type", "a trial is always a command"},
    {"trial", "identity", "it belongs at the top level of the sweep"},
    {"trial", "services", "it belongs at the top level of the sweep"},
    {"limits", "max_total_runs", "it is now 'max_total_trials'"},
    {"limits", "max_concurrent_runs", "it is now 'max_concurrent_trials'"},
    {"limits", "timeout_minutes", "it is now 'timeout', in seconds"},
    {"limits", "max_duration_minutes", "it is now 'timeout', in seconds"},
    {"limits", "max_trials", "it is 'max_total_trials'"},
    {"command_limits", "max_total_trials", "a command job has limits.timeout alone"},
    {"command_limits", "max_concurrent_trials", "a command job has limits.timeout alone"},
    {"command_limits", "trial_timeout", "a command job has limits.timeout alone"},
    {"search_space", "spec", "it is now 'type'"},
    {"early_termination", "policy_type", "it is now 'type'"},
    {"early_termination", "spec", "it is now 'type'"},
    {"early_termination", "exclude_finished_jobs",
     "Azure ML v2 has no such key, and finished trials always count in the ranking: remove it"},
    {"environment", "docker", "write 'image: NAME', or 'build: {path: FOLDER}'"},
    {"environment", "conda", "it is now 'conda_file'"},
    {"environment", "path", "write 'build: {path: FOLDER}', or 'conda_file: FILE'"},
    {"environment", "channels",
     "it belongs in a conda file: write 'conda_file: FILE', or put it under 'conda_file'"},
    {"environment", "dependencies",
     "it belongs in a conda file: write 'conda_file: FILE', or put it under 'conda_file'"},
    {"build", "dockerfile", "it is now 'dockerfile_path', relative to 'path'"},
    {"build", "local_path", "it is now 'path'"},
    {"input", "data", "write 'type: uri_folder' and 'path: ...'"},
    {"input", "dataset", "write 'type: uri_folder' and 'path: azureml:NAME:VERSION'"},
    {"input", "file", "write 'type: uri_file' and 'path: ...'"},
    {"input", "folder", "write 'type: uri_folder' and 'path: ...'"},
    {"input", "local_path", "it is now 'path'"},
    {"input", "optional", "only components declare it; a job gives values"},
    {"input", "default", "only components declare it; a job gives 'value'"},
    {"input", "min", "only components declare it; a job gives values"},
    {"input", "max", "only components declare it; a job gives values"},
    {"input", "enum", "only components declare it; a job gives values"},
    {"output", "data", "write 'type: uri_folder' and 'path: ...'"},
    {"distribution", "process_count_per_node", "it is now 'process_count_per_instance'"},
    {"distribution", "process_count", "it is now 'process_count_per_instance'"},
    {"resources", "node_count", "it is 'instance_count'"},
};

struct WordHint {
  std::string_view name;
  std::string_view value;
  std::string_view hint;
};

constexpr WordHint kWordHints[] = {
    {"type", "sweep_job", "it is now 'sweep'"},
    {"type", "command_job", "it is now 'command'"},
    {"early_termination.type", "truncation", "it is 'truncation_selection'"},
    {"early_termination.type", "median", "it is 'median_stopping'"},
};

}  // namespace

std::string_view retired_key_hint(std::string_view scope, std::string_view key) {
  for (const KeyHint& hint : kKeyHints) {
    if (hint.scope == scope && hint.key == key) return hint.hint;
  }
  return {};
}

std::string_view retired_word_hint(std::string_view name, std::string_view value) {
  for (const WordHint& hint : kWordHints) {
    if (hint.name == name && hint.value == value) return hint.hint;
  }
  if (value == "mount" && name.ends_with(".mode") && name.starts_with("inputs.")) {
    return "it is now 'ro_mount'";
  }
  return {};
}

}  // namespace trawl::jobfile
