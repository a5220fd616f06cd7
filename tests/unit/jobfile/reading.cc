#include "tests/unit/jobfile/reading.h"

#include <filesystem>
#include <fstream>
#include <unistd.h>

#include <catch2/catch.hpp>

namespace trawl::jobfile {

JobFolder::JobFolder(const std::string& text) {
  std::string name = (std::filesystem::temp_directory_path() / "trawl-jobfile-XXXXXX").string();
  REQUIRE(mkdtemp(name.data()) != nullptr);
  path_ = name;
  std::filesystem::create_directories(path_ + "/src");
  std::filesystem::create_directories(path_ + "/data");
  write("src/train.py", "");
  write("data.csv", "x\n");
  write("job.yml", text);
}

JobFolder::~JobFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void JobFolder::write(const std::string& name, const std::string& text) const {
  std::ofstream file(path_ + "/" + name, std::ios::binary);
  file << text;
}

ReadOptions JobFolder::options_for_tests() {
  ReadOptions options;
  options.fresh = 7;
  options.experiment_name = "coast";
  return options;
}

Reading JobFolder::read(const ReadOptions& options) const {
  return read_job_file(path_ + "/job.yml", options);
}

Lines JobFolder::lines(const ReadOptions& options) const {
  Lines lines;
  for (const Diagnostic& diagnostic : read(options).diagnostics) {
    std::string line = to_string(diagnostic);
    for (std::size_t at = line.find(path_); at != std::string::npos; at = line.find(path_)) {
      line.erase(at, path_.size() + 1);
    }
    if (line.find("environment is not built") == std::string::npos) lines.push_back(line);
  }
  return lines;
}

Lines lines_of(const std::string& text) {
  return JobFolder(text).lines();
}

JobSpec job_of(const std::string& text) {
  const JobFolder folder(text);
  CAPTURE(folder.lines());
  const Reading reading = folder.read();
  REQUIRE(reading.job.has_value());
  return *reading.job;
}

std::string command_with(const std::string& more) {
  return "command: python train.py\nenvironment: azureml:e:1\n" + more;
}

std::string sweep_with(const std::string& more) {
  return "type: sweep\n"
         "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
         "search_space: {lr: {type: uniform, min_value: 0, max_value: 1}}\n"
         "sampling_algorithm: random\n"
         "objective: {goal: minimize, primary_metric: loss}\n"
         "limits: {max_total_trials: 4}\n" +
         more;
}

std::string sweep_over(const std::string& distribution) {
  return "type: sweep\n"
         "trial: {command: \"python train.py ${{search_space.lr}}\", environment: azureml:e:1}\n"
         "sampling_algorithm: random\n"
         "objective: {goal: minimize, primary_metric: loss}\n"
         "limits: {max_total_trials: 4}\n"
         "search_space:\n"
         "  lr: " +
         distribution + "\n";
}

}  // namespace trawl::jobfile
