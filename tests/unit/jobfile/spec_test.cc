// What a file becomes: the spec with its defaults, and the document that `job show` prints.
#include <catch2/catch.hpp>

#include "tests/unit/jobfile/reading.h"

namespace trawl::jobfile {
namespace {

TEST_CASE("a command job carries its parts") {
  const JobFolder folder(
      "name: tide-1\n"
      "display_name: Tide\n"
      "description: tables\n"
      "tags: {a: b, c: }\n"
      "command: python train.py {inputs.n} ${{inputs.d}}\n"
      "code: src\n"
      "environment: azureml:e:1\n"
      "environment_variables: {N: 3, R: 1.0e-5, T: yes}\n"
      "inputs: {n: 1.50, d: {path: data, mode: download}, u: {value: \"007\"}}\n"
      "outputs: {o: , p: {type: uri_file, mode: upload}}\n"
      "limits: {timeout: 90}\n"
      "distribution: {type: pytorch, process_count_per_instance: 4}\n"
      "resources: {instance_count: 2}\n");
  const Reading reading = folder.read();
  REQUIRE(reading.job);
  const JobSpec& job = *reading.job;
  CHECK(job.name == "tide-1");
  CHECK(job.display_name == "Tide");
  CHECK(job.experiment_name == "coast");
  CHECK(job.description == "tables");
  CHECK(job.tags == std::vector<NamedText>{{"a", "b"}, {"c", ""}});
  CHECK(job.command.command == "python train.py ${{inputs.n}} ${{inputs.d}}");
  CHECK(job.command.code == folder.path() + "/src");
  CHECK(job.command.environment == "azureml:e:1");
  CHECK(job.command.environment_variables ==
        std::vector<NamedText>{{"N", "3"}, {"R", "1e-05"}, {"T", "True"}});
  CHECK(job.inputs == std::vector<Input>{{"n", Input::Kind::kLiteral, "", "", "1.5"},
                                         {"d", Input::Kind::kLocalPath, "uri_folder", "download",
                                          folder.path() + "/data"},
                                         {"u", Input::Kind::kLiteral, "", "", "007"}});
  CHECK(job.outputs ==
        std::vector<Output>{{"o", "uri_folder", "rw_mount", ""}, {"p", "uri_file", "upload", ""}});
  CHECK(job.timeout == Duration{std::chrono::seconds{90}});
  CHECK(job.command.resources == Resources{2, 4, Launcher::kPytorch});
  CHECK_FALSE(job.sweep);
}

TEST_CASE("a sweep carries its parts, with defaults filled in") {
  const JobSpec job = job_of(
      "type: sweep\n"
      "trial: {command: train, environment: {image: python}}\n"
      "sampling_algorithm: {type: random, rule: sobol, seed: 5, logbase: 10}\n"
      "objective: {goal: Maximize, primary_metric: acc}\n"
      "limits: {max_total_trials: 8, trial_timeout: 61}\n"
      "early_termination: {type: Bandit, slack_factor: 1e-1, evaluation_interval: 0}\n"
      "search_space:\n"
      "  b: {type: loguniform, min_value: -3, max_value: 0}\n"
      "  a:\n"
      "    type: choice\n"
      "    values: [1, 0.5, x, {k: {type: randint, upper: 3}, c: 4}]\n");
  REQUIRE(job.sweep);
  const SweepSpec& sweep = *job.sweep;
  CHECK(job.command.environment == "python");
  CHECK(sweep.sampling == Sampling{SamplingRule::kSobol, 5});
  CHECK(sweep.objective == Objective{Goal::kMaximize, "acc"});
  CHECK(sweep.limits == SweepLimits{8, 8, Duration{std::chrono::seconds{61}}});
  CHECK(job.timeout == Duration{std::chrono::seconds{5'184'000}});
  CHECK(sweep.early_termination == Policy{Bandit{0.1, std::nullopt}, 1, 0});
  const SearchSpace conditional = {{"k", RandInt{3}}, {"c", Choice{{{std::int64_t{4}}}}}};
  const SearchSpace expected = {
      {"b", LogUniform{-3, 0, 10}},
      {"a", Choice{{{std::int64_t{1}}, {0.5}, {std::string("x")}, {conditional}}}}};
  CHECK(sweep.search_space == expected);
}

TEST_CASE("names and seeds that the file leaves open come from the entropy alone") {
  const JobSpec one = job_of(sweep_with(""));
  const JobSpec two = job_of(sweep_with(""));
  CHECK(one.name == two.name);
  CHECK(one.name == "noble_bay_z8lm056uf4");
  CHECK(one.display_name == one.name);
  CHECK(one.sweep->sampling == two.sweep->sampling);
  ReadOptions options = JobFolder::options_for_tests();
  options.fresh = 8;
  const Reading other = JobFolder(sweep_with("")).read(options);
  CHECK(other.job->name != one.name);
  CHECK(other.job->sweep->sampling.seed != one.sweep->sampling.seed);
  const JobSpec named = job_of(command_with("name: mine\n"));
  CHECK(named.name == "mine");
  CHECK(named.display_name != "mine");
}

TEST_CASE("the document is the file in canonical JSON") {
  CHECK(job_of("$schema: x\n"
               "name: n\n"
               "display_name: d\n"
               "type: sweep\n"
               "trial: {command: train, environment: azureml:e:1, resources: {}}\n"
               "sampling_algorithm: RANDOM\n"
               "objective: {goal: Maximize, primary_metric: acc}\n"
               "limits: {max_total_trials: \"8\", timeout: 61.5}\n"
               "early_termination: {type: MedianStopping}\n"
               "inputs: {r: 0.5, y: yes}\n"
               "outputs: {o: }\n"
               "tags: {}\n"
               "search_space:\n"
               "  lr: {type: LogUniform, min_value: \"-3\", max_value: 0.0}\n")
            .document ==
        R"({"display_name":"d","early_termination":{"type":"median_stopping"},)"
        R"("experiment_name":"coast","inputs":{"r":"0.5","y":"True"},)"
        R"("limits":{"max_total_trials":8,"timeout":61},)"
        R"("objective":{"goal":"maximize","primary_metric":"acc"},)"
        R"("outputs":{"o":{"mode":"rw_mount","type":"uri_folder"}},)"
        R"("sampling_algorithm":{"seed":8767883689854586,"type":"random"},)"
        R"("search_space":{"lr":{"max_value":0.0,"min_value":-3,"type":"loguniform"}},)"
        R"("trial":{"command":"train","environment":"azureml:e:1"},"type":"sweep"})");
}

TEST_CASE("to validate, what is elsewhere is a warning") {
  ReadOptions options = JobFolder::options_for_tests();
  options.resolve_inputs = false;
  const JobFolder folder(
      command_with("code: azureml:c:1\n"
                   "inputs: {d: {path: \"azureml:d@latest\"}}\n"));
  const Reading reading = folder.read(options);
  REQUIRE(reading.job);
  CHECK(reading.job->inputs[0].kind == Input::Kind::kUri);
  CHECK(reading.job->command.code.empty());
  CHECK(folder.lines(options).size() == 2);
  CHECK_FALSE(folder.read().job);
}

TEST_CASE("an environment in a file of its own is checked there, relative to its folder") {
  const JobFolder folder("command: c\nenvironment: file:./src/env.yml\n");
  folder.write("src/env.yml", "name: e\nversion: 3\nimage: python\nconda_file: ../data.csv\n");
  CHECK(folder.lines().empty());
  folder.write("src/env.yml", "image: python\n# é\nconda: x\n");
  const Lines lines = folder.lines();
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] ==
        "src/env.yml:3:1: error: 'conda' is not a key of environment: it is now 'conda_file'");
}

TEST_CASE("every environment is said not to be built") {
  const Reading reading = JobFolder(command_with("")).read();
  REQUIRE(reading.diagnostics.size() == 1);
  CHECK(reading.diagnostics[0].message ==
        "environment is not built: the trial runs with this machine's programs");
  CHECK(reading.diagnostics[0].severity == Severity::kWarning);
  CHECK(reading.diagnostics[0].line == 2);
}

}  // namespace
}  // namespace trawl::jobfile
