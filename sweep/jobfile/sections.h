// sweep/jobfile/sections.h: the parts of a job file, one reader each. A reader reports every fault
// of its part, writes canonical forms back into the tree, and returns what it could read: the
// result counts only if the whole file has no error.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sweep/job.h"
#include "sweep/jobfile/fields.h"

namespace trawl::jobfile {

// A null pointer stands for an absent key throughout.

struct SamplingChoice {
  Sampling sampling;
  bool has_seed = false;
  double log_base{};  // e unless the file says otherwise
};
/// A string becomes a mapping with `type`; an absent algorithm is random.
SamplingChoice read_sampling(Context& context, Node& job);

SearchSpace read_search_space(Context& context, Node& node, double log_base);
/// What the sampler cannot draw (grid: anything but choice; bayesian: more than three of the ten).
void check_space_for_sampler(Context& context, const Node& space, SamplingRule rule);

Objective read_objective(Context& context, Node& node);
Policy read_early_termination(Context& context, Node& node, SamplingRule rule);

struct Limits {
  SweepLimits sweep;
  std::optional<Duration> timeout;
};
Limits read_sweep_limits(Context& context, Node& node);
std::optional<Duration> read_command_limits(Context& context, Node& node);

std::vector<Input> read_inputs(Context& context, Node& node);
std::vector<Output> read_outputs(Context& context, Node& node);

/// The environment as the file names it, for people.
std::string read_environment(Context& context, Node& node);
std::vector<NamedText> read_environment_variables(Context& context, Node& node);
/// The absolute path of local code; empty, with a diagnostic, for code that is elsewhere.
std::string read_code(Context& context, Node& node);

void read_resources(Context& context, Node& node, Resources& resources);
void read_distribution(Context& context, Node& node, Resources& resources);

void check_compute(Context& context, Node& node);
void check_identity(Context& context, Node& node);
void check_services(Context& context, Node& node);
void check_queue_settings(Context& context, Node& node);

/// The maps that a command may name; `search_space` is null in a command job.
struct CommandNames {
  const Node* inputs = nullptr;
  const Node* outputs = nullptr;
  const Node* search_space = nullptr;
  bool is_sweep = false;
};
/// The command with old single braces rewritten and optional groups resolved, each expression
/// checked.
std::string read_command(Context& context, Node& node, const CommandNames& names);

/// The whole job. `fresh` names are filled in.
JobSpec read_job(Context& context, Node& root);

}  // namespace trawl::jobfile
