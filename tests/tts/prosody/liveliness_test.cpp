#include "tts/prosody/liveliness.h"

#include <gtest/gtest.h>

#include <cmath>

#include "dsp/core/random.h"

namespace bivox {
namespace {

TEST(MelCosines, AreOrthonormal) {
  const MelCosines cosines(20);
  std::vector<float> mel(20);
  Random random(3);
  for (float& value : mel) value = static_cast<float>(random.gaussian());
  std::vector<float> cepstrum(20);
  cosines.forward(mel, cepstrum);
  std::vector<float> back(20, 0.0F);
  cosines.add(cepstrum, back);
  for (size_t m = 0; m < mel.size(); ++m) EXPECT_NEAR(back[m], mel[m], 1e-4F);
  // A constant is c_0 alone.
  std::vector<float> flat(20, 2.0F);
  cosines.forward(flat, cepstrum);
  EXPECT_NEAR(cepstrum[0], 2.0F * std::sqrt(20.0F), 1e-4F);
  for (size_t k = 1; k < cepstrum.size(); ++k) EXPECT_NEAR(cepstrum[k], 0.0F, 1e-4F);
}

TEST(Liveliness, FindsWhatWasLost) {
  const int num_mel = 16;
  const MelCosines cosines(num_mel);
  Random random(7);
  FeatureMatrix natural(2000, num_mel);
  FeatureMatrix predicted(2000, num_mel);
  for (Eigen::Index t = 0; t < natural.rows(); ++t) {
    std::vector<float> lively(16);
    std::vector<float> dull(16);
    for (size_t k = 0; k < lively.size(); ++k) {
      lively[k] = 0.5F * static_cast<float>(random.gaussian());
      dull[k] = lively[k] * (k == 3 ? 0.5F : 1.0F) + (k == 3 ? 0.25F : 0.0F);
    }
    std::vector<float> row(16, 0.0F);
    cosines.add(lively, row);
    for (int m = 0; m < num_mel; ++m) natural(t, m) = row[static_cast<size_t>(m)];
    std::fill(row.begin(), row.end(), 0.0F);
    cosines.add(dull, row);
    for (int m = 0; m < num_mel; ++m) predicted(t, m) = row[static_cast<size_t>(m)];
  }
  LivelinessMeter meter(num_mel);
  meter.add(natural, predicted);
  const std::vector<float> gains = meter.gains(1.0, 3.0);
  EXPECT_NEAR(gains[3], 2.0F, 0.01F);
  EXPECT_NEAR(gains[4], 1.0F, 0.01F);
  EXPECT_NEAR(gains[0], 1.0F, 0.01F);
  EXPECT_NEAR(meter.means()[3], 0.25F, 0.05F);
  EXPECT_NEAR(meter.gains(0.5, 3.0)[3], std::sqrt(2.0F), 0.01F);
  EXPECT_NEAR(meter.gains(1.0, 1.5)[3], 1.5F, 1e-6F);
}

TEST(Liveliness, IsOneWithoutData) {
  const LivelinessMeter meter(8);
  for (const float gain : meter.gains(1.0, 2.0)) EXPECT_EQ(gain, 1.0F);
}

}  // namespace
}  // namespace bivox
