// core/ids.h: what the core counts: jobs, trials, attempts, workers, and a client's requests.
#pragma once

#include <compare>
#include <cstdint>
#include <string>

#include "base/id.h"

namespace trawl::core {

using JobId = Id<struct JobTag>;        // from 1, in order of submission, never reused
using WorkerId = Id<struct WorkerTag>;  // one connection of one worker process; given by the shell
using RequestId = Id<struct RequestTag>;  // one request of a client; given by the shell

struct TrialId {
  JobId job;
  std::int64_t number{};  // from 0; a command job has trial 0 alone
  friend auto operator<=>(const TrialId&, const TrialId&) = default;
};

struct AttemptId {
  TrialId trial;
  std::int32_t attempt{};  // from 1; a larger one fences the smaller ones
  friend auto operator<=>(const AttemptId&, const AttemptId&) = default;
};

/// `trial/3.7` and `attempt/3.7.1`, for logs.
std::string to_string(const TrialId& id);
std::string to_string(const AttemptId& id);

}  // namespace trawl::core
