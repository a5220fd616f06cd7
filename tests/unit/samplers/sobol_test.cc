// tests/unit/samplers/sobol_test.cc: the Sobol points against scipy's, the direction numbers
// against what makes them valid, and what scrambling must keep.
#include "samplers/numeric/sobol.h"

#include <array>
#include <cmath>
#include <set>
#include <vector>

#include <catch2/catch.hpp>

#include "samplers/numeric/normal_quantile.h"
#include "tests/unit/samplers/sampler_support.h"

namespace trawl::samplers {
namespace {

// Over GF(2): x^exponent modulo the polynomial whose bits are `modulus`, of `degree`.
unsigned power_of_x(std::uint64_t exponent, unsigned modulus, unsigned degree) {
  const auto product = [&](unsigned a, unsigned b) {
    unsigned sum = 0;
    for (; b != 0; b >>= 1) {
      if (b & 1) sum ^= a;
      a <<= 1;
      if ((a >> degree) & 1) a ^= modulus;
    }
    return sum;
  };
  unsigned result = 1;
  unsigned base = degree == 1 ? 1 : 2;  // x is 1 modulo x + 1
  for (; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result = product(result, base);
    base = product(base, base);
  }
  return result;
}

// The order of x is 2^degree - 1 and no proper divisor of it.
bool is_primitive(unsigned modulus, unsigned degree) {
  const std::uint64_t order = (std::uint64_t{1} << degree) - 1;
  if (power_of_x(order, modulus, degree) != 1) return false;
  for (std::uint64_t divisor = 1; divisor < order; ++divisor) {
    if (order % divisor == 0 && power_of_x(divisor, modulus, degree) == 1) return false;
  }
  return true;
}

// Mean over the first `count` points of a product of five centred bumps: 0 if the points are even.
double integration_error(SamplingRule rule, std::uint64_t seed, std::int64_t count) {
  const SweepSpec sweep = sweep_of({{"a", Uniform{0, 1}},
                                    {"b", Uniform{0, 1}},
                                    {"c", Uniform{0, 1}},
                                    {"d", Uniform{0, 1}},
                                    {"e", Uniform{0, 1}}},
                                   rule, seed);
  double sum = 0;
  for (std::int64_t index = 0; index < count; ++index) {
    double product = 1;
    const ParameterSet parameters = suggest(sweep, index).value();
    for (const NamedValue& parameter : parameters) {
      product *= 1 + (std::get<double>(parameter.value.data) - 0.5);
    }
    sum += product - 1;
  }
  return std::fabs(sum / static_cast<double>(count));
}

}  // namespace

// The expected numbers come from scipy 1.17.1:
//   from scipy.stats import qmc; import numpy as np
//   x = (qmc.Sobol(128, scramble=False, bits=32).random(1024) * 2**32).astype(np.uint64)
//   print([[hex(int(x[i][d])) for d in (0, 1, 2, 5, 20, 63, 127)] for i in (1, 7, 100, 511, 1023)])
//   h = 0xcbf29ce484222325
//   for p in x:
//     for v in p: h = ((h ^ int(v)) * 0x100000001b3) % 2**64
//   e = qmc.Sobol(128, scramble=False, bits=32); e.fast_forward((1 << 24) + 54321)
//   print([hex(int(v * 2**32)) for v in e.random(1)[0][[0, 1, 2, 5, 20, 63, 127]]])
TEST_CASE("unscrambled points are scipy's", "[samplers]") {
  struct Row {
    std::uint32_t index{};
    std::array<std::uint32_t, 7> bits{};
  };
  constexpr std::array<std::size_t, 7> kDimensions = {0, 1, 2, 5, 20, 63, 127};
  const Row rows[] = {
      {0, {}},
      {1, {0x80000000, 0x80000000, 0x80000000, 0x80000000, 0x80000000, 0x80000000, 0x80000000}},
      {7, {0x20000000, 0xa0000000, 0x60000000, 0x60000000, 0xe0000000, 0x60000000, 0x60000000}},
      {100, {0x6a000000, 0x42000000, 0xc6000000, 0xbe000000, 0xc2000000, 0xa6000000, 0x76000000}},
      {511, {0x00800000, 0x80800000, 0x68800000, 0xe0800000, 0xa9800000, 0x80800000, 0x82800000}},
      {1023, {0x00400000, 0xc0c00000, 0x9cc00000, 0x70400000, 0xddc00000, 0x0a400000, 0xb3400000}},
      {(1 << 24) + 54321,
       {0x947d0180, 0xe8ab7f80, 0x6ec42d80, 0x033f1b80, 0xdf7d9980, 0x47a3dc80, 0x3e207d80}},
  };
  for (const Row& row : rows) {
    for (std::size_t i = 0; i < kDimensions.size(); ++i) {
      INFO("point " << row.index << ", dimension " << kDimensions[i]);
      CHECK(sobol_bits(row.index, kDimensions[i]) == row.bits[i]);
    }
  }
  std::uint64_t hash = 0xcbf29ce484222325;
  for (std::uint32_t index = 0; index < 1024; ++index) {
    for (std::size_t dimension = 0; dimension < kSobolDimensionCount; ++dimension) {
      hash = (hash ^ sobol_bits(index, dimension)) * 0x100000001b3;
    }
  }
  CHECK(hash == 0x20dfe98b2dca2325);
}

TEST_CASE("every dimension has its own primitive polynomial and odd numbers below 2^i",
          "[samplers]") {
  CHECK(sobol_directions().size() + 1 == kSobolDimensionCount);
  std::set<unsigned> polynomials;
  for (const SobolDirections& row : sobol_directions()) {
    const unsigned polynomial = (1u << row.degree) | (row.inner << 1) | 1;
    INFO("polynomial " << polynomial);
    CHECK(is_primitive(polynomial, row.degree));
    CHECK(polynomials.insert(polynomial).second);
    for (unsigned i = 0; i < row.degree; ++i) {
      CHECK(row.initial[i] % 2 == 1);
      CHECK(row.initial[i] < (2u << i));
    }
  }
}

TEST_CASE("each block of 2^k scrambled points hits each of 2^k intervals once", "[samplers]") {
  for (const std::size_t dimension : {0u, 1u, 7u, 40u, 127u}) {
    for (const std::uint64_t begin :
         {std::uint64_t{0}, std::uint64_t{256}, std::uint64_t{1} << 31, std::uint64_t{5} << 32}) {
      std::set<int> hit;
      for (std::uint64_t i = 0; i < 256; ++i) {
        hit.insert(static_cast<int>(scrambled_sobol(9, begin + i, dimension) * 256));
      }
      CHECK(hit.size() == 256);
    }
  }
}

TEST_CASE("the first two scrambled dimensions fill every elementary box of a block", "[samplers]") {
  for (unsigned width = 0; width <= 8; ++width) {  // 2^width by 2^(8 - width) boxes
    std::set<std::pair<int, int>> hit;
    for (std::uint64_t i = 0; i < 256; ++i) {
      hit.insert(
          {static_cast<int>(std::ldexp(scrambled_sobol(3, i, 0), static_cast<int>(width))),
           static_cast<int>(std::ldexp(scrambled_sobol(3, i, 1), 8 - static_cast<int>(width)))});
    }
    CHECK(hit.size() == 256);
  }
}

TEST_CASE("a scrambled coordinate is uniform over seeds and inside (0, 1)", "[samplers]") {
  for (const std::uint64_t index : {0u, 1u, 2u, 1000u}) {
    std::array<int, 16> count{};
    for (std::uint64_t seed = 0; seed < 4096; ++seed) {
      const double value = scrambled_sobol(seed, index, 4);
      REQUIRE(value > 0);
      REQUIRE(value < 1);
      ++count[static_cast<std::size_t>(value * 16)];
    }
    for (const int hits : count) CHECK(hits == Approx(256).margin(60));  // 3.9 deviations
  }
}

TEST_CASE("scrambling differs between dimensions, seeds and rounds of 2^32 points", "[samplers]") {
  CHECK(scrambled_sobol(1, 0, 0) != scrambled_sobol(1, 0, 1));
  CHECK(scrambled_sobol(1, 0, 0) != scrambled_sobol(2, 0, 0));
  CHECK(scrambled_sobol(1, 0, 0) != scrambled_sobol(1, std::uint64_t{1} << 32, 0));
}

TEST_CASE("Sobol integrates better than random draws of the same number", "[samplers]") {
  double sobol = 0;
  double random = 0;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    sobol += integration_error(SamplingRule::kSobol, seed, 1024);
    random += integration_error(SamplingRule::kRandom, seed, 1024);
  }
  CHECK(sobol < random / 10);
}

TEST_CASE("hyperparameters past the table are drawn at random", "[samplers]") {
  SearchSpace space;
  for (std::size_t i = 0; i < kSobolDimensionCount + 2; ++i) {
    space.push_back({numbered("x", i), Uniform{0, 1}});
  }
  const SweepSpec sobol = sweep_of(space, SamplingRule::kSobol);
  const SweepSpec random = sweep_of(space, SamplingRule::kRandom);
  const auto last = kSobolDimensionCount - 1;
  CHECK(suggest(sobol, 3).value()[last + 1] == suggest(random, 3).value()[last + 1]);
  CHECK(suggest(sobol, 3).value()[last + 2] == suggest(random, 3).value()[last + 2]);
  CHECK_FALSE(suggest(sobol, 3).value()[last] == suggest(random, 3).value()[last]);
}

TEST_CASE("constants and the options not drawn use up no dimension", "[samplers]") {
  const SearchSpace three = {{"a", Uniform{0, 1}}, {"b", Uniform{0, 1}}, {"c", Uniform{0, 1}}};
  const SearchSpace space = {{"constant", Choice{{{std::int64_t{1}}}}},
                             {"model", Choice{{{three}, {three}}}},
                             {"x", Uniform{0, 1}}};
  const auto drawn = suggest(sweep_of(space, SamplingRule::kSobol, 8), 11).value();
  CHECK(drawn[2].value == Value{scrambled_sobol(8, 11, 4)});
}

// Expected: scipy.special.ndtri of scipy 1.17.1.
TEST_CASE("the normal quantile is right in the centre and in the tails", "[samplers]") {
  CHECK(normal_quantile(0.5) == 0);
  const std::pair<double, double> known[] = {
      {0.6, 0.2533471031357997},   {0.075, -1.4395314709384563},  {0.9251, 1.4402382675279635},
      {0.001, -3.090232306167813}, {1e-10, -6.361340902404056},   {1e-12, -7.034483825301131},
      {1e-20, -9.262340089798409}, {1 - 1e-9, 5.997807019601637}, {0x1p-53, -8.209536151601387},
  };
  for (const auto& [p, z] : known) CHECK(normal_quantile(p) == Approx(z).epsilon(1e-14));
}

TEST_CASE("the normal quantile rises and is odd about one half", "[samplers]") {
  double last = -100;
  for (int i = 1; i < 4096; ++i) {
    const double p = i / 4096.0;
    CHECK(normal_quantile(p) > last);
    CHECK(normal_quantile(p) == -normal_quantile(1 - p));
    last = normal_quantile(p);
  }
}

}  // namespace trawl::samplers
