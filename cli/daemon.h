// cli/daemon.h: the verbs of `trawl coordinator` and `trawl worker`.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace trawl::cli {

void add_coordinator_verbs(CLI::App& app, Context& context);
void add_worker_verbs(CLI::App& app, Context& context);

}  // namespace trawl::cli
