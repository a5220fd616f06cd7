// cli/submitted.h: the snapshots of jobs that were submitted to a coordinator elsewhere. They lie
// in this state folder, which that coordinator may not even see, so nobody but the submitter
// removes them: with each submission, those of jobs that have ended meanwhile.
#pragma once

#include <string>

#include "base/error.h"
#include "cli/context.h"
#include "cli/snapshot.h"

namespace trawl::cli {

/// Where the snapshot of a job lies that is submitted now. Where the coordinator is elsewhere,
/// removes first what jobs have left there that it no longer runs.
Result<SnapshotPlace> snapshot_place(const Context& context);

/// Notes whose snapshot it is, where that is for the submitter to remove.
void note_job(const Context& context, const Snapshot& snapshot, const std::string& job);

}  // namespace trawl::cli
