// cli/stream.h: follows a job to its end.
#pragma once

#include <cstdio>
#include <string>

#include "cli/context.h"

namespace trawl::cli {

/// Shows a sweep's live table, or plain lines where `out` is not a terminal; the log of a trial or
/// a command job. Sets the exit code from the job's end, or kExitDetached after Ctrl-C. Survives
/// the coordinator's end by starting it again.
void stream_job(Context& context, const std::string& name, std::FILE* out);

/// Waits for the job's end without showing it.
void wait_for_job(Context& context, const std::string& name);

}  // namespace trawl::cli
