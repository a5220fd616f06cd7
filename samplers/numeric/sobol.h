// samplers/numeric/sobol.h: the Sobol sequence, plain and scrambled, point by point.
//
// Sources: S. Joe and F. Kuo, "Constructing Sobol sequences with better two-dimensional
// projections", SIAM J. Sci. Comput. 30 (2008), 2635-2654: recurrence, Gray code order, direction
// numbers (new-joe-kuo-6.21201). A. Owen, "Randomly permuted (t,m,s)-nets and (t,s)-sequences"
// (1995): nested uniform scrambling. Azure ML publishes neither its direction numbers nor its
// scrambling, so these are our points and not Azure's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace trawl::samplers {

/// How many dimensions the table serves. A sampler draws further ones from random numbers.
inline constexpr std::size_t kSobolDimensionCount = 128;

/// Coordinate `dimension` (from 0, below kSobolDimensionCount) of point `index` as a binary
/// fraction: the value is the result / 2^32. Points come in Gray code order, as in Joe and Kuo's
/// program and in scipy.stats.qmc.Sobol(scramble=False). O(32).
std::uint32_t sobol_bits(std::uint32_t index, std::size_t dimension);

/// The same point after nested uniform scrambling by `seed`, in the open interval (0, 1): one of
/// 2^32 equal cells by the scrambled bits, and a place inside the cell by 20 random ones.
/// Dimensions are scrambled independently. Every 2^32 points the sequence starts again under
/// another scrambling. O(32).
double scrambled_sobol(std::uint64_t seed, std::uint64_t index, std::size_t dimension);

/// One dimension of Joe and Kuo's table: the primitive polynomial x^s + a_1 x^(s-1) + ... + 1 with
/// its inner coefficients a_1 .. a_(s-1) as the bits of `inner`, and m_1 .. m_s (m_i odd, < 2^i).
struct SobolDirections {
  unsigned degree{};
  unsigned inner{};
  std::uint32_t initial[10]{};
};

/// Dimensions 2 to kSobolDimensionCount; the first one has every m_i = 1 and no polynomial.
std::span<const SobolDirections> sobol_directions();

}  // namespace trawl::samplers
