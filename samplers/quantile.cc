// samplers/quantile.cc: the formulas of the ten distributions.
//
// Behaviour matched: Azure ML v2 search_space, for example qlognormal = round(exp(N(mu, sigma)) /
// q)
// * q. `round` takes ties to the even neighbour, as Python's and numpy's do; a quantised value may
// thus pass its bounds. The product is left as it is (3 * 0.1 is 0.30000000000000004, in Python
// too), but a negative zero becomes zero. Where q is whole, so is every value, and it is drawn as
// an integer: `16`, which a script's `type=int` takes as well as its `type=float`.
#include "samplers/quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/assert.h"
#include "samplers/numeric/normal_quantile.h"

namespace trawl::samplers {
namespace {

double finite(double value) {
  constexpr double kLargest = std::numeric_limits<double>::max();
  return std::clamp(value, -kLargest, kLargest);
}

// nearbyint rounds half to even: nothing in Trawl changes the rounding mode.
Value quantised(double value, double q) {
  constexpr double kExact = 9007199254740992.0;  // 2^53: every integer up to here is a double
  const double steps = value / q;
  if (!std::isfinite(steps)) return {value};  // q is too small to show in value
  const double product = finite(std::nearbyint(steps) * q) + 0.0;
  const bool is_whole = q == std::trunc(q) && std::abs(product) <= kExact;
  if (is_whole) return {static_cast<std::int64_t>(product)};
  return {product};
}

double power(double base, double exponent) {
  // exp is more exact than pow, and is what the documents say.
  return finite(base == std::numbers::e ? std::exp(exponent) : std::pow(base, exponent));
}

double uniform(double min_value, double max_value, double u) {
  return std::clamp(std::lerp(min_value, max_value, u), min_value, max_value);
}

double normal(double mu, double sigma, double u) {
  return finite(mu + sigma * normal_quantile(u));
}

struct Quantile {
  double u{};

  Value operator()(const Choice&) const {
    TRAWL_ASSERT(!"a choice is drawn with its options' spaces, by draw()");
    return {};
  }
  Value operator()(const RandInt& d) const { return {quantile_below(d.upper, u)}; }
  Value operator()(const Uniform& d) const { return {uniform(d.min_value, d.max_value, u)}; }
  Value operator()(const QUniform& d) const {
    return quantised(uniform(d.min_value, d.max_value, u), d.q);
  }
  Value operator()(const LogUniform& d) const {
    return {power(d.base, uniform(d.min_value, d.max_value, u))};
  }
  Value operator()(const QLogUniform& d) const {
    return quantised(power(d.base, uniform(d.min_value, d.max_value, u)), d.q);
  }
  Value operator()(const Normal& d) const { return {normal(d.mu, d.sigma, u)}; }
  Value operator()(const QNormal& d) const { return quantised(normal(d.mu, d.sigma, u), d.q); }
  Value operator()(const LogNormal& d) const { return {power(d.base, normal(d.mu, d.sigma, u))}; }
  Value operator()(const QLogNormal& d) const {
    return quantised(power(d.base, normal(d.mu, d.sigma, u)), d.q);
  }
};

}  // namespace

std::int64_t quantile_below(std::int64_t count, double u) {
  TRAWL_ASSERT(count >= 1);
  const double scaled = std::floor(u * static_cast<double>(count));
  // A count above 2^53 may itself round up as a double, and past the largest integer.
  if (scaled >= static_cast<double>(count)) return count - 1;
  return std::min(static_cast<std::int64_t>(scaled), count - 1);
}

Value quantile(const Distribution& distribution, double u) {
  return std::visit(Quantile{u}, distribution);
}

}  // namespace trawl::samplers
