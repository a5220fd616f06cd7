// tests/stories/replay.h: what the store gives back to the core after a crash: every fact of the
// jobs that have not ended, and of the others their names alone.
#pragma once

#include <span>

#include "core/coordinator.h"
#include "core/fact.h"

namespace trawl::core {

/// The job of a fact; none for ReportsTaken, which is of no job.
JobId job_of(const FactBody& fact);

/// recover() is left to the caller.
Coordinator replay(const CoordinatorOptions& options, std::span<const Fact> journal);

}  // namespace trawl::core
