// sweep/jobfile/fresh.h: what is chosen where the file leaves it open: names like Azure ML's, and
// the sampler's seed. A function of the entropy that the shell brings, so equal entropy gives equal
// jobs.
#pragma once

#include <cstdint>
#include <string>

namespace trawl::jobfile {

/// adjective_noun_xxxxxxxxxx: ten letters and digits, 51 bits, so that names do not meet.
std::string fresh_name(std::uint64_t entropy);
std::string fresh_display_name(std::uint64_t entropy);
/// In [0, 2^53), so that it survives JSON and can be written into `sampling_algorithm.seed`.
std::uint64_t fresh_seed(std::uint64_t entropy);

}  // namespace trawl::jobfile
