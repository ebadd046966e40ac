// The arithmetic of diagonal Gaussians and of mixture weights, in double precision: what loading,
// testing and training share. Scoring has its own kernels (legacy/gmm/gmm_kernels.h).
//
//   log N(x; mu, v) = -1/2 sum_d [ln(2 pi v_d) + (x_d - mu_d)^2 / v_d]
//
// Natural logarithms. Thread rule: pure functions.
// Source: Bishop, Pattern Recognition and Machine Learning, equation 2.43. The floors are those
// with which CMU Sphinx models were trained. Test: tests/legacy/gaussian_test.cpp.
#pragma once

#include <span>

namespace bivox {

inline constexpr float kVarianceFloor = 1e-4F;
inline constexpr float kWeightFloor = 1e-7F;
inline constexpr float kTransitionFloor = 1e-4F;

/// -1/2 sum_d ln(2 pi v_d).
double log_normaliser(std::span<const float> variances);
double log_density(std::span<const float> x, std::span<const float> mean,
                   std::span<const float> variances);
/// Makes non-negative values sum to one; all zero stays all zero. Returns the sum found.
double normalise(std::span<float> values);
/// Counts to mixture weights: normalised, floored, normalised again. No counts at all: equal
/// weights.
void counts_to_weights(std::span<float> counts, float floor = kWeightFloor);
/// Counts of one row to transition probabilities: as above, but what is zero stays forbidden.
void counts_to_transitions(std::span<float> counts, float floor = kTransitionFloor);

}  // namespace bivox
