#include "base/random.h"

#include <set>

#include <catch2/catch.hpp>

namespace trawl {

// The three known-answer vectors of the authors' Random123 distribution for philox4x32, 10 rounds.
TEST_CASE("Philox gives its authors' known answers", "[base]") {
  using Block = std::array<std::uint32_t, 4>;
  CHECK(philox4x32({0, 0, 0, 0}, {0, 0}) == Block{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8});
  CHECK(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}) ==
        Block{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd});
  CHECK(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}) ==
        Block{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1});
}

TEST_CASE("a stream depends on seed, index and purpose, and on nothing else", "[base]") {
  const RandomKey key{.seed = 7, .index = 3, .purpose = 1};
  CounterRandom first(key), again(key);
  for (int i = 0; i < 100; ++i) CHECK(first.bits() == again.bits());
  std::set<std::uint64_t> starts;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    for (std::uint64_t index = 0; index < 4; ++index) {
      for (std::uint32_t purpose = 0; purpose < 4; ++purpose) {
        starts.insert(CounterRandom({seed, index, purpose}).bits());
      }
    }
  }
  CHECK(starts.size() == 64);
}

TEST_CASE("uniform draws lie strictly between 0 and 1 and have the right mean", "[base]") {
  CounterRandom random({.seed = 1, .index = 0, .purpose = 0});
  double sum = 0;
  constexpr int kDraws = 100'000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = random.uniform();
    REQUIRE(u > 0);
    REQUIRE(u < 1);
    sum += u;
  }
  CHECK(sum / kDraws == Approx(0.5).margin(0.005));  // five standard errors
}

TEST_CASE("below gives each number of its range, and only those", "[base]") {
  CounterRandom random({.seed = 2, .index = 0, .purpose = 0});
  std::array<int, 5> seen{};
  for (int i = 0; i < 5000; ++i) ++seen.at(random.below(5));
  for (const int count : seen) CHECK(count > 800);
  CHECK(random.below(1) == 0);
}

}  // namespace trawl
