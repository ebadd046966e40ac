#include "asr/evaluation/bootstrap.h"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace bivox {
namespace {

TEST(Bootstrap, AgreesWithTheNormalApproximation) {
  // 400 utterances of 10 words, one in four with 2 errors: rate 0.05, variance known.
  std::vector<ErrorCounts> groups;
  for (int i = 0; i < 400; ++i) groups.push_back({10, 0, i % 4 == 0 ? 2 : 0, 0});
  const RateInterval interval = bootstrap_interval(groups);
  const double sigma = std::sqrt(0.25 * 0.75 / 400.0) * 2.0 / 10.0;
  EXPECT_NEAR(interval.low, 0.05 - 1.96 * sigma, 0.001);
  EXPECT_NEAR(interval.high, 0.05 + 1.96 * sigma, 0.001);
}

TEST(Bootstrap, IsReproducible) {
  std::vector<ErrorCounts> groups;
  for (int i = 0; i < 30; ++i) groups.push_back({10 + i * i % 17, i * i % 7, 0, i % 5});
  const RateInterval first = bootstrap_interval(groups);
  const RateInterval second = bootstrap_interval(groups);
  EXPECT_EQ(first.low, second.low);
  EXPECT_EQ(first.high, second.high);
  EXPECT_NE(first.low, bootstrap_interval(groups, {.seed = 2}).low);
}

TEST(Bootstrap, OneGroupHasNoSpread) {
  const std::vector<ErrorCounts> groups = {{10, 1, 1, 1}};
  EXPECT_DOUBLE_EQ(bootstrap_interval(groups).low, 0.3);
  EXPECT_DOUBLE_EQ(bootstrap_interval(groups).high, 0.3);
  EXPECT_DOUBLE_EQ(bootstrap_interval({}).high, 0.0);
}

}  // namespace
}  // namespace bivox
