// samplers/numeric/sobol.cc: direction numbers by Joe and Kuo's recurrence, points by XOR over the
// Gray code of the index, and Owen's scrambling done literally: each bit is flipped by a random bit
// that belongs to the bits above it. That is a binary tree of 2^32 random bits a dimension; being
// counter-based, none is stored.
#include "samplers/numeric/sobol.h"

#include <array>
#include <vector>

#include "base/assert.h"
#include "base/random.h"
#include "samplers/purposes.h"

namespace trawl::samplers {
namespace {

constexpr unsigned kBitCount = 32;
using Directions = std::array<std::uint32_t, kBitCount>;  // v_1 first, as 32-bit binary fractions

// m_i = 2 a_1 m_(i-1) ^ 4 a_2 m_(i-2) ^ ... ^ 2^s m_(i-s) ^ m_(i-s), with v_i = m_i / 2^i.
Directions expanded(const SobolDirections& row) {
  Directions v{};
  const unsigned s = row.degree;
  for (unsigned i = 0; i < s; ++i) v[i] = row.initial[i] << (kBitCount - 1 - i);
  for (unsigned i = s; i < kBitCount; ++i) {
    v[i] = v[i - s] ^ (v[i - s] >> s);
    for (unsigned k = 1; k < s; ++k) {
      if ((row.inner >> (s - 1 - k)) & 1) v[i] ^= v[i - k];
    }
  }
  return v;
}

std::vector<Directions> all_directions() {
  std::vector<Directions> all;
  Directions& first = all.emplace_back();
  for (unsigned i = 0; i < kBitCount; ++i) first[i] = std::uint32_t{1} << (kBitCount - 1 - i);
  for (const SobolDirections& row : sobol_directions()) all.push_back(expanded(row));
  TRAWL_ASSERT(all.size() == kSobolDimensionCount);
  return all;
}

std::uint32_t owen_scrambled(std::uint32_t bits, std::uint64_t seed, std::uint32_t purpose) {
  std::uint32_t scrambled = 0;
  for (unsigned level = 0; level < kBitCount; ++level) {
    // A node's number is its path from the root with a 1 before it: unique over all levels.
    const std::uint64_t path = (std::uint64_t{1} << level) | (std::uint64_t{bits} >> (32 - level));
    const auto flip = static_cast<std::uint32_t>(CounterRandom({seed, path, purpose}).bits() >> 63);
    const std::uint32_t bit = (bits >> (kBitCount - 1 - level)) & 1;
    scrambled = (scrambled << 1) | (bit ^ flip);
  }
  return scrambled;
}

}  // namespace

std::uint32_t sobol_bits(std::uint32_t index, std::size_t dimension) {
  TRAWL_ASSERT(dimension < kSobolDimensionCount);
  static const std::vector<Directions> kDirections = all_directions();
  std::uint32_t gray = index ^ (index >> 1);
  std::uint32_t bits = 0;
  for (unsigned i = 0; gray != 0; ++i, gray >>= 1) {
    if (gray & 1) bits ^= kDirections[dimension][i];
  }
  return bits;
}

double scrambled_sobol(std::uint64_t seed, std::uint64_t index, std::size_t dimension) {
  const auto place = static_cast<std::uint32_t>(dimension);
  const std::uint64_t round = index >> kBitCount;
  const std::uint64_t round_seed =
      round == 0 ? seed : CounterRandom({seed, round, kRoundPurpose}).bits();
  const std::uint32_t plain = sobol_bits(static_cast<std::uint32_t>(index), dimension);
  const std::uint64_t cell = owen_scrambled(plain, round_seed, kScramblePurpose + place);
  const std::uint64_t inside = CounterRandom({seed, index, kCellPurpose + place}).bits() >> 44;
  // 52 bits and a half: exact in a double, never 0 and never 1.
  return (static_cast<double>((cell << 20) | inside) + 0.5) * 0x1p-52;
}

}  // namespace trawl::samplers
