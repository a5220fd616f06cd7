// cli/daemon.h: the verbs of `trawl coordinator`, and what it shares with `trawl worker`.
#pragma once

#include <CLI/CLI.hpp>

#include "cli/context.h"

namespace trawl::cli {

void add_coordinator_verbs(CLI::App& app, Context& context);

/// For a process that stays: its log, its umask, and no end by SIGPIPE.
void prepare_daemon(const Context& context);

}  // namespace trawl::cli
