#include "distribution/launch/plan.h"

#include <algorithm>
#include <array>

#include "distribution/launch/plain_words.h"
#include "sweep/expression.h"

namespace trawl::launch {
namespace {

// A stock client would follow these to another server or another identity than the trial's.
constexpr std::array kForeign = {"MLFLOW_TRACKING_USERNAME", "MLFLOW_TRACKING_PASSWORD",
                                 "MLFLOW_REGISTRY_URI",      "MLFLOW_WORKSPACE",
                                 "MLFLOW_TRACKING_AUTH",     "MLFLOW_TRACKING_AWS_SIGV4",
                                 "MLFLOW_RUN_CONTEXT",       "MLFLOW_ACTIVE_MODEL_ID"};

constexpr const char* kNoProxy = "127.0.0.1,localhost";

std::vector<NamedText> input_texts(const Trial& trial) {
  std::vector<NamedText> texts;
  for (const Input& input : *trial.inputs) texts.push_back({input.name, input.text});
  return texts;
}

OutputPlace output_place(const Output& output, const std::string& folder) {
  const std::string own = folder + "/" + output.name;
  const bool is_file = output.type == "uri_file";
  return {is_file ? own + "/" + output.name : own, is_file};
}

void add_tracking(const Trial& trial, const Place& place, std::vector<NamedText>& environment) {
  environment.push_back({"MLFLOW_TRACKING_URI", place.tracking_uri});
  environment.push_back({"MLFLOW_TRACKING_TOKEN", place.tracking_token});
  environment.push_back({"MLFLOW_RUN_ID", trial.trial_name});
  environment.push_back({"MLFLOW_EXPERIMENT_NAME", trial.experiment_name});
  environment.push_back({"MLFLOW_EXPERIMENT_ID", trial.experiment_id});
  environment.push_back({"MLFLOW_DISABLE_TELEMETRY", "true"});
  const std::string no_proxy = place.no_proxy.empty() ? kNoProxy : place.no_proxy + "," + kNoProxy;
  environment.push_back({"NO_PROXY", no_proxy});
  environment.push_back({"no_proxy", no_proxy});
}

void add_azure(const Trial& trial, const std::vector<NamedText>& inputs,
               const std::vector<NamedText>& outputs, std::vector<NamedText>& environment) {
  environment.push_back({"AZUREML_RUN_ID", trial.trial_name});
  environment.push_back({"AZUREML_ROOT_RUN_ID", trial.job_name});
  environment.push_back({"AZUREML_EXPERIMENT_NAME", trial.experiment_name});
  environment.push_back({"AZUREML_EXPERIMENT_ID", trial.experiment_id});
  environment.push_back({"AZUREML_ARM_PROJECT_NAME", trial.experiment_name});
  const std::string prefix = trial.is_sweep ? "AZUREML_SWEEP_" : "AZUREML_PARAMETER_";
  for (const NamedText& input : inputs) environment.push_back({prefix + input.name, input.text});
  for (const NamedValue& parameter : *trial.parameters) {
    environment.push_back({prefix + parameter.name, plain_text(parameter.value)});
  }
  for (const NamedText& output : outputs) {
    environment.push_back({"AZURE_ML_OUTPUT_" + output.name, output.text});
  }
}

}  // namespace

Result<ProcessPlan> plan(const Trial& trial, const Place& place) {
  ProcessPlan plan;
  const std::vector<NamedText> inputs = input_texts(trial);
  std::vector<NamedText> outputs;
  for (const Output& output : *trial.outputs) {
    plan.outputs.push_back(output_place(output, place.outputs_folder));
    outputs.push_back({output.name, plan.outputs.back().path});
  }
  auto command = substitute(trial.command->command, inputs, outputs, *trial.parameters);
  if (!command) return tl::unexpected(command.error());
  plan.words = plain_words(*command).value_or(std::vector<std::string>());
  plan.argv = {place.shell, "-c", std::move(*command)};

  plan.unset.assign(kForeign.begin(), kForeign.end());
  add_azure(trial, inputs, outputs, plan.environment);
  // The file's own variables come after the documented ones and before what tracking needs.
  const auto& own = trial.command->environment_variables;
  plan.environment.insert(plan.environment.end(), own.begin(), own.end());
  add_tracking(trial, place, plan.environment);
  plan.environment.push_back({"TRAWL_ATTEMPT", place.marker});
  return plan;
}

}  // namespace trawl::launch
