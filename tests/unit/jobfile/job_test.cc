// What kind of job a file is, keys that do not belong, and commands: every complaint, word for
// word, at its place.
#include <catch2/catch.hpp>

#include "tests/unit/jobfile/reading.h"

namespace trawl::jobfile {
namespace {

TEST_CASE("a file says what it is") {
  CHECK(lines_of(command_with("type: command\n")).empty());
  CHECK(lines_of(command_with("type: comand\n")) ==
        Lines{"job.yml:3:7: error: type cannot be 'comand'; allowed: command, sweep; did you mean "
              "'command'?"});
  CHECK(lines_of(command_with("type: Command\n")) ==
        Lines{"job.yml:3:7: error: type must be written in lower case: 'command'"});
  CHECK(lines_of(command_with("type: command_job\n")) ==
        Lines{"job.yml:3:7: error: type cannot be 'command_job'; allowed: command, sweep; it is "
              "now 'command'"});
  CHECK(lines_of(command_with("type: pipeline\n")) ==
        Lines{"job.yml:3:7: error: jobs of the type 'pipeline' are not supported; allowed: "
              "command, sweep"});
  CHECK(
      lines_of(command_with("type: 5\n")) ==
      Lines{
          "job.yml:3:7: error: type must be text; 5 is an integer in YAML 1.1: put it in quotes"});
  CHECK(lines_of(
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: random\n"
            "objective: {goal: minimize, primary_metric: loss}\n"
            "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:1:1: error: 'type' is missing, which means a command job, but these are the "
              "keys of a sweep: add 'type: sweep'"});
  CHECK(lines_of(
            "type: sweep_job\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: random\n"
            "objective: {goal: minimize, primary_metric: loss}\n"
            "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:1:7: error: type cannot be 'sweep_job'; allowed: command, sweep; it is now "
              "'sweep'"});
}

TEST_CASE("a job lacks what it lacks") {
  CHECK(lines_of("type: command\n") ==
        Lines{"job.yml:1:1: error: a command job needs the key 'command'",
              "job.yml:1:1: error: a command job needs the key 'environment'"});
  CHECK(lines_of("type: sweep\n") ==
        Lines{"job.yml:1:1: warning: no sampling_algorithm is given: random is used",
              "job.yml:1:1: error: a sweep needs the key 'search_space'",
              "job.yml:1:1: error: a sweep needs the key 'trial'",
              "job.yml:1:1: error: a sweep needs the key 'objective'",
              "job.yml:1:1: error: a sweep needs the key 'limits'"});
  CHECK(lines_of("type: sweep\n"
                 "trial: {}\n"
                 "search_space: {}\n"
                 "objective: {}\n"
                 "limits: {}\n"
                 "sampling_algorithm: {}\n") ==
        Lines{"job.yml:2:1: error: trial needs the key 'command'",
              "job.yml:2:1: error: trial needs the key 'environment'",
              "job.yml:3:1: error: search_space must be a mapping from names to distributions, "
              "with at least one",
              "job.yml:4:1: error: objective needs the key 'goal'",
              "job.yml:4:1: error: objective needs the key 'primary_metric'",
              "job.yml:5:1: error: limits needs the key 'max_total_trials'",
              "job.yml:6:1: error: sampling_algorithm needs the key 'type'"});
  CHECK(lines_of("command:\n"
                 "environment:\n") ==
        Lines{"job.yml:1:1: error: 'command' of a command job is empty: give it a value",
              "job.yml:2:1: error: 'environment' of a command job is empty: give it a value"});
  CHECK(lines_of("command: \"  \"\n"
                 "environment: azureml:e:1\n") == Lines{"job.yml:1:10: error: command is empty"});
  CHECK(lines_of("type: sweep\n"
                 "trial: file:./train.yml\n"
                 "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
                 "sampling_algorithm: random\n"
                 "objective: {goal: minimize, primary_metric: loss}\n"
                 "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:2:8: error: trial must be a mapping with 'command' and 'environment'; a "
              "path ('file:./train.yml') is for a pipeline's sweep only"});
}

TEST_CASE("a key in the wrong place is told where it belongs") {
  CHECK(
      lines_of(command_with("instance_count: 3\n"
                            "timeout: 5\n"
                            "limits: {max_total_trials: 3}\n")) ==
      Lines{
          "job.yml:3:1: error: 'instance_count' is not a key of a command job: it belongs under "
          "'resources'",
          "job.yml:4:1: error: 'timeout' is not a key of a command job: it belongs under 'limits'",
          "job.yml:5:10: error: 'max_total_trials' is not a key of limits: a command job has "
          "limits.timeout alone"});
  CHECK(lines_of(sweep_with("command: x\n"
                            "code: y\n")) == Lines{"job.yml:7:1: error: 'command' is not a key of "
                                                   "a sweep: in a sweep it belongs under 'trial'",
                                                   "job.yml:8:1: error: 'code' is not a key of a "
                                                   "sweep: in a sweep it belongs under 'trial'"});
  CHECK(lines_of("type: sweep\n"
                 "trial: {command: \"python train.py ${{search_space.lr}}\", environment: "
                 "azureml:e:1, compute: c, inputs: {}, limits: {}}\n"
                 "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
                 "sampling_algorithm: random\n"
                 "objective: {goal: minimize, primary_metric: loss}\n"
                 "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:2:84: error: 'compute' is not a key of trial: it belongs at the top level "
              "of the sweep",
              "job.yml:2:96: error: 'inputs' is not a key of trial: it belongs at the top level of "
              "the sweep",
              "job.yml:2:108: error: 'limits' is not a key of trial: it belongs at the top level "
              "of the sweep (limits.trial_timeout)"});
}

TEST_CASE("an unknown key is told the nearest one") {
  CHECK(lines_of(command_with("enviroment_variables: {}\n")) ==
        Lines{"job.yml:3:1: error: unknown key 'enviroment_variables' in a command job; known "
              "keys: type, name, display_name, description, experiment_name, tags, properties, "
              "compute, inputs, outputs, identity, services, resources, limits, queue_settings, "
              "command, code, environment, distribution, environment_variables, parent_job_name; "
              "did you mean 'environment_variables'?"});
  CHECK(lines_of(command_with("zzz: 1\n")) ==
        Lines{"job.yml:3:1: error: unknown key 'zzz' in a command job; known keys: type, name, "
              "display_name, description, experiment_name, tags, properties, compute, inputs, "
              "outputs, identity, services, resources, limits, queue_settings, command, code, "
              "environment, distribution, environment_variables, parent_job_name"});
  CHECK(lines_of(command_with("id: x\n"
                              "status: y\n"
                              "$schema: z\n"))
            .empty());
}

TEST_CASE("an expression is checked at its own column") {
  CHECK(lines_of("command: echo ${{inputs.x}} ${{ outputs.y }}\n"
                 "environment: azureml:e:1\n") ==
        Lines{"job.yml:1:18: error: 'x' is not in inputs: this job has none",
              "job.yml:1:33: error: 'y' is not in outputs: this job has none"});
  CHECK(
      lines_of("command: echo ${{inputs.nam}}\n"
               "inputs: {name: 1}\n"
               "environment: azureml:e:1\n") ==
      Lines{"job.yml:1:18: error: 'nam' is not in inputs, which has: name; did you mean 'name'?"});
  CHECK(lines_of("command: echo ${{search_space.x}} ${{parent.inputs.x}} ${{inputs}} ${{}}\n"
                 "environment: azureml:e:1\n") ==
        Lines{"job.yml:1:18: error: unknown context 'search_space' in an expression; allowed here: "
              "inputs, outputs",
              "job.yml:1:38: error: unknown context 'parent' in an expression; allowed here: "
              "inputs, outputs",
              "job.yml:1:59: error: an expression names a value, as in ${{inputs.NAME}}",
              "job.yml:1:71: error: unknown context '' in an expression; allowed here: inputs, "
              "outputs"});
  CHECK(lines_of("command: echo ${{inputs.x\n"
                 "environment: azureml:e:1\n") ==
        Lines{"job.yml:1:15: error: this expression is never closed: write ${{context.name}}"});
  CHECK(lines_of("command: >-\n"
                 "  echo one\n"
                 "  two ${{inputs.x}}\n"
                 "    three ${{inputs.y}}\n"
                 "environment: azureml:e:1\n") ==
        Lines{"job.yml:3:10: error: 'x' is not in inputs: this job has none",
              "job.yml:4:14: error: 'y' is not in inputs: this job has none"});
  CHECK(lines_of("command: |\n"
                 "  echo {\n"
                 "  two ${{inputs.x}}\n"
                 "environment: azureml:e:1\n") ==
        Lines{"job.yml:3:10: error: 'x' is not in inputs: this job has none"});
  CHECK(lines_of("command: \"é ${{inputs.x}} \\\n"
                 "  ${{inputs.y}}\"\n"
                 "environment: azureml:e:1\n") ==
        Lines{"job.yml:1:16: error: 'x' is not in inputs: this job has none",
              "job.yml:2:6: error: 'y' is not in inputs: this job has none"});
  CHECK(lines_of("command: echo\n"
                 "  ${{inputs.x}}\n"
                 "environment: azureml:e:1\n") ==
        Lines{"job.yml:2:6: error: 'x' is not in inputs: this job has none"});
  CHECK(lines_of("description: &c \"echo ${{inputs.x}}\"\n"
                 "command: *c\n"
                 "environment: azureml:e:1\n") ==
        Lines{"job.yml:1:26: error: 'x' is not in inputs: this job has none"});
  CHECK(
      lines_of(
          "type: sweep\n"
          "trial: {command: \"python train.py ${{search_space.rl}}\", environment: azureml:e:1}\n"
          "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
          "sampling_algorithm: random\n"
          "objective: {goal: minimize, primary_metric: loss}\n"
          "limits: {max_total_trials: 4}\n") ==
      Lines{"job.yml:2:38: error: 'rl' is not in search_space, which has: lr; did you mean 'lr'?"});
}

TEST_CASE("single braces are rewritten, and checked too") {
  CHECK(lines_of("command: echo {inputs.x} {inputs.y} {x} {{inputs.x}} {other.x}\n"
                 "inputs: {x: 1}\n"
                 "environment: azureml:e:1\n") ==
        Lines{"job.yml:1:15: warning: single braces are deprecated: write ${{inputs.x}}",
              "job.yml:1:26: warning: single braces are deprecated: write ${{inputs.y}}",
              "job.yml:1:26: error: 'y' is not in inputs, which has: x; did you mean 'x'?"});
}

TEST_CASE("an optional group goes with its input") {
  CHECK(lines_of("command: a $[[--x ${{inputs.x}}]] $[[--y ${{inputs.y}}]]\n"
                 "inputs: {x: 1}\n"
                 "environment: azureml:e:1\n")
            .empty());
  CHECK(lines_of("command: a $[[--x ${{inputs.x}}\n"
                 "inputs: {x: 1}\n"
                 "environment: azureml:e:1\n") ==
        Lines{"job.yml:1:10: error: an optional group of the command is never closed: write $[[ "
              "... ]]"});
}

TEST_CASE("a value that the shell would take apart is pointed at unless it is quoted") {
  CHECK(lines_of("command: a ${{inputs.x}} \"${{inputs.x}}\" '${{inputs.x}}' \\\"${{inputs.x}}\n"
                 "inputs: {x: two words}\n"
                 "environment: azureml:e:1\n") ==
        Lines{"job.yml:1:12: warning: the value 'two words' goes in without quotes, and the shell "
              "will take it apart: put the expression in quotes",
              "job.yml:1:60: warning: the value 'two words' goes in without quotes, and the shell "
              "will take it apart: put the expression in quotes"});
  CHECK(
      lines_of(
          "type: sweep\n"
          "trial: {command: \"python train.py ${{search_space.lr}} \", environment: azureml:e:1}\n"
          "sampling_algorithm: random\n"
          "objective: {goal: minimize, primary_metric: loss}\n"
          "limits: {max_total_trials: 4}\n"
          "search_space:\n"
          "  lr: {type: choice, values: [one, \"two;\"]}\n") ==
      Lines{"job.yml:2:35: warning: the value 'two;' goes in without quotes, and the shell will "
            "take it apart: put the expression in quotes"});
}

}  // namespace
}  // namespace trawl::jobfile
