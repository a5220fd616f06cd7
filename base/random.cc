#include "base/random.h"

#include "base/assert.h"

namespace trawl {
namespace {

constexpr std::uint32_t kMultiplier0 = 0xD2511F53;
constexpr std::uint32_t kMultiplier1 = 0xCD9E8D57;
constexpr std::uint32_t kWeyl0 = 0x9E3779B9;
constexpr std::uint32_t kWeyl1 = 0xBB67AE85;
constexpr int kRounds = 10;

std::uint32_t high(std::uint64_t product) {
  return static_cast<std::uint32_t>(product >> 32);
}

std::uint32_t low(std::uint64_t value) {
  return static_cast<std::uint32_t>(value);
}

}  // namespace

std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key) {
  for (int round = 0; round < kRounds; ++round) {
    const std::uint64_t product0 = std::uint64_t{kMultiplier0} * counter[0];
    const std::uint64_t product1 = std::uint64_t{kMultiplier1} * counter[2];
    counter = {high(product1) ^ counter[1] ^ key[0], low(product1),
               high(product0) ^ counter[3] ^ key[1], low(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

std::uint64_t CounterRandom::bits() {
  if (used_ == 4) {
    block_ = philox4x32({block_index_, key_.purpose, low(key_.index), high(key_.index)},
                        {low(key_.seed), high(key_.seed)});
    ++block_index_;
    used_ = 0;
  }
  const auto word = static_cast<std::size_t>(used_);
  used_ += 2;
  return (std::uint64_t{block_[word]} << 32) | block_[word + 1];
}

double CounterRandom::uniform() {
  // The middle of one of 2^52 equal cells: an odd multiple of 2^-53.
  return (static_cast<double>(bits() >> 12) + 0.5) * 0x1.0p-52;
}

std::uint64_t CounterRandom::below(std::uint64_t count) {
  TRAWL_ASSERT(count >= 1);
  // Rejects the incomplete last copy of [0, count): at most one draw in two is thrown away.
  const std::uint64_t rejected = (0 - count) % count;
  std::uint64_t drawn = bits();
  while (drawn < rejected) drawn = bits();
  return drawn % count;
}

}  // namespace trawl
