// worker/attempt_folder.h: where an attempt lives on disk:
//
//   <jobs>/<job>/trials/<number>-attempt-<k>/
//     work/                     the working directory: a copy of the code, ./outputs, ./logs
//     inputs/<name>/            an input that was fetched or copied for it
//     std_log.txt               what its processes print
//     named_outputs/<name>/     what ${{outputs.name}} names
//     artifacts/<run>/          what the script logged as MLflow artifacts
//
// Folders are the user's alone (0700).
#pragma once

#include <stop_token>
#include <string>

#include "base/error.h"
#include "core/message.h"
#include "distribution/launch/plan.h"

namespace trawl::worker {

struct AttemptFolder {
  std::string jobs;  // the folder of all attempts
  std::string root;
  std::string work() const { return root + "/work"; }
  std::string log() const { return root + "/std_log.txt"; }
  std::string inputs() const { return root + "/inputs"; }
  std::string outputs() const { return root + "/named_outputs"; }
  std::string artifacts() const { return root + "/artifacts"; }
};

AttemptFolder attempt_folder(const std::string& jobs_folder, const core::LaunchOrder& order);

/// Makes the folders and copies the code (worker/file_copy.h), which is a folder of files and links
/// within it: the snapshot that was made when the job was submitted. What an earlier worker left of
/// the same attempt, which it did not get to start, is removed first; what an attempt of the same
/// name left that was started (of another trawl.db) is renamed. Fails with the path and the reason,
/// kFull where there is no room.
Result<void> make_folder(const AttemptFolder& folder, const core::LaunchOrder& order,
                         const std::stop_token& stop);

/// Removes the folder unless the attempt's command has been started in it (its log tells).
void remove_unstarted(const AttemptFolder& folder);

/// Makes what the outputs of a plan need.
Result<void> make_outputs(const launch::ProcessPlan& plan);

}  // namespace trawl::worker
