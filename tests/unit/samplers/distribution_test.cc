// tests/unit/samplers/distribution_test.cc: that many draws have the distribution they should, by
// the Kolmogorov-Smirnov distance to its distribution function (seeds are fixed, so nothing here is
// chance), and the formulas at single points.
#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <numbers>

#include <catch2/catch.hpp>

#include "samplers/quantile.h"
#include "tests/unit/samplers/sampler_support.h"

namespace trawl::samplers {
namespace {

using Cdf = std::function<double(double)>;
constexpr double kE = std::numbers::e;

double normal_cdf(double z) {
  return std::erfc(-z / std::numbers::sqrt2) / 2;
}

double clamped(double p) {
  return std::clamp(p, 0.0, 1.0);
}

// The largest gap between the values' own distribution function and `cdf`, which may have steps.
double distance(std::vector<double> values, const Cdf& cdf) {
  std::ranges::sort(values);
  const auto count = static_cast<double>(values.size());
  double largest = 0;
  for (std::size_t begin = 0; begin < values.size();) {
    const double value = values[begin];
    const auto end =
        static_cast<std::size_t>(std::ranges::upper_bound(values, value) - values.begin());
    const double below = cdf(value - std::max(1e-8 * std::fabs(value), 1e-12));  // before a step
    largest = std::max({largest, std::fabs(static_cast<double>(begin) / count - below),
                        std::fabs(static_cast<double>(end) / count - cdf(value))});
    begin = end;
  }
  return largest;
}

// The distribution function of round(X / q) * q, given X's.
Cdf quantised_cdf(double q, const Cdf& cdf) {
  return [q, cdf](double x) { return cdf((std::floor(x / q + 1e-13) + 0.5) * q); };
}

struct Case {
  std::string name;
  Distribution distribution;
  Cdf cdf;
};

std::vector<Case> cases() {
  const Cdf uniform = [](double x) { return clamped((x + 1) / 3); };                // of [-1, 2]
  const Cdf loguniform = [](double x) { return clamped((std::log(x) + 4) / 3); };   // of [-4, -1]
  const Cdf wide = [](double x) { return x <= 0 ? 0 : clamped(std::log(x) / 4); };  // of [0, 4]
  const Cdf decimal = [](double x) { return clamped((std::log10(x) + 5) / 4); };    // of [-5, -1]
  const Cdf normal = [](double x) { return normal_cdf((x - 10) / 3); };
  const Cdf lognormal = [](double x) { return x <= 0 ? 0 : normal_cdf((std::log(x) - 1) / 2); };
  const Cdf randint = [](double x) { return clamped((std::floor(x) + 1) / 7); };
  return {{"randint", RandInt{7}, randint},
          {"choice", numbers({0, 1, 2, 3, 4, 5, 6}), randint},
          {"uniform", Uniform{-1, 2}, uniform},
          {"quniform", QUniform{-1, 2, 0.4}, quantised_cdf(0.4, uniform)},
          {"loguniform", LogUniform{-4, -1, kE}, loguniform},
          {"loguniform, base 10", LogUniform{-5, -1, 10}, decimal},
          {"qloguniform", QLogUniform{0, 4, 2, kE}, quantised_cdf(2, wide)},
          {"normal", Normal{10, 3}, normal},
          {"qnormal", QNormal{10, 3, 0.5}, quantised_cdf(0.5, normal)},
          {"lognormal", LogNormal{1, 2, kE}, lognormal},
          {"qlognormal", QLogNormal{1, 2, 0.5, kE}, quantised_cdf(0.5, lognormal)}};
}

}  // namespace

TEST_CASE("draws have the distribution that the file asks for", "[samplers]") {
  constexpr std::int64_t kCount = 4096;
  for (const Case& tested : cases()) {
    INFO(tested.name);
    const SearchSpace space = {{"before", Uniform{0, 1}}, {"x", tested.distribution}};
    // 1.95 / sqrt(count) is passed once in a thousand seeds.
    CHECK(distance(column(sweep_of(space, SamplingRule::kRandom), 1, kCount), tested.cdf) <
          1.95 / 64);
    CHECK(distance(column(sweep_of(space, SamplingRule::kSobol), 1, kCount), tested.cdf) <
          2.0 / kCount);
  }
}

TEST_CASE("random hyperparameters and neighbouring trials are not correlated", "[samplers]") {
  const auto sweep =
      sweep_of({{"x", Uniform{-1, 1}}, {"y", Uniform{-1, 1}}}, SamplingRule::kRandom);
  constexpr std::int64_t kCount = 4096;
  const auto x = column(sweep, 0, kCount);
  const auto y = column(sweep, 1, kCount);
  double across = 0;
  double along = 0;
  for (std::size_t i = 0; i + 1 < x.size(); ++i) {
    across += 3 * x[i] * y[i] / kCount;
    along += 3 * x[i] * x[i + 1] / kCount;
  }
  CHECK(std::fabs(across) < 3.3 / 64);  // 3.3 standard deviations
  CHECK(std::fabs(along) < 3.3 / 64);
}

TEST_CASE("a conditional choice draws its options and their members evenly", "[samplers]") {
  const SearchSpace inner = {{"c", Uniform{0, 1}}};
  const SearchSpace space = {
      {"model", Choice{{{std::string("a")}, {inner}, {std::string("b")}, {inner}}}}};
  for (const auto rule : {SamplingRule::kRandom, SamplingRule::kSobol}) {
    const auto sweep = sweep_of(space, rule);
    std::map<std::string, int> count_of;
    std::vector<double> members;
    for (std::int64_t index = 0; index < 4096; ++index) {
      const Value value = suggest(sweep, index).value()[0].value;
      if (const auto* mapping = std::get_if<std::vector<NamedValue>>(&value.data)) {
        members.push_back(std::get<double>(mapping->at(0).value.data));
      } else {
        ++count_of[std::get<std::string>(value.data)];
      }
    }
    CHECK(count_of["a"] == Approx(1024).margin(rule == SamplingRule::kSobol ? 0 : 90));
    CHECK(count_of["b"] == Approx(1024).margin(rule == SamplingRule::kSobol ? 0 : 90));
    CHECK(distance(members, clamped) < 1.95 / std::sqrt(2048));
  }
}

TEST_CASE("each formula gives the value the documents say", "[samplers]") {
  const auto at = [](const Distribution& distribution, double u) {
    return number_of(quantile(distribution, u));
  };
  CHECK(std::get<std::int64_t>(quantile(RandInt{4}, 0.5).data) == 2);
  CHECK(at(Uniform{2, 4}, 0.25) == 2.5);
  CHECK(at(QUniform{0, 10, 3}, 0.76) == 9);
  CHECK(at(LogUniform{-2, 2, kE}, 0.5) == 1);
  CHECK(at(LogUniform{-4, -2, 10}, 0.5) == Approx(1e-3));
  CHECK(at(QLogUniform{0, 4, 5, 2}, 0.75) == 10);  // 2^3 = 8
  CHECK(at(Normal{3, 2}, 0.5) == 3);
  CHECK(at(Normal{0, 1}, 0.975) == Approx(1.959963984540054));
  CHECK(at(QNormal{3.3, 0, 0.5}, 0.1) == 3.5);
  CHECK(at(LogNormal{1, 2, kE}, 0.5) == kE);
  CHECK(at(QLogNormal{3, 1, 5, 2}, 0.5) == 10);
}

TEST_CASE("quantising takes ties to the even multiple, as Python does", "[samplers]") {
  const auto rounded = [](double value, double q) {
    return number_of(quantile(QUniform{value, value, q}, 0.5));
  };
  CHECK(rounded(0.5, 1) == 0);
  CHECK(rounded(1.5, 1) == 2);
  CHECK(rounded(2.5, 1) == 2);
  CHECK(rounded(3.0, 2) == 4);
  CHECK(rounded(0.31, 0.1) == 3 * 0.1);
  CHECK(rounded(7.9, 5) == 10);  // past its bounds, as the formula has it
  CHECK_FALSE(std::signbit(rounded(-0.3, 1)));
}

TEST_CASE("a whole q gives integers, which type=int of a script takes; another gives floats",
          "[samplers]") {
  const auto text = [](const Distribution& distribution) {
    return plain_text(quantile(distribution, 0.5));
  };
  CHECK(text(QUniform{16, 16, 16}) == "16");
  CHECK(text(QLogUniform{3, 3, 5, kE}) == "20");
  CHECK(text(QNormal{-7, 0, 2}) == "-8");
  CHECK(text(QLogNormal{0, 0, 1, 2}) == "1");
  CHECK(text(QUniform{16, 16, 0.5}) == "16.0");
  CHECK(text(QUniform{1e300, 1e300, 1}) == "1e+300");
}

TEST_CASE("no draw overflows", "[samplers]") {
  constexpr double kMost = std::numeric_limits<double>::max();
  const auto at = [](const Distribution& distribution, double u) {
    return number_of(quantile(distribution, u));
  };
  CHECK(at(LogUniform{900, 1000, kE}, 0.5) == kMost);
  CHECK(at(LogNormal{0, 1e6, 10}, 0.999) == kMost);
  CHECK(at(Normal{kMost, kMost}, 0.9) == kMost);
  CHECK(at(QUniform{1e300, 1e300, 1e-300}, 0.5) == 1e300);
  CHECK(at(QUniform{kMost, kMost, kMost / 1.5}, 0.5) <= kMost);
  CHECK(std::isfinite(at(Uniform{-kMost, kMost}, 0.75)));
}

TEST_CASE("an integer is below its bound for every u, whatever the bound", "[samplers]") {
  constexpr double kLast = 1 - 0x1p-53;  // the largest double below 1
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();
  for (const std::int64_t count : {std::int64_t{1}, std::int64_t{3}, std::int64_t{1} << 53,
                                   (std::int64_t{1} << 60) - 1, kMost}) {
    CHECK(quantile_below(count, kLast) < count);
    CHECK(quantile_below(count, kLast) >= count / 2);
    CHECK(quantile_below(count, 0x1p-53) >= 0);
  }
}

}  // namespace trawl::samplers
