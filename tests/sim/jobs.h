// tests/sim/jobs.h: random jobs: command jobs and sweeps, every distribution, sampler and policy,
// with and without limits of time.
#pragma once

#include <cstdint>

#include "sweep/job.h"
#include "tests/sim/profile.h"

namespace trawl::sim {

/// Job `number` (from 0) of the seed. Its name may be that of an earlier one.
JobSpec make_job(std::uint64_t seed, const Profile& profile, std::int64_t number);

}  // namespace trawl::sim
