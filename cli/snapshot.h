// cli/snapshot.h: what a job keeps of the moment of its submission, so that later edits do not
// reach trials that have not started:
//
//   <home>/snapshots/<id>.lock    held until the coordinator has answered: only then is it known
//   <home>/snapshots/<id>/
//     code/           a copy of its code
//     environment     the variables of the submitting shell (worker/environment.h), 0600
//
// The coordinator removes it when the job has ended (coordinator/snapshots.h). One that is
// submitted to a coordinator elsewhere lies in <home>/submitted/<its key> instead
// (cli/submitted.h), where none of this folder's own looks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"
#include "sweep/job.h"

namespace trawl::cli {

struct Snapshot {
  std::string folder;       // all of it
  std::string code;         // the copy's folder; empty where the job has no code
  std::string environment;  // a file
  std::uint64_t file_count{};
  std::uint64_t bytes{};  // of the files
  std::vector<std::string> warnings;
  int lock = -1;  // the descriptor of its lock, closed with this process at the latest
};

struct SnapshotPlace {
  std::string home;    // is left out of what is copied
  std::string folder;  // of all snapshots
};

/// `code` is an existing file or folder, or empty.
///
/// Of a folder, `.amlignore` at its root, else `.gitignore`, says what is left out, and `.git` is
/// left out unless one of them says otherwise; so are sockets and the like, and the state folder. A
/// link to what is copied too stays a link; one that leads elsewhere is followed, and its content
/// copied, as Azure ML does; one that leads nowhere stays as it is, with a warning.
///
/// kInvalid: a link leads back to a folder that holds it, or the variables are too many; kSystem:
/// what could not be copied, and why. Nothing stays behind then.
Result<Snapshot> take_snapshot(const SnapshotPlace& place, const std::string& code,
                               const std::vector<NamedText>& variables);

/// Removes it, where the job was refused.
void remove(const Snapshot& snapshot);

/// The job was accepted: from here on the coordinator disposes of it (or cli/submitted.h).
void hand_over(const Snapshot& snapshot);

}  // namespace trawl::cli
