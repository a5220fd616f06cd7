// Azure ML v2 job files, good and bad. `valid` and `invalid` beside this file are ours; the larger
// collection of files from public repositories is read where a checkout has it next to it, in
// ../shared/azureml/valid, and skipped with a line where it has not.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iostream>

#include <catch2/catch.hpp>

#include "base/text.h"
#include "sweep/jobfile/read.h"

namespace trawl::jobfile {
namespace {

const std::string kSource = TRAWL_SOURCE_DIR;
const std::string kOurs = kSource + "/tests/conformance/azureml";
const std::string kShared = kSource + "/../shared/azureml/valid";

Reading validate(const std::string& path) {
  ReadOptions options;
  options.fresh = 1;
  options.experiment_name = "conformance";
  options.resolve_inputs = false;
  const auto start = std::chrono::steady_clock::now();
  Reading reading = read_job_file(path, options);
  // The corpus's own limit; it is a hang that this looks for.
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds{2});
  CHECK(reading.job.has_value() == std::ranges::none_of(reading.diagnostics, [](const auto& d) {
          return d.severity == Severity::kError;
        }));
  return reading;
}

std::string all_lines(const Reading& reading) {
  std::string lines;
  for (const Diagnostic& diagnostic : reading.diagnostics) lines += to_string(diagnostic) + "\n";
  return lines;
}

// The rows of a tab-separated file, without its head.
std::vector<std::vector<std::string>> rows(const std::string& path) {
  std::ifstream file(path);
  REQUIRE(file);
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    const auto cells = split(line, '\t');
    rows.emplace_back(cells.begin(), cells.end());
  }
  return rows;
}

// The rule of invalid/README.md: the exact line and column, or as many lines away as `also` allows.
bool stands_at(const Diagnostic& diagnostic, const std::string& place, const std::string& also) {
  if (also == "any-in-file") return true;
  const auto parts = split(place, ':');
  const int line = std::stoi(std::string(parts[0]));
  const int column = std::stoi(std::string(parts[1]));
  const int ahead = also == "next2" ? 2 : also == "next" ? 1 : 0;
  const int behind = also == "prev" ? 1 : 0;
  if (diagnostic.line == line) return diagnostic.column == column;
  return diagnostic.line >= line - behind && diagnostic.line <= line + ahead;
}

TEST_CASE(
    "every invalid file of ours is refused, or warned about, at the place that its row names") {
  std::size_t count = 0;
  for (const auto& row : rows(kOurs + "/invalid/MANIFEST.tsv")) {
    const std::string& expected = row.at(1);
    const Reading reading = validate(kOurs + "/invalid/" + row.at(0));
    CAPTURE(row.at(0), row.at(2), row.at(3), all_lines(reading));
    ++count;
    if (expected == "accept") {
      CHECK(reading.job);
      continue;
    }
    const bool may_warn = expected == "reject|warn";
    if (!may_warn) CHECK_FALSE(reading.job);
    CHECK(std::ranges::any_of(reading.diagnostics, [&](const Diagnostic& diagnostic) {
      return (may_warn || diagnostic.severity == Severity::kError) &&
             stands_at(diagnostic, row.at(2), row.at(3));
    }));
  }
  CHECK(count == 56);
}

TEST_CASE("every valid file of ours is read without an error") {
  std::size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kOurs + "/valid")) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with("command-") && !name.starts_with("sweep-")) continue;
    const Reading reading = validate(entry.path().string());
    CAPTURE(name, all_lines(reading));
    CHECK(reading.job);
    if (reading.job) CHECK(reading.job->sweep.has_value() == name.starts_with("sweep-"));
    ++count;
  }
  CHECK(count == 29);
}

TEST_CASE("files of public repositories are read or refused as Azure ML's own client does") {
  if (!std::filesystem::exists(kShared + "/MANIFEST.tsv")) {
    std::cout << "skipped: there is no collection of public job files in ../shared/azureml\n";
    return;
  }
  std::size_t accepted = 0;
  std::size_t rejected = 0;
  for (const auto& row : rows(kShared + "/MANIFEST.tsv")) {
    if (row.at(1) != "command" && row.at(1) != "sweep") continue;
    const Reading reading = validate(kShared + "/" + row.at(0));
    CAPTURE(row.at(0), row.at(6), all_lines(reading));
    if (row.at(6) == "accept") {
      CHECK(reading.job);
      ++accepted;
    } else {
      CHECK(std::ranges::any_of(reading.diagnostics, [](const Diagnostic& diagnostic) {
        return diagnostic.severity == Severity::kError && diagnostic.line > 0;
      }));
      ++rejected;
    }
  }
  std::cout << "public job files: " << accepted << " to accept, " << rejected << " to reject\n";
  CHECK(accepted > 0);
  CHECK(rejected > 0);
}

}  // namespace
}  // namespace trawl::jobfile
