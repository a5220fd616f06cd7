// sweep/jobfile/read.h: from an Azure ML v2 YAML file to a checked job, with every error of the
// file at once, each with its place.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sweep/job.h"

namespace trawl::jobfile {

enum class Severity { kError, kWarning };

/// One fault. Line and column count from 1, columns in characters; 0 where there is no place in the
/// text: a missing file, or an override, for which `file` is the option as it was given (`--set
/// limits.timeout=x`).
struct Diagnostic {
  Severity severity{};
  std::string file;
  int line{};
  int column{};
  std::string message;  // what, what is allowed, the nearest known key
};

/// `file:line:col: error: message`, or `file: error: message` where there is no line.
std::string to_string(const Diagnostic& diagnostic);

/// `--set a.b.c=value`: the value is read as YAML; a missing mapping on the way is made. Overrides
/// apply in order, before anything is checked.
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
  bool resolve_inputs = true;       // true to submit: data and code that cannot be had on this
                                    // machine, and a grid over what is not a choice, are errors;
                                    // false to validate: they are warnings
};

struct Reading {
  std::optional<JobSpec> job;           // present exactly when no diagnostic is an error
  std::vector<Diagnostic> diagnostics;  // in file order
};

/// Reads, overrides and checks `path`. Reads other files where the job names them (code, inputs,
/// conda files must exist); has no other effect. Bounded: a file over 4 MiB, or one that expands
/// to more than 100,000 nodes or 100 levels, is refused.
Reading read_job_file(const std::string& path, const ReadOptions& options);

}  // namespace trawl::jobfile
