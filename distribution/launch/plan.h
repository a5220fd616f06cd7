// distribution/launch/plan.h: from one trial of a job and the place it was given to the process
// that runs it: argv, environment, folders. Pure; the worker carries it out.
//
// Behaviour matched: Azure ML v2 (expressions, the documented environment variables) and stock
// MLflow clients 2.9 to 3.18. A trial is one process on one node here.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "sweep/job.h"

namespace trawl::launch {

/// Where the attempt lives on its worker. Absolute paths.
struct Place {
  std::string work_folder;     // the working directory: holds the code, ./outputs and ./logs
  std::string outputs_folder;  // holds one entry for each named output
  std::string tracking_uri;    // of this trial's endpoint, prefix included
  std::string tracking_token;  // what proves to the endpoint that a process is the trial's
  std::string marker;          // TRAWL_ATTEMPT: marks every process of the attempt
  std::string shell;           // /bin/bash, or /bin/sh where there is none
  std::string no_proxy;        // the submitting shell's NO_PROXY; the endpoint's address is added
};

/// What one trial is.
struct Trial {
  std::string job_name;
  std::string trial_name;  // also its MLflow run id
  std::string experiment_name;
  std::string experiment_id;
  bool is_sweep{};
  const CommandSpec* command{};
  const std::vector<Input>* inputs{};
  const std::vector<Output>* outputs{};
  const ParameterSet* parameters{};
};

struct OutputPlace {
  std::string path;  // what ${{outputs.name}} becomes
  bool is_file{};    // of type uri_file: its folder is made, not the file
};

struct ProcessPlan {
  std::vector<std::string> argv;       // of the shell
  std::vector<std::string> words;      // of the command itself, where it needs no shell; else empty
  std::vector<NamedText> environment;  // on top of the submitting shell's
  std::vector<std::string> unset;      // variables of that shell to drop
  std::vector<OutputPlace> outputs;    // to be made before the start
};

/// kInvalid where the command names a value that is not there.
Result<ProcessPlan> plan(const Trial& trial, const Place& place);

}  // namespace trawl::launch
