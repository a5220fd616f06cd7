// cli/job.h: the verbs of `trawl job`, and `trawl run`.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace trawl::cli {

void add_job_verbs(CLI::App& app, Context& context);

}  // namespace trawl::cli
