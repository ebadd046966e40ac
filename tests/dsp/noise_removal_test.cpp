// Properties of the noise removal; its exact values are held by sphinx_golden_test.cpp.
#include "dsp/analysis/noise_removal.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bivox {
namespace {

TEST(NoiseRemoval, SteadyNoiseSinksAndABurstStays) {
  NoiseRemoval removal(25);
  std::vector<float> row(25);
  for (int t = 0; t < 600; ++t) {
    row.assign(25, 1e6F);
    removal.process(row);
  }
  for (const float power : row) EXPECT_LT(power, 0.2e6F);  // at least 7 dB down
  for (int t = 0; t < 3; ++t) {
    row.assign(25, 1e9F);
    removal.process(row);
  }
  for (const float power : row) EXPECT_GT(power, 0.5e9F);  // at most 3 dB down
}

TEST(NoiseRemoval, DigitalSilenceStaysFinite) {
  NoiseRemoval removal(25);
  std::vector<float> row(25);
  for (int t = 0; t < 100; ++t) {
    row.assign(25, 0.0F);
    removal.process(row);
    for (const float power : row) EXPECT_EQ(power, 0.0F);
  }
}

TEST(NoiseRemoval, ResetStartsAnew) {
  NoiseRemoval removal(4);
  std::vector<float> first = {1e5F, 2e5F, 3e5F, 4e5F};
  removal.process(first);
  std::vector<float> other = {1e7F, 1e7F, 1e7F, 1e7F};
  removal.process(other);
  removal.reset();
  std::vector<float> again = {1e5F, 2e5F, 3e5F, 4e5F};
  removal.process(again);
  EXPECT_EQ(again, first);
}

}  // namespace
}  // namespace bivox
