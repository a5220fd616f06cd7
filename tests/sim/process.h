// tests/sim/process.h: what the processes of an attempt would do if nobody disturbed them, as a
// function of (seed, attempt). The job's command line says which manners are allowed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/message.h"
#include "sweep/record.h"
#include "tests/sim/profile.h"

namespace trawl::sim {

/// The command line of a job whose processes may run forever: something must stop them.
extern const std::string kMayHang;
/// ... and of one whose processes always fail.
extern const std::string kAlwaysFails;

struct LoggedAt {
  Duration after{};  // the start
  Record record;
};

struct ProcessPlan {
  bool starts = true;
  Duration run_time{};
  core::Outcome outcome;
  std::vector<LoggedAt> logged;  // in order of time, none after `run_time`
  bool ignores_sigterm{};
  Duration sigterm_delay{};  // how long it takes to heed it
};

ProcessPlan plan_process(std::uint64_t seed, const Profile& profile,
                         const core::LaunchOrder& order);

}  // namespace trawl::sim
