// worker/preparation.h: what an attempt needs before its command can start: its folder with the
// code in it, its inputs, its variables. Copies and downloads can take minutes, so those run on a
// thread of their own for each attempt, and the loop goes on meanwhile.
#pragma once

#include <stop_token>
#include <thread>
#include <vector>

#include "base/error.h"
#include "core/message.h"
#include "protocol/mailbox.h"
#include "worker/attempt_folder.h"
#include "worker/download_cache.h"

namespace trawl::worker {

struct Prepared {
  std::vector<Input> inputs;           // with the texts of worker/inputs.h
  std::vector<NamedText> environment;  // of the submitting shell
};

struct Preparation {
  core::AttemptId attempt;
  Result<Prepared> result;
};
using PreparationQueue = protocol::Mailbox<Preparation>;

/// True where something must be fetched or copied.
bool takes_time(const core::LaunchOrder& order);

/// Blocks until everything is there. kUnavailable when `stop` was requested, kFull when the disk
/// has no room; other errors say what could not be had. Then nothing is left of it.
Result<Prepared> prepare(const core::LaunchOrder& order, const AttemptFolder& folder,
                         DownloadCache& cache, const std::stop_token& stop);

/// prepare() on a thread; its result comes to `done`, once. Destroying the thread asks it to stop
/// and waits for that. `cache` and `done` outlive it.
std::jthread prepare_later(core::LaunchOrder order, AttemptFolder folder, DownloadCache& cache,
                           PreparationQueue& done);

}  // namespace trawl::worker
