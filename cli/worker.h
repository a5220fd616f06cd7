// cli/worker.h: the verbs of `trawl worker`.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace trawl::cli {

void add_worker_verbs(CLI::App& app, Context& context);

}  // namespace trawl::cli
