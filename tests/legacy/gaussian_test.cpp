#include "legacy/gmm/gaussian.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace bivox {
namespace {

TEST(Gaussian, StandardNormalDensity) {
  const std::vector<float> zero = {0.0F, 0.0F};
  const std::vector<float> one = {1.0F, 1.0F};
  EXPECT_NEAR(log_density(zero, zero, one), -std::log(2.0 * std::numbers::pi), 1e-12);
  EXPECT_NEAR(log_density(one, zero, one), -std::log(2.0 * std::numbers::pi) - 1.0, 1e-12);
}

TEST(Gaussian, DensityIntegratesToOne) {
  const std::vector<float> mean = {0.7F};
  const std::vector<float> variance = {0.3F};
  double sum = 0.0;
  for (int i = -5000; i < 5000; ++i) {
    const std::vector<float> x = {static_cast<float>(i) * 1e-3F};
    sum += 1e-3 * std::exp(log_density(x, mean, variance));
  }
  EXPECT_NEAR(sum, 1.0, 1e-5);
}

TEST(Gaussian, WeightsAreFlooredAndSumToOne) {
  std::vector<float> counts = {3.0F, 1.0F, 0.0F};
  counts_to_weights(counts, 0.1F);
  EXPECT_NEAR(counts[0], 0.75 / 1.1, 1e-6);
  EXPECT_NEAR(counts[2], 0.1 / 1.1, 1e-6);
  std::vector<float> none = {0.0F, 0.0F};
  counts_to_weights(none);
  EXPECT_EQ(none[0], 0.5F);
}

TEST(Gaussian, ForbiddenTransitionsStayForbidden) {
  std::vector<float> counts = {1.0F, 1e-9F, 0.0F};
  counts_to_transitions(counts);
  EXPECT_EQ(counts[2], 0.0F);
  EXPECT_NEAR(counts[1], 1e-4, 1e-7);
  EXPECT_NEAR(counts[0] + counts[1], 1.0, 1e-6);
}

}  // namespace
}  // namespace bivox
