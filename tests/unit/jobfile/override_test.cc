// --set and --name: applied before the checks, and named by every complaint about them.
#include <catch2/catch.hpp>

#include "tests/unit/jobfile/reading.h"

namespace trawl::jobfile {
namespace {

Lines lines_with(const std::string& text, std::vector<Override> overrides) {
  ReadOptions options = JobFolder::options_for_tests();
  options.overrides = std::move(overrides);
  return JobFolder(text).lines(options);
}

JobSpec job_with(const std::string& text, std::vector<Override> overrides) {
  ReadOptions options = JobFolder::options_for_tests();
  options.overrides = std::move(overrides);
  const Reading reading = JobFolder(text).read(options);
  REQUIRE(reading.job.has_value());
  return *reading.job;
}

TEST_CASE("an override replaces a value, adds one, and makes mappings on the way") {
  const JobSpec job = job_with(command_with("tags: {a: b}\n"), {{"command", "echo ${{inputs.n}}"},
                                                                {"inputs.n", "0x10"},
                                                                {"tags.a", "c"},
                                                                {"limits.timeout", "60"}});
  CHECK(job.command.command == "echo ${{inputs.n}}");
  REQUIRE(job.inputs.size() == 1);
  CHECK(job.inputs[0].text == "16");
  CHECK(job.tags == std::vector<NamedText>{{"a", "c"}});
  CHECK(job.timeout == Duration{std::chrono::seconds{60}});
}

TEST_CASE("later overrides win, and enter lists by number") {
  const JobSpec job =
      job_with(sweep_over("{type: choice, values: [1, 2]}"), {{"search_space.lr.values.1", "3"},
                                                              {"limits.max_total_trials", "5"},
                                                              {"limits.max_total_trials", "6"}});
  REQUIRE(job.sweep);
  CHECK(job.sweep->limits.max_total_trials == 6);
  const auto& choice = std::get<Choice>(job.sweep->search_space[0].distribution);
  CHECK(std::get<std::int64_t>(choice.options[1].data) == 3);
}

TEST_CASE("data that is elsewhere is replaced by a local copy") {
  const std::string text =
      command_with("inputs: {points: {type: uri_file, path: \"azureml:points:1\"}}\n");
  CHECK(lines_of(text).size() == 1);
  CHECK(lines_with(text, {{"inputs.points.path", "data.csv"}}).empty());
}

TEST_CASE("a complaint about an override names it") {
  CHECK(lines_with(sweep_with(""), {{"limits.max_total_trials", "0"}}) ==
        Lines{"--set limits.max_total_trials=0: error: limits.max_total_trials must be from 1 to "
              "1000000; it is 0"});
  CHECK(lines_with(sweep_with(""), {{"limits", "{timeout: 70}"}}) ==
        Lines{"--set limits={timeout: 70}: error: limits needs the key 'max_total_trials'"});
  CHECK(lines_with(command_with(""), {{"comand", "x"}})
            .at(0)
            .starts_with(
                "--set comand=x: error: unknown key 'comand' in a command job; known keys: "));
  CHECK(lines_with(command_with(""), {{"command", "echo ${{inputs.x}}"}}) ==
        Lines{"--set command=echo ${{inputs.x}}: error: 'x' is not in inputs: this job has none"});
}

TEST_CASE("an override that cannot be applied says why") {
  CHECK(lines_with(command_with(""), {{"command.a", "x"}}) ==
        Lines{"--set command.a=x: error: there is no 'a' to set: what would hold it is text"});
  CHECK(
      lines_with(command_with(""), {{"tags..a", "x"}}) ==
      Lines{"--set tags..a=x: error: the path must be keys between dots, as in limits.timeout=60"});
  CHECK(lines_with(command_with(""), {{"tags.a", "[x"}}) ==
        Lines{"--set tags.a=[x: error: this is not YAML: end of sequence flow not found"});
  CHECK(
      lines_with(sweep_over("{type: choice, values: [1]}"), {{"search_space.lr.values.1", "3"}}) ==
      Lines{"--set search_space.lr.values.1=3: error: there is no '1' to set: what would hold it "
            "is a list"});
}

TEST_CASE("a name that is given replaces the file's") {
  ReadOptions options = JobFolder::options_for_tests();
  options.name = "mine";
  const Reading reading = JobFolder(command_with("name: theirs\n")).read(options);
  REQUIRE(reading.job);
  CHECK(reading.job->name == "mine");
  options.name = "../mine";
  CHECK(JobFolder(command_with("")).lines(options) ==
        Lines{"--name ../mine: error: '../mine' cannot be a job's name: 1 to 240 letters, digits, "
              "'_' or '-', a letter or digit first"});
}

}  // namespace
}  // namespace trawl::jobfile
