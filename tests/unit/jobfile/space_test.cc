// search_space, sampling_algorithm, objective, early_termination and limits: every complaint, word
// for word, at its place.
#include <catch2/catch.hpp>

#include "tests/unit/jobfile/reading.h"

namespace trawl::jobfile {
namespace {

TEST_CASE("a distribution names what it lacks, what it does not know and what it cannot draw") {
  CHECK(lines_of(sweep_over("{type: uniform, min_value: 0, max: 1}")) ==
        Lines{"job.yml:7:3: error: search_space.lr needs the key 'max_value'",
              "job.yml:7:37: error: unknown key 'max' in search_space.lr; known keys: type, "
              "min_value, max_value"});
  CHECK(lines_of(sweep_over("{type: uniform, min_value: 2, max_value: 1}")) ==
        Lines{"job.yml:7:34: error: search_space.lr: min_value 2 is above max_value 1"});
  CHECK(lines_of(sweep_over("{type: quniform, min_value: 0, max_value: 1, q: 0}")) ==
        Lines{"job.yml:7:55: error: search_space.lr: q must be above 0; it is 0"});
  CHECK(lines_of(sweep_over("{type: normal, mu: 0, sigma: -1}")) ==
        Lines{"job.yml:7:36: error: search_space.lr: sigma must be at least 0; it is -1"});
  CHECK(lines_of(sweep_over("{type: randint, upper: 0}")) ==
        Lines{"job.yml:7:30: error: search_space.lr.upper must be at least 1; it is 0"});
  CHECK(lines_of(sweep_over("{type: randint, upper: 2.7}")) ==
        Lines{"job.yml:7:30: warning: search_space.lr.upper is an integer: 2.7 is cut off to 2"});
  CHECK(lines_of(sweep_over("{type: randint, upper: .inf}")) ==
        Lines{"job.yml:7:30: error: search_space.lr.upper must be an integer; .inf is a float"});
  CHECK(lines_of(sweep_over("{type: uniform, min_value: .nan, max_value: one}")) ==
        Lines{"job.yml:7:34: error: search_space.lr.min_value must be a finite number; it is .nan",
              "job.yml:7:51: error: search_space.lr.max_value must be a number; one is text"});
  CHECK(lines_of(sweep_over("{type: log_uniform, min_value: 0, max_value: 1}")) ==
        Lines{"job.yml:7:14: error: search_space.lr.type cannot be 'log_uniform'; allowed: choice, "
              "randint, uniform, quniform, loguniform, qloguniform, normal, qnormal, lognormal, "
              "qlognormal; did you mean 'loguniform'?"});
  CHECK(lines_of(sweep_over("{type: 5}")) ==
        Lines{"job.yml:7:14: error: search_space.lr.type must be text; 5 is an integer in YAML "
              "1.1: put it in quotes"});
  CHECK(lines_of(sweep_over("{min_value: 0}")) ==
        Lines{"job.yml:7:3: error: search_space.lr needs the key 'type'"});
  CHECK(lines_of(sweep_over("{spec: uniform}")) ==
        Lines{"job.yml:7:8: error: 'spec' is not a key of search_space.lr: it is now 'type'"});
  CHECK(lines_of(sweep_over("uniform")) ==
        Lines{"job.yml:7:7: error: search_space.lr must be a mapping with 'type' and its "
              "parameters; it is text"});
  CHECK(lines_of(sweep_over("{type: uniform, min_value: [1], max_value: }")) ==
        Lines{"job.yml:7:34: error: search_space.lr.min_value must be a number; it is a list",
              "job.yml:7:39: error: 'max_value' of search_space.lr is empty: give it a value"});
  CHECK(lines_of(sweep_over("{type: loguniform, min_value: 0, max_value: 1000}")) ==
        Lines{"job.yml:7:51: error: search_space.lr: the bounds are logarithms: e to the power of "
              "1000 is beyond every float"});
}

TEST_CASE("bounds of a log distribution that look like values are questioned") {
  CHECK(lines_of(sweep_over("{type: loguniform, min_value: 1e-5, max_value: 0.1}")) ==
        Lines{"job.yml:7:37: warning: the bounds of search_space.lr are logarithms: values from "
              "1.00001 to 1.10517 will be drawn; for values from 1e-05 to 0.1 write min_value "
              "-11.5129 and max_value -2.30259"});
  CHECK(lines_of(sweep_over("{type: loguniform, min_value: -5, max_value: 0}")).empty());
}

TEST_CASE("numbers may be text, and types may be written as in the older SDK") {
  CHECK(lines_of(sweep_over("{type: uniform, min_value: 1e-5, max_value: \"1\"}")).empty());
  CHECK(lines_of(sweep_over("{type: QLogUniform, min_value: 0, max_value: 1.5, q: 1}")).empty());
  CHECK(lines_of(sweep_over("{type: UNIFORM, min_value: 1, max_value: 1}")).empty());
  CHECK(lines_of(sweep_over("{type: uniForm, min_value: 1, max_value: 1}")) ==
        Lines{"job.yml:7:14: error: search_space.lr.type cannot be 'uniForm'; allowed: choice, "
              "randint, uniform, quniform, loguniform, qloguniform, normal, qnormal, lognormal, "
              "qlognormal; did you mean 'uniform'?"});
}

TEST_CASE("a choice takes integers, floats, text and mappings") {
  CHECK(lines_of(sweep_over("{type: choice, values: [1, 0.5, relu, {k: 1}]}")).empty());
  CHECK(lines_of(sweep_over("{type: choice, values: []}")) ==
        Lines{"job.yml:7:30: error: search_space.lr.values is empty: a choice needs at least one "
              "value"});
  CHECK(lines_of(sweep_over("{type: choice}")) ==
        Lines{"job.yml:7:3: error: search_space.lr needs the key 'values'"});
  CHECK(lines_of(sweep_over("{type: choice, values: \"16,32\"}")) ==
        Lines{"job.yml:7:30: error: search_space.lr.values must be a list, as in [16, 32]; it is "
              "text"});
  CHECK(lines_of(sweep_over(
            "{type: choice, values: [yes, null, [1], 2024-01-01, .inf, 99999999999999999999]}")) ==
        Lines{"job.yml:7:31: error: a value of search_space.lr cannot be a boolean: integers, "
              "finite floats, text and mappings can be drawn; put it in quotes to pass it as text",
              "job.yml:7:36: error: a value of search_space.lr cannot be null: integers, finite "
              "floats, text and mappings can be drawn",
              "job.yml:7:42: error: a value of search_space.lr cannot be a list: integers, finite "
              "floats, text and mappings can be drawn",
              "job.yml:7:47: error: a value of search_space.lr cannot be a date: integers, finite "
              "floats, text and mappings can be drawn; put it in quotes to pass it as text",
              "job.yml:7:59: error: a value of search_space.lr cannot be a float: integers, finite "
              "floats, text and mappings can be drawn; put it in quotes to pass it as text",
              "job.yml:7:65: error: a value of search_space.lr cannot be an integer beyond 64 "
              "bits: integers, finite floats, text and mappings can be drawn; put it in quotes to "
              "pass it as text"});
}

TEST_CASE("a conditional space is checked at every depth") {
  CHECK(lines_of(sweep_over("{type: choice, values: [{}, {a-b: 1}, {c: true}, {d: [1]}, {e: {type: "
                            "uniform, min_value: 0}}]}")) ==
        Lines{"job.yml:7:31: error: search_space.lr: a mapping among the values of a choice needs "
              "at least one key",
              "job.yml:7:36: error: 'a-b' cannot be a name in search_space.lr: letters, digits and "
              "underscores, no digit first",
              "job.yml:7:49: error: search_space.lr.c must be an integer, a float, text or a "
              "distribution; it is a boolean: put it in quotes to pass it as text",
              "job.yml:7:60: error: search_space.lr.d must be an integer, a float, text or a "
              "distribution; it is a list",
              "job.yml:7:67: error: search_space.lr.e needs the key 'max_value'"});
  CHECK(lines_of(sweep_over("{type: choice, values: [{m: {type: choice, values: [{x: {type: "
                            "unifrom, min_value: 0, max_value: 1}}]}}]}")) ==
        Lines{"job.yml:7:70: error: search_space.lr.m.x.type cannot be 'unifrom'; allowed: choice, "
              "randint, uniform, quniform, loguniform, qloguniform, normal, qnormal, lognormal, "
              "qlognormal; did you mean 'uniform'?"});
}

TEST_CASE("a search space needs names and at least one distribution") {
  CHECK(lines_of("type: sweep\n"
                 "trial: {command: \"python train.py\", environment: azureml:e:1}\n"
                 "sampling_algorithm: random\n"
                 "objective: {goal: minimize, primary_metric: loss}\n"
                 "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:1:1: error: a sweep needs the key 'search_space'"});
  CHECK(lines_of("type: sweep\n"
                 "trial: {command: \"python train.py\", environment: azureml:e:1}\n"
                 "search_space: {}\n"
                 "sampling_algorithm: random\n"
                 "objective: {goal: minimize, primary_metric: loss}\n"
                 "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:3:1: error: search_space must be a mapping from names to distributions, "
              "with at least one"});
  CHECK(
      lines_of(
          "type: sweep\n"
          "trial: {command: \"python train.py ${{search_space.2lr}}\", environment: azureml:e:1}\n"
          "search_space: {2lr: {type: uniform, min_value: 0, max_value: 1}}\n"
          "sampling_algorithm: random\n"
          "objective: {goal: minimize, primary_metric: loss}\n"
          "limits: {max_total_trials: 4}\n") ==
      Lines{"job.yml:3:16: error: '2lr' cannot be a name in search_space: letters, digits and "
            "underscores, no digit first"});
  CHECK(lines_of("type: sweep\n"
                 "trial: {command: \"python train.py\", environment: azureml:e:1}\n"
                 "search_space: [lr]\n"
                 "sampling_algorithm: random\n"
                 "objective: {goal: minimize, primary_metric: loss}\n"
                 "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:3:15: error: search_space must be a mapping from names to distributions, "
              "with at least one"});
}

TEST_CASE("a sampling algorithm is random, grid or bayesian") {
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: hyperband\n"
            "objective: {goal: minimize, primary_metric: loss}\n"
            "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:4:21: error: sampling_algorithm cannot be 'hyperband'; allowed: random, "
              "grid, bayesian"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "objective: {goal: minimize, primary_metric: loss}\n"
            "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:1:1: warning: no sampling_algorithm is given: random is used"});
  CHECK(
      lines_of(
          "type: sweep\n"
          "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
          "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
          "sampling_algorithm: {type: random, rule: halton, seed: -1, logbase: 1, sed: 3}\n"
          "objective: {goal: minimize, primary_metric: loss}\n"
          "limits: {max_total_trials: 4}\n") ==
      Lines{
          "job.yml:4:42: error: sampling_algorithm.rule cannot be 'halton'; allowed: random, sobol",
          "job.yml:4:56: error: sampling_algorithm.seed must be at least 0; it is -1",
          "job.yml:4:69: error: sampling_algorithm.logbase must be e, or above 0 and not 1; it is "
          "1",
          "job.yml:4:72: error: unknown key 'sed' in sampling_algorithm; known keys: type, seed, "
          "rule, logbase; did you mean 'seed'?"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: {rule: sobol}\n"
            "objective: {goal: minimize, primary_metric: loss}\n"
            "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:4:1: error: sampling_algorithm needs the key 'type'"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: {type: grid, seed: 1}\n"
            "objective: {goal: minimize, primary_metric: loss}\n"
            "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:3:27: error: a grid takes only choice; search_space.lr is uniform: list its "
              "values, or use sampling_algorithm random",
              "job.yml:4:34: error: unknown key 'seed' in sampling_algorithm; known keys: type"});
  CHECK(
      lines_of(
          "type: sweep\n"
          "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
          "search_space: {lr: {type: loguniform, min_value: -3, max_value: 0}}\n"
          "sampling_algorithm: Bayesian\n"
          "objective: {goal: minimize, primary_metric: loss}\n"
          "limits: {max_total_trials: 4}\n") ==
      Lines{
          "job.yml:3:27: warning: Azure ML's bayesian sampling takes choice, uniform and quniform; "
          "search_space.lr is loguniform, which only Trawl accepts",
          "job.yml:4:21: warning: bayesian sampling is not built yet: trials are drawn at random"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: [random]\n"
            "objective: {goal: minimize, primary_metric: loss}\n"
            "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:4:21: error: sampling_algorithm must be text; it is a list"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "algorithm: random\n"
            "objective: {goal: minimize, primary_metric: loss}\n"
            "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:4:1: error: 'algorithm' is not a key of a sweep: it is now "
              "'sampling_algorithm'"});
}

TEST_CASE("an objective has a goal and a metric") {
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: random\n"
            "objective: {goal: minimise}\n"
            "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:5:1: error: objective needs the key 'primary_metric'",
              "job.yml:5:19: error: objective.goal cannot be 'minimise'; allowed: minimize, "
              "maximize; did you mean 'minimize'?"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: random\n"
            "objective: {goal: miniMize, primary_metric: \"\"}\n"
            "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:5:19: error: objective.goal cannot be 'miniMize'; allowed: minimize, "
              "maximize; did you mean 'minimize'?",
              "job.yml:5:45: error: objective.primary_metric is empty: name a metric that the "
              "trial logs"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: random\n"
            "objective: minimize\n"
            "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:5:12: error: objective must be a mapping with the keys goal, "
              "primary_metric; it is text"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: random\n"
            "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:1:1: error: a sweep needs the key 'objective'"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: random\n"
            "objective: {goal: minimize, metric: loss, primary_metric: 5}\n"
            "limits: {max_total_trials: 4}\n") ==
        Lines{"job.yml:5:29: error: unknown key 'metric' in objective; known keys: goal, "
              "primary_metric",
              "job.yml:5:59: error: objective.primary_metric must be text; 5 is an integer in YAML "
              "1.1: put it in quotes"});
}

TEST_CASE("a bandit takes exactly one slack") {
  CHECK(lines_of(sweep_with("early_termination: {type: bandit}\n")) ==
        Lines{"job.yml:7:1: error: a bandit needs slack_factor or slack_amount"});
  CHECK(lines_of(sweep_with(
            "early_termination: {type: bandit, slack_factor: 0.1, slack_amount: 0.2}\n")) ==
        Lines{"job.yml:7:54: error: a bandit takes slack_factor or slack_amount, not both: remove "
              "one"});
  CHECK(
      lines_of(sweep_with("early_termination: {type: bandit, slack_factor: -0.1}\n")) ==
      Lines{"job.yml:7:49: error: early_termination.slack_factor must be at least 0; it is -0.1"});
  CHECK(lines_of(sweep_with("early_termination: {type: bandit, slack_amount: lots, slack: 1}\n")) ==
        Lines{"job.yml:7:49: error: early_termination.slack_amount must be a number; lots is text",
              "job.yml:7:55: error: unknown key 'slack' in early_termination; known keys: type, "
              "evaluation_interval, delay_evaluation, slack_factor, slack_amount"});
}

TEST_CASE("the other policies check their keys and ranges") {
  CHECK(lines_of(sweep_with(
            "early_termination: {type: truncation_selection, truncation_percentage: 100}\n")) ==
        Lines{"job.yml:7:72: error: early_termination.truncation_percentage must be from 1 to 99; "
              "it is 100"});
  CHECK(
      lines_of(sweep_with(
          "early_termination: {type: truncation_selection, exclude_finished_jobs: true}\n")) ==
      Lines{"job.yml:7:1: error: early_termination needs the key 'truncation_percentage'",
            "job.yml:7:49: error: 'exclude_finished_jobs' is not a key of early_termination: Azure "
            "ML v2 has no such key, and finished trials always count in the ranking: remove it"});
  CHECK(
      lines_of(sweep_with("early_termination: {type: median_stopping, slack_factor: 1, "
                          "delay_evaluation: -1, evaluation_interval: x}\n")) ==
      Lines{"job.yml:7:44: error: unknown key 'slack_factor' in early_termination; known keys: "
            "type, evaluation_interval, delay_evaluation",
            "job.yml:7:79: error: early_termination.delay_evaluation must be at least 0; it is -1",
            "job.yml:7:104: error: early_termination.evaluation_interval must be an integer; x is "
            "text"});
  CHECK(lines_of(sweep_with("early_termination: {type: hyperband}\n")) ==
        Lines{"job.yml:7:27: error: early_termination.type cannot be 'hyperband'; allowed: bandit, "
              "median_stopping, truncation_selection"});
  CHECK(lines_of(sweep_with("early_termination: bandit\n")) ==
        Lines{"job.yml:7:20: error: early_termination must be a mapping: write 'type: bandit' "
              "under it"});
  CHECK(lines_of(sweep_with("early_termination: {policy_type: median}\n")) ==
        Lines{"job.yml:7:1: error: early_termination needs the key 'type'",
              "job.yml:7:21: error: 'policy_type' is not a key of early_termination: it is now "
              "'type'"});
  CHECK(lines_of(sweep_with("early_termination: {type: median}\n")) ==
        Lines{"job.yml:7:27: error: early_termination.type cannot be 'median'; allowed: bandit, "
              "median_stopping, truncation_selection; it is 'median_stopping'"});
  CHECK(lines_of(sweep_with("early_termination: [bandit]\n")) ==
        Lines{"job.yml:7:20: error: early_termination must be a mapping with the keys type, "
              "evaluation_interval, delay_evaluation; it is a list"});
  CHECK(
      lines_of(sweep_with("early_termination: {type: MedianStopping, evaluation_interval: null}\n"))
          .empty());
}

TEST_CASE("limits are checked, and short timeouts kept") {
  CHECK(
      lines_of(
          "type: sweep\n"
          "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
          "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
          "sampling_algorithm: random\n"
          "objective: {goal: minimize, primary_metric: loss}\n"
          "limits: {max_concurrent_trials: 0}\n") ==
      Lines{
          "job.yml:6:1: error: limits needs the key 'max_total_trials'",
          "job.yml:6:33: error: limits.max_concurrent_trials must be from 1 to 1000000; it is 0"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: random\n"
            "objective: {goal: minimize, primary_metric: loss}\n"
            "limits: {max_total_trials: 0, timeout: -1, trial_timeout: PT1H}\n") ==
        Lines{"job.yml:6:28: error: limits.max_total_trials must be from 1 to 1000000; it is 0",
              "job.yml:6:40: error: limits.timeout must be from 0 to 3162240000; it is -1",
              "job.yml:6:59: error: limits.trial_timeout is a whole number of seconds, as in 3600; "
              "it is 'PT1H'"});
  CHECK(
      lines_of(
          "type: sweep\n"
          "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
          "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
          "sampling_algorithm: random\n"
          "objective: {goal: minimize, primary_metric: loss}\n"
          "limits: {max_total_trials: 1000001}\n") ==
      Lines{
          "job.yml:6:28: error: limits.max_total_trials must be from 1 to 1000000; it is 1000001"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: random\n"
            "objective: {goal: minimize, primary_metric: loss}\n"
            "limits: {max_total_trials: \"3\", timeout: 5, trial_timeout: 0}\n") ==
        Lines{"job.yml:6:42: warning: limits.timeout of 5 s is kept exactly; Azure ML would raise "
              "it to 60 s"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: random\n"
            "objective: {goal: minimize, primary_metric: loss}\n"
            "limits: {max_total_trials: yes, max_trials: 3, timeout: 1 hour}\n") ==
        Lines{"job.yml:6:28: error: limits.max_total_trials must be an integer; yes is a boolean "
              "in YAML 1.1",
              "job.yml:6:33: error: 'max_trials' is not a key of limits: it is 'max_total_trials'",
              "job.yml:6:57: error: limits.timeout must be an integer; 1 hour is text"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: random\n"
            "objective: {goal: minimize, primary_metric: loss}\n"
            "max_total_trials: 4\n"
            "timeout_minutes: 5\n") == Lines{"job.yml:6:1: error: 'max_total_trials' is not a key "
                                             "of a sweep: it is now 'limits.max_total_trials'",
                                             "job.yml:7:1: error: 'timeout_minutes' is not a key "
                                             "of a sweep: it is now 'limits.timeout', in seconds"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: random\n"
            "objective: {goal: minimize, primary_metric: loss}\n"
            "limits:\n") ==
        Lines{"job.yml:6:1: error: 'limits' of a sweep is empty: give it a value"});
  CHECK(lines_of(
            "type: sweep\n"
            "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
            "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
            "sampling_algorithm: random\n"
            "objective: {goal: minimize, primary_metric: loss}\n"
            "limits: {max_total_runs: 4, max_duration_minutes: 3}\n") ==
        Lines{"job.yml:6:10: error: 'max_total_runs' is not a key of limits: it is now "
              "'max_total_trials'",
              "job.yml:6:29: error: 'max_duration_minutes' is not a key of limits: it is now "
              "'timeout', in seconds"});
}

}  // namespace
}  // namespace trawl::jobfile
