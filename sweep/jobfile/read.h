// sweep/jobfile/read.h: from an Azure ML v2 YAML file to a checked job, with every error of the file
// at once, each with its place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sweep/job.h"

namespace trawl::jobfile {

enum class Severity { kError, kWarning };

/// One fault. Line and column count from 1, columns in characters; 0 where there is no place in the
/// text (an override, a missing file).
struct Diagnostic {
  Severity severity{};
  std::string file;
  int line{};
  int column{};
  std::string message;  // what, what is allowed, the nearest known key
};

/// `file:line:col: error: message`
std::string to_string(const Diagnostic& diagnostic);

/// `--set a.b.c=value`: the value is read as YAML; a missing mapping on the way is made.
struct Override {
  std::string path;
  std::string value;
};

struct ReadOptions {
  std::vector<Override> overrides;
  std::optional<std::string> name;  // --name
  std::uint64_t fresh{};            // entropy from the shell: names the job and seeds its sampler
                                    // where the file does neither
  std::string experiment_name;      // where the file gives none: the name of the folder that the
                                    // command was given in
};

struct Reading {
  std::optional<JobSpec> job;  // present exactly when no diagnostic is an error
  std::vector<Diagnostic> diagnostics;  // in file order
};

/// Reads, overrides and checks `path`. Reads other files where the job names them (code, inputs,
/// conda files must exist); has no other effect. Bounded: a file over 4 MiB, or one that expands to
/// more than 100,000 nodes or 100 levels, is refused.
Reading read_job_file(const std::string& path, const ReadOptions& options);

}  // namespace trawl::jobfile
