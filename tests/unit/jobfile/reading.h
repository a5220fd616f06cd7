// Reads a job file from a text, in a folder of its own, and gives its diagnostics as lines that
// start with job.yml. The warning that every environment gets is left out unless it is asked for.
#pragma once

#include <string>
#include <vector>

#include "sweep/jobfile/read.h"

namespace trawl::jobfile {

using Lines = std::vector<std::string>;

/// A folder with job.yml, data.csv, data/ and src/train.py, removed at the end.
class JobFolder {
 public:
  explicit JobFolder(const std::string& text);
  ~JobFolder();
  JobFolder(const JobFolder&) = delete;
  JobFolder& operator=(const JobFolder&) = delete;

  void write(const std::string& name, const std::string& text) const;
  Reading read(const ReadOptions& options = options_for_tests()) const;
  Lines lines(const ReadOptions& options = options_for_tests()) const;
  const std::string& path() const { return path_; }

  static ReadOptions options_for_tests();

 private:
  std::string path_;
};

/// Diagnostics of `text`, in order.
Lines lines_of(const std::string& text);
/// The job of `text`, which must have no error.
JobSpec job_of(const std::string& text);

/// A command job and a sweep that are in order; `with` puts lines at their end.
std::string command_with(const std::string& more);
std::string sweep_with(const std::string& more);
/// The sweep with `lr: {...}` given.
std::string sweep_over(const std::string& distribution);

}  // namespace trawl::jobfile
