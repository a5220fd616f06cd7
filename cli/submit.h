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

/// Takes a snapshot of the job's code and of this shell's variables (cli/snapshot.h), with warnings
/// to standard error, and submits. The answer is what `job show` prints.
Result<std::string> submit(const Context& context, JobSpec spec);

}  // namespace trawl::cli
