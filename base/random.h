// base/random.h: counter-based random numbers. A value is a function of (seed, index, purpose) and
// its position, so trial n's draw never depends on how many draws came before it.
//
// Source: Philox4x32-10 of J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random numbers: as
// easy as 1, 2, 3", SC'11, section 3.3 and table 2 (multipliers and Weyl constants).
#pragma once

#include <array>
#include <cstdint>

namespace trawl {

/// One Philox4x32-10 block: a bijection of `counter` chosen by `key`.
std::array<std::uint32_t, 4> philox4x32(std::array<std::uint32_t, 4> counter,
                                        std::array<std::uint32_t, 2> key);

struct RandomKey {
  std::uint64_t seed{};
  std::uint64_t index{};    // which trial, or which item of a series
  std::uint32_t purpose{};  // a constant of the caller: two purposes never share numbers
};

/// The stream of one key. Copies continue independently. Not thread safe.
class CounterRandom {
 public:
  explicit CounterRandom(RandomKey key) : key_(key) {}

  /// 64 uniform bits.
  std::uint64_t bits();

  /// Uniform in the open interval (0, 1), from 52 bits; never 0 and never 1, so that a quantile of
  /// it is finite.
  double uniform();

  /// Uniform in [0, count), count >= 1, without modulo bias.
  std::uint64_t below(std::uint64_t count);

 private:
  RandomKey key_;
  std::uint32_t block_index_ = 0;  // 2^32 blocks of 128 bits a key
  std::array<std::uint32_t, 4> block_{};
  int used_ = 4;  // words of block_ already given out
};

}  // namespace trawl
