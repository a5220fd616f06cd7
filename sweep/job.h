// sweep/job.h: a submitted unit of work as data: what the job file said, checked and with every
// default filled in. sweep/jobfile makes it; the core schedules it; distribution/launch turns one
// trial of it into processes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/instant.h"
#include "sweep/objective.h"
#include "sweep/policy.h"
#include "sweep/search_space.h"

namespace trawl {

/// Names and values in file order; a value may be absent (a null tag).
struct NamedText {
  std::string name;
  std::string text;
  friend bool operator==(const NamedText&, const NamedText&) = default;
};

/// `text` is what `${{inputs.name}}` becomes for a literal (numbers as Python prints them, booleans
/// True/False), and the path or URI for data.
struct Input {
  enum class Kind { kLiteral, kLocalPath, kUri };
  std::string name;
  Kind kind{};
  std::string type;  // uri_file, uri_folder, ...; empty for a literal
  std::string mode;  // ro_mount, download, direct, ...; empty for a literal
  std::string text;  // literal text, absolute local path, or URI
  friend bool operator==(const Input&, const Input&) = default;
};

struct Output {
  std::string name;
  std::string type;  // uri_folder unless said otherwise
  std::string mode;  // rw_mount unless said otherwise
  std::string path;  // where the file asks for it to be kept; empty: the attempt's own folder
  friend bool operator==(const Output&, const Output&) = default;
};

enum class Launcher { kNone, kPytorch, kMpi, kTensorflow, kRay };

struct Resources {
  std::int64_t instance_count = 1;
  std::int64_t process_count_per_instance = 1;
  Launcher launcher = Launcher::kNone;
  friend bool operator==(const Resources&, const Resources&) = default;
};

/// What one trial runs.
struct CommandSpec {
  std::string command;      // with ${{...}} in place, already checked
  std::string code;         // absolute path of a local file or folder, or empty
  std::string environment;  // as the file names it, for people; empty if it gave none
  std::vector<NamedText> environment_variables;
  Resources resources;
  std::string shell_environment;  // absolute path of the submitting shell's variables, each as
                                  // NAME=text and a NUL; empty: the worker's own variables stand in
  std::uint32_t umask = 022;      // the submitting shell's, 0 to 0777
  friend bool operator==(const CommandSpec&, const CommandSpec&) = default;
};

enum class SamplingRule { kRandom, kSobol, kGrid, kBayesian };

struct Sampling {
  SamplingRule rule = SamplingRule::kRandom;
  std::uint64_t seed{};  // always set: drawn at submission where the file gives none
  friend bool operator==(const Sampling&, const Sampling&) = default;
};

struct SweepLimits {
  std::int64_t max_total_trials{};       // >= 1
  std::int64_t max_concurrent_trials{};  // >= 1
  std::optional<Duration> trial_timeout;
  friend bool operator==(const SweepLimits&, const SweepLimits&) = default;
};

struct SweepSpec {
  SearchSpace search_space;
  Sampling sampling;
  Objective objective;
  Policy early_termination;
  SweepLimits limits;
  friend bool operator==(const SweepSpec&, const SweepSpec&) = default;
};

struct JobSpec {
  std::string name;  // unique; chosen at submission where the file gives none
  std::string display_name;
  std::string experiment_name;
  std::string description;
  std::vector<NamedText> tags;
  CommandSpec command;  // a sweep's trial.*
  std::vector<Input> inputs;
  std::vector<Output> outputs;
  std::optional<SweepSpec> sweep;   // absent: a command job, one trial with no parameters
  std::optional<Duration> timeout;  // limits.timeout: ends the whole job
  std::string document;             // what `job show` prints: the file's keys as canonical JSON
  std::uint64_t submission{};  // chosen by the submitter: the same request again is the same job
  std::string created_by;      // the user who submitted it
  friend bool operator==(const JobSpec&, const JobSpec&) = default;
};

}  // namespace trawl
