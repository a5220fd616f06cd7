// Files that mean harm, or are none: refused within bounds, never a crash.
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "tests/unit/jobfile/reading.h"

namespace trawl::jobfile {
namespace {

std::string repeated(const std::string& text, std::size_t count) {
  std::string result;
  for (std::size_t i = 0; i < count; ++i) result += text;
  return result;
}

TEST_CASE("an alias bomb stops at the limit of values") {
  std::string text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    const std::string more = repeated(fmt::format(", *a{}", i - 1), 8);
    text += fmt::format("a{}: &a{} [*a{}{}]\n", i, i, i - 1, more);
  }
  CHECK(lines_of(text) ==
        Lines{"job.yml:6:10: error: aliases expand to more than 100000 values or 100 levels"});
}

TEST_CASE("deep nesting stops at the limit of levels") {
  CHECK(lines_of(repeated("[", 1000)) ==
        Lines{"job.yml:1:51: error: more than 100 levels of nesting"});
  CHECK(lines_of(repeated("- ", 100'000)) ==
        Lines{"job.yml:1:201: error: more than 100 levels of nesting"});
}

TEST_CASE("large files are refused by size, by values and by brackets") {
  CHECK(lines_of(repeated("x", 5 << 20)) == Lines{"job.yml: error: larger than 4 MiB"});
  CHECK(lines_of(repeated("- a\n", 100'001)) ==
        Lines{"job.yml:100000:3: error: more than 100000 values"});
  CHECK(lines_of(repeated("[", 4 << 20).substr(1)) ==
        Lines{"job.yml:1:200001: error: more than 200000 brackets, braces and commas"});
}

TEST_CASE("a command that no shell can be given is refused") {
  CHECK(lines_of("environment: azureml:e:1\ncommand: " + repeated("echo ", 30'000)) ==
        Lines{"job.yml:2:10: error: command is longer than 131071 bytes, the most that a shell can "
              "be given"});
}

TEST_CASE("faults are listed up to a limit, and each at a bounded length") {
  std::string text = command_with("");
  for (int i = 0; i < 5000; ++i) text += fmt::format("k{}: 1\n", i);
  CHECK(lines_of(text).size() == 200);
  const Lines lines = lines_of(command_with(repeated("é", 60'000) + ": 1\n"));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].size() < 1100);
}

TEST_CASE("bytes that are not text are refused at their place") {
  CHECK(lines_of("command: caf\xE9\n") ==
        Lines{"job.yml:1:13: error: byte 0xE9 is not UTF-8: save the file as UTF-8"});
  CHECK(lines_of(std::string("command: é\nx: \0", 16)) ==
        Lines{"job.yml:2:4: error: the control character 0x00 is not allowed in YAML"});
}

TEST_CASE("a byte-order mark and CRLF change no place") {
  CHECK(lines_of("\xEF\xBB\xBF"
                 "command: x\r\nenvironment: azureml:e:1\r\ncompute: 5\r\n") ==
        Lines{"job.yml:3:10: error: compute must be text; 5 is an integer in YAML 1.1: put it in "
              "quotes"});
  CHECK(job_of("command: |\r\n  a\r\n  b\r\nenvironment: azureml:e:1\r\n").command.command ==
        "a\nb\n");
}

TEST_CASE("what is no file is said to be none") {
  const JobFolder folder("");
  const ReadOptions options = JobFolder::options_for_tests();
  const Reading missing = read_job_file(folder.path() + "/none.yml", options);
  REQUIRE(missing.diagnostics.size() == 1);
  CHECK(missing.diagnostics[0].line == 0);
  CHECK(missing.diagnostics[0].message == "cannot read: No such file or directory");
  const Reading directory = read_job_file(folder.path(), options);
  REQUIRE(directory.diagnostics.size() == 1);
  CHECK(directory.diagnostics[0].message == "this is a folder, not a YAML file");
}

}  // namespace
}  // namespace trawl::jobfile
