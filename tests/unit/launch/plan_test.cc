// From a trial and its place to the process that runs it: the command's text, its environment, and
// what must not be inherited.
#include "distribution/launch/plan.h"

#include <algorithm>

#include <catch2/catch.hpp>

namespace trawl::launch {
namespace {

/// A trial with all that a plan reads, to be changed by a test.
struct Given {
  CommandSpec command;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  ParameterSet parameters;
  bool is_sweep = true;
  Place place{.work_folder = "/attempt/work",
              .outputs_folder = "/attempt/named_outputs",
              .tracking_uri = "http://127.0.0.1:5000/t/lr_3",
              .tracking_token = "0123456789abcdef",
              .marker = "/home/w:attempt/1.3.2",
              .shell = "/bin/bash",
              .no_proxy = ""};

  Result<ProcessPlan> plan() const {
    Trial trial;
    trial.job_name = is_sweep ? "lr" : "hello";
    trial.trial_name = is_sweep ? "lr_3" : "hello";
    trial.experiment_name = "digits";
    trial.experiment_id = "42";
    trial.is_sweep = is_sweep;
    trial.command = &command;
    trial.inputs = &inputs;
    trial.outputs = &outputs;
    trial.parameters = &parameters;
    return launch::plan(trial, place);
  }
  /// The text that the shell gets.
  std::string text(const std::string& written) {
    command.command = written;
    const auto made = plan();
    if (!made) return "error: " + made.error().message;
    REQUIRE(made->argv.size() == 3);
    return made->argv[2];
  }
  /// What the process sees of a variable: the last one of that name counts.
  std::string variable(const std::string& name) const {
    const auto made = plan();
    REQUIRE(made);
    const auto found = std::find_if(made->environment.rbegin(), made->environment.rend(),
                                    [&](const NamedText& one) { return one.name == name; });
    return found == made->environment.rend() ? "(none)" : found->text;
  }
};

const Input kLiteral{"epochs", Input::Kind::kLiteral, "", "", "10"};
const Input kFolder{"data", Input::Kind::kLocalPath, "uri_folder", "ro_mount", "/data/my set"};
const Input kUri{"model", Input::Kind::kUri, "uri_file", "download", "https://host/m?a=1&b=2"};

TEST_CASE("a command runs in the shell of the place, as one text", "[launch]") {
  Given given;
  given.command.command = "set -e\npython train.py | tee log";
  const auto plan = given.plan();
  REQUIRE(plan);
  CHECK(plan->argv ==
        std::vector<std::string>{"/bin/bash", "-c", "set -e\npython train.py | tee log"});
  given.place.shell = "/bin/sh";
  CHECK(given.plan()->argv[0] == "/bin/sh");
}

TEST_CASE("inputs go into the command as they are", "[launch]") {
  Given given;
  given.inputs = {kLiteral, kFolder, kUri};
  CHECK(given.text("train ${{inputs.epochs}} '${{ inputs.data }}' \"${{inputs.model}}\"") ==
        "train 10 '/data/my set' \"https://host/m?a=1&b=2\"");
  // Azure ML quotes nothing either: a path with a blank needs quotes in the command.
  CHECK(given.text("cat ${{inputs.data}}") == "cat /data/my set");
}

TEST_CASE("outputs are folders of the attempt, and of type uri_file a file in one", "[launch]") {
  Given given;
  given.outputs = {{"model", "uri_folder", "rw_mount", ""}, {"report", "uri_file", "upload", ""}};
  CHECK(given.text("train ${{outputs.model}} ${{outputs.report}}") ==
        "train /attempt/named_outputs/model /attempt/named_outputs/report/report");
  const auto plan = given.plan();
  REQUIRE(plan->outputs.size() == 2);
  CHECK(plan->outputs[0].path == "/attempt/named_outputs/model");
  CHECK_FALSE(plan->outputs[0].is_file);
  CHECK(plan->outputs[1].path == "/attempt/named_outputs/report/report");
  CHECK(plan->outputs[1].is_file);
}

TEST_CASE("drawn values go into the command as Python prints them", "[launch]") {
  Given given;
  given.parameters = {{"lr", {1e-5}},
                      {"wide", {100.0}},
                      {"layers", {std::int64_t{3}}},
                      {"opt", {std::string("sgd")}}};
  CHECK(given.text("t --lr ${{search_space.lr}} ${{search_space.wide}} ${{search_space.layers}} "
                   "${{search_space.opt}}") == "t --lr 1e-05 100.0 3 sgd");
}

TEST_CASE("a conditional value is one word of JSON for the shell", "[launch]") {
  Given given;
  given.parameters = {{"model",
                       {std::vector<NamedValue>{{"name", {std::string("it's \"big\"")}},
                                                {"units", {std::int64_t{64}}},
                                                {"rate", {0.5}}}}}};
  CHECK(given.text("t --model ${{search_space.model}}") ==
        R"(t --model '{"name":"it'\''s \"big\"","units":64,"rate":0.5}')");
  CHECK(given.variable("AZUREML_SWEEP_model") ==
        R"({"name":"it's \"big\"","units":64,"rate":0.5})");
}

TEST_CASE("a value that is not there is named", "[launch]") {
  Given given;
  for (const char* expression :
       {"${{inputs.gone}}", "${{outputs.gone}}", "${{search_space.gone}}"}) {
    given.command.command = std::string("echo ") + expression;
    const auto plan = given.plan();
    REQUIRE_FALSE(plan);
    CHECK(plan.error().code == ErrorCode::kInvalid);
    CHECK_THAT(plan.error().message, Catch::Contains("gone"));
  }
}

TEST_CASE("a stock mlflow client finds the trial's run by itself", "[launch]") {
  const Given given;
  CHECK(given.variable("MLFLOW_TRACKING_URI") == "http://127.0.0.1:5000/t/lr_3");
  CHECK(given.variable("MLFLOW_TRACKING_TOKEN") == "0123456789abcdef");
  CHECK(given.variable("MLFLOW_RUN_ID") == "lr_3");
  CHECK(given.variable("MLFLOW_EXPERIMENT_NAME") == "digits");
  CHECK(given.variable("MLFLOW_EXPERIMENT_ID") == "42");
  CHECK(given.variable("MLFLOW_DISABLE_TELEMETRY") == "true");
  CHECK(given.variable("NO_PROXY") == "127.0.0.1,localhost");
  CHECK(given.variable("no_proxy") == "127.0.0.1,localhost");
  CHECK(given.variable("TRAWL_ATTEMPT") == "/home/w:attempt/1.3.2");
}

TEST_CASE("the endpoint's address is added to a NO_PROXY that is there", "[launch]") {
  Given given;
  given.place.no_proxy = ".corp.example,10.0.0.1";
  CHECK(given.variable("NO_PROXY") == ".corp.example,10.0.0.1,127.0.0.1,localhost");
  CHECK(given.variable("no_proxy") == ".corp.example,10.0.0.1,127.0.0.1,localhost");
}

TEST_CASE("what would lead a client elsewhere is not inherited", "[launch]") {
  const auto plan = Given().plan();
  REQUIRE(plan);
  CHECK(plan->unset == std::vector<std::string>{"MLFLOW_TRACKING_USERNAME",
                                                "MLFLOW_TRACKING_PASSWORD", "MLFLOW_REGISTRY_URI",
                                                "MLFLOW_WORKSPACE", "MLFLOW_TRACKING_AUTH",
                                                "MLFLOW_TRACKING_AWS_SIGV4", "MLFLOW_RUN_CONTEXT",
                                                "MLFLOW_ACTIVE_MODEL_ID"});
}

TEST_CASE("a sweep's trial has the variables that Azure ML documents", "[launch]") {
  Given given;
  given.inputs = {kLiteral, kFolder};
  given.outputs = {{"model", "uri_folder", "rw_mount", ""}};
  given.parameters = {{"lr", {0.5}}};
  CHECK(given.variable("AZUREML_RUN_ID") == "lr_3");
  CHECK(given.variable("AZUREML_ROOT_RUN_ID") == "lr");
  CHECK(given.variable("AZUREML_EXPERIMENT_NAME") == "digits");
  CHECK(given.variable("AZUREML_EXPERIMENT_ID") == "42");
  CHECK(given.variable("AZUREML_ARM_PROJECT_NAME") == "digits");
  CHECK(given.variable("AZUREML_SWEEP_lr") == "0.5");
  CHECK(given.variable("AZUREML_SWEEP_epochs") == "10");
  CHECK(given.variable("AZUREML_SWEEP_data") == "/data/my set");
  CHECK(given.variable("AZURE_ML_OUTPUT_model") == "/attempt/named_outputs/model");
  CHECK(given.variable("AZUREML_PARAMETER_epochs") == "(none)");
}

TEST_CASE("a command job's inputs are parameters, its run the root", "[launch]") {
  Given given;
  given.is_sweep = false;
  given.inputs = {kLiteral};
  CHECK(given.variable("AZUREML_PARAMETER_epochs") == "10");
  CHECK(given.variable("AZUREML_SWEEP_epochs") == "(none)");
  CHECK(given.variable("AZUREML_RUN_ID") == "hello");
  CHECK(given.variable("AZUREML_ROOT_RUN_ID") == "hello");
}

TEST_CASE("the file's variables win over the documented ones, not over tracking's", "[launch]") {
  Given given;
  given.command.environment_variables = {{"AZUREML_RUN_ID", "mine"},
                                         {"TWICE", "first"},
                                         {"TWICE", "second"},
                                         {"MLFLOW_RUN_ID", "somebody else's"},
                                         {"MLFLOW_TRACKING_URI", "http://elsewhere"},
                                         {"TRAWL_ATTEMPT", "unmarked"},
                                         {"EMPTY", ""}};
  CHECK(given.variable("AZUREML_RUN_ID") == "mine");
  CHECK(given.variable("TWICE") == "second");
  CHECK(given.variable("MLFLOW_RUN_ID") == "lr_3");
  CHECK(given.variable("MLFLOW_TRACKING_URI") == "http://127.0.0.1:5000/t/lr_3");
  CHECK(given.variable("TRAWL_ATTEMPT") == "/home/w:attempt/1.3.2");
  CHECK(given.variable("EMPTY").empty());
}

TEST_CASE("a variable that the file sets is not dropped with the foreign ones", "[launch]") {
  Given given;
  given.command.environment_variables = {{"MLFLOW_WORKSPACE", "chosen"}};
  CHECK(given.variable("MLFLOW_WORKSPACE") == "chosen");
}

}  // namespace
}  // namespace trawl::launch
