// samplers/purposes.h: which random numbers under a sweep's seed are whose (RandomKey::purpose of
// base/random.h). Blocks are 2^20 wide and leave room below for the rest of the program.
#pragma once

#include <cstdint>

namespace trawl::samplers {

inline constexpr std::uint32_t kDrawPurpose = 0x50000000;      // + position in its space
inline constexpr std::uint32_t kOptionPurpose = 0x50100000;    // + position of the choice
inline constexpr std::uint32_t kScramblePurpose = 0x50200000;  // + Sobol dimension
inline constexpr std::uint32_t kCellPurpose = 0x50300000;      // + Sobol dimension
inline constexpr std::uint32_t kRoundPurpose = 0x50400000;

}  // namespace trawl::samplers
