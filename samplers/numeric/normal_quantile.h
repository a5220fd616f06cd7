// samplers/numeric/normal_quantile.h: the inverse of the standard normal distribution function, by
// which one uniform number becomes one normal number (a Sobol point stays one point).
#pragma once

namespace trawl::samplers {

/// The z with P(Z <= z) = p for standard normal Z, to about 1 part in 10^16. 0 < p < 1.
double normal_quantile(double p);

}  // namespace trawl::samplers
