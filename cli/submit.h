// cli/submit.h: from a job file to a submitted job.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "cli/context.h"
#include "sweep/job.h"
#include "sweep/jobfile/read.h"

namespace trawl::cli {

struct JobFileArguments {
  std::string file;
  std::vector<std::string> overrides;  // path=value
  std::optional<std::string> name;
};

/// Reads and checks the file; warnings and errors go to standard error, each with its place.
/// `for_submission`: what cannot run on this machine is an error, not a warning. Nothing if there
/// was an error (the exit code is then set).
std::optional<JobSpec> read_job(Context& context, const JobFileArguments& arguments,
                                bool for_submission);

/// Copies the job's code into the state folder, so that later edits do not reach trials that have
/// not started; adds the variables of this shell that choose programs (PATH, a virtual environment,
/// ...) where the file does not set them; submits. The answer is what `job show` prints.
Result<std::string> submit(const Context& context, JobSpec spec);

}  // namespace trawl::cli
