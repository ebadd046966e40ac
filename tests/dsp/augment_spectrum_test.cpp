#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "dsp/augment/spec_augment.h"
#include "dsp/augment/vtlp.h"
#include "dsp/core/error.h"
#include "dsp/features/front_end.h"
#include "dsp/features/mel_filterbank.h"

namespace bivox {
namespace {

TEST(SpecAugment, HidesNoMoreThanItSays) {
  SpecAugmentOptions options;
  options.frequency_masks = 1;
  options.frequency_width = 8;
  options.time_masks = 1;
  options.time_width = 30;
  options.time_fraction = 0.1;
  int widest_columns = 0;
  int widest_rows = 0;
  for (uint64_t seed = 0; seed < 300; ++seed) {
    FeatureMatrix features = FeatureMatrix::Ones(100, 40);
    spec_augment(features, options, seed);
    int rows = 0;
    int columns = 0;
    for (int t = 0; t < 100; ++t) rows += (features.row(t).array() == 0.0F).all() ? 1 : 0;
    for (int c = 0; c < 40; ++c) columns += (features.col(c).array() == 0.0F).all() ? 1 : 0;
    ASSERT_LE(rows, 10);
    ASSERT_LE(columns, 8);
    ASSERT_EQ((features.array() == 0.0F).count(), rows * 40 + columns * 100 - rows * columns);
    widest_rows = std::max(widest_rows, rows);
    widest_columns = std::max(widest_columns, columns);
  }
  EXPECT_EQ(widest_rows, 10);
  EXPECT_EQ(widest_columns, 8);
}

TEST(SpecAugment, IsSeededAndFillsWithTheMean) {
  FeatureMatrix a = FeatureMatrix::Random(60, 20);
  a.array() += 5.0F;
  const float mean = a.mean();
  FeatureMatrix b = a;
  const FeatureMatrix original = a;
  SpecAugmentOptions options;
  options.fill_with_mean = true;
  options.time_warp = 5;
  spec_augment(a, options, 3);
  spec_augment(b, options, 3);
  EXPECT_EQ(a, b);
  b = original;
  spec_augment(b, options, 4);
  EXPECT_NE(a, b);
  options.time_warp = 0;
  b = original;
  spec_augment(b, options, 3);
  for (Eigen::Index i = 0; i < b.size(); ++i) {
    const bool kept = b.data()[i] == original.data()[i];
    ASSERT_TRUE(kept || std::abs(b.data()[i] - mean) < 1e-5F);
  }
}

TEST(SpecAugment, WarpsTimeWithoutChangingItsOrder) {
  SpecAugmentOptions options;
  options.time_warp = 10;
  options.frequency_masks = 0;
  options.time_masks = 0;
  bool moved = false;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    FeatureMatrix features(80, 2);
    for (int t = 0; t < 80; ++t) features.row(t).setConstant(static_cast<float>(t));
    spec_augment(features, options, seed);
    EXPECT_FLOAT_EQ(features(0, 0), 0.0F);
    EXPECT_FLOAT_EQ(features(79, 1), 79.0F);
    for (int t = 1; t < 80; ++t) {
      EXPECT_GT(features(t, 0), features(t - 1, 0));
      EXPECT_LE(std::abs(features(t, 0) - static_cast<float>(t)), 10.001F);
      moved = moved || std::abs(features(t, 0) - static_cast<float>(t)) > 1.0F;
    }
  }
  EXPECT_TRUE(moved);
}

TEST(SpecAugment, BearsSmallMatricesAndRefusesNonsense) {
  FeatureMatrix one = FeatureMatrix::Ones(1, 1);
  SpecAugmentOptions options;
  options.time_warp = 5;
  spec_augment(one, options, 1);
  FeatureMatrix none(0, 40);
  spec_augment(none, options, 1);
  options.time_fraction = 1.5;
  EXPECT_THROW(spec_augment(one, options, 1), Error);
}

TEST(Vtlp, WarpsFrequenciesAsItsFormulaSays) {
  // Straight up to the cutoff, then to half the sample rate; monotone, continuous.
  for (const double warp : {0.8, 0.9, 1.0, 1.1, 1.25}) {
    EXPECT_NEAR(warp_frequency(1000.0, warp, 4800.0, 16000), 1000.0 * warp, 1e-9);
    EXPECT_NEAR(warp_frequency(8000.0, warp, 4800.0, 16000), 8000.0, 1e-9);
    EXPECT_EQ(warp_frequency(0.0, warp, 4800.0, 16000), 0.0);
    double before = 0.0;
    for (double hz = 1.0; hz <= 8000.0; hz += 1.0) {
      const double at = warp_frequency(hz, warp, 4800.0, 16000);
      ASSERT_GT(at, before);
      ASSERT_LT(at, before + 5.0);
      before = at;
    }
  }
  // Equation of section 2 by hand: warp 1.1, cutoff 4800 -> knee at 4800 / 1.1 = 4363.6 Hz.
  EXPECT_NEAR(warp_frequency(6000.0, 1.1, 4800.0, 16000), 8000.0 - 3200.0 / 3636.363636 * 2000.0,
              1e-5);
}

TEST(Vtlp, MovesATonesPlaceAmongTheFilters) {
  FrontEndOptions options = kaldi_fbank_front_end(40);
  const auto peak = [&](double hz) {
    AudioBuffer audio{std::vector<float>(8000), 16000};
    for (size_t n = 0; n < audio.samples.size(); ++n) {
      audio.samples[n] = static_cast<float>(
          0.3 * std::sin(2.0 * std::numbers::pi * hz * static_cast<double>(n) / 16000.0));
    }
    Eigen::Index column = 0;
    compute_features(options, audio).row(20).maxCoeff(&column);
    return column;
  };
  const Eigen::Index plain = peak(2000.0);
  options.warp = 1.2;  // filters move up: the tone is found where 2000 / 1.2 Hz was
  const Eigen::Index warped = peak(2000.0);
  const Eigen::Index again = peak(2400.0);
  EXPECT_LT(warped, plain);
  EXPECT_EQ(again, plain);
  for (const double warp : {0.8, 0.9, 1.1, 1.25}) {
    options = kaldi_fbank_front_end(80);  // filters as narrow as bins: none may be lost
    options.warp = warp;
    AudioBuffer audio{std::vector<float>(4000, 0.0F), 16000};
    EXPECT_EQ(compute_features(options, audio).cols(), 80);
  }
  options.warp = 3.0;
  EXPECT_THROW(options.validate(), Error);
  options = sphinx_front_end();
  options.warp = 1.1;
  EXPECT_THROW(FrontEnd{options}, Error);
}

TEST(Vtlp, DrawsWithinItsRange) {
  double low = 2.0;
  double high = 0.0;
  for (uint64_t seed = 0; seed < 500; ++seed) {
    const double warp = random_warp({}, seed);
    EXPECT_EQ(warp, random_warp({}, seed));
    low = std::min(low, warp);
    high = std::max(high, warp);
  }
  EXPECT_GE(low, 0.9);
  EXPECT_LT(low, 0.91);
  EXPECT_LE(high, 1.1);
  EXPECT_GT(high, 1.09);
}

}  // namespace
}  // namespace bivox
