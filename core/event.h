// core/event.h: what happens to the coordinator's core.
#pragma once

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "base/instant.h"
#include "core/ids.h"
#include "core/message.h"
#include "sweep/job.h"
#include "sweep/job_update.h"

namespace trawl::core {

struct SubmitRequested {
  RequestId request;
  JobSpec spec;
};

/// `name` is a job's or a trial's.
struct CancelRequested {
  RequestId request;
  std::string name;
};

struct WorkerJoined {
  WorkerId worker;
  Hello hello;
};

struct WorkerLost {
  WorkerId worker;
};

struct ReportArrived {
  WorkerId worker;
  Report report;
};

/// Answers the Suggest command: trials `first`, `first` + 1, ... of the job. Fewer than asked for
/// means that the search space has no more.
struct Suggested {
  JobId job;
  std::int64_t first{};
  std::int64_t asked_count{};
  std::vector<ParameterSet> suggestions;
};

/// The instant that SetTimer named has come.
struct TimerFired {};

/// `name` is a job's, running or ended.
struct UpdateRequested {
  RequestId request;
  std::string name;
  JobUpdate update;
};

using EventBody = std::variant<SubmitRequested, CancelRequested, WorkerJoined, WorkerLost,
                               ReportArrived, Suggested, TimerFired, UpdateRequested>;

struct Event {
  Instant at;
  EventBody body;
};

}  // namespace trawl::core
