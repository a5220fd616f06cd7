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
  Session session;
  Hello hello;
  bool is_local = false;  // on this machine, where its end is noticed: it needs no lease
};

struct WorkerLost {
  WorkerId worker;
};

struct ReportArrived {
  WorkerId worker;
  Session session;
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

struct WorkerHeard {
  WorkerId worker;
  Session session;
  Heartbeat heartbeat;
};

/// The worker has ended by itself, with nothing left.
struct WorkerLeft {
  WorkerId worker;
  Session session;
};

/// The named worker is to leave. Answered once it has said that it will.
struct DrainRequested {
  RequestId request;
  std::string worker_name;
};

using EventBody =
    std::variant<SubmitRequested, CancelRequested, WorkerJoined, WorkerLost, ReportArrived,
                 Suggested, TimerFired, UpdateRequested, WorkerHeard, WorkerLeft, DrainRequested>;

struct Event {
  Instant at;
  EventBody body;
};

}  // namespace trawl::core
