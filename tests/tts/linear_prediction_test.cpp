#include "tts/vocoder/linear_prediction.h"

#include <gtest/gtest.h>

#include <cmath>
#include <complex>
#include <numbers>

#include "tests/tts/vocoder_signals.h"
#include "tts/vocoder/excitation.h"

namespace bivox {
namespace {

TEST(LinearPrediction, FindsTheFilterOfAnAllPoleEnvelope) {
  // Poles at 0.95 e^(+-0.3 pi i) and 0.8: y[n] = a1 y[n-1] + a2 y[n-2] + a3 y[n-3] + 0.3 e[n].
  const double c = 2.0 * 0.95 * std::cos(0.3 * std::numbers::pi);
  const double a[] = {c + 0.8, -0.9025 - 0.8 * c, 0.9025 * 0.8};
  std::vector<float> envelope(513);
  for (size_t k = 0; k < envelope.size(); ++k) {
    const double w = std::numbers::pi * static_cast<double>(k) / 512.0;
    std::complex<double> denominator = 1.0;
    for (int i = 0; i < 3; ++i) denominator -= a[i] * std::polar(1.0, -w * (i + 1));
    envelope[k] = static_cast<float>(0.09 / std::norm(denominator));
  }
  PredictorMaker maker(1024);
  const LinearPredictor found = maker.make(envelope);
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(found.a[i], a[i], 0.03) << i;
  for (size_t i = 3; i < kPredictorOrder; ++i) EXPECT_NEAR(found.a[i], 0.0, 0.03) << i;
  EXPECT_NEAR(found.gain, 0.3, 0.01);
}

TEST(LinearPrediction, ResidualAndSynthesisUndoEachOther) {
  const auto model = std::make_shared<const SourceFilterModel>(VocoderFeatureOptions{});
  const AudioBuffer natural = vowel(1.0, 180.0, 0.3);
  const FeatureMatrix rows = vocoder_features(model->features(), natural);
  BlockPredictors predictors(model);
  PredictionMemory there;
  PredictionMemory back;
  std::vector<float> e(160);
  std::vector<float> y(160);
  double power = 0.0;
  predictors.next({rows.row(0).data(), 82});
  for (Eigen::Index b = 0; b + 1 < rows.rows(); ++b) {
    const LinearPredictor& predictor = predictors.next({rows.row(b + 1).data(), 82});
    const auto block = std::span(natural.samples).subspan(static_cast<size_t>(b) * 160, 160);
    there.residual(predictor, block, e);
    back.synthesize(predictor, e, y);
    for (size_t n = 0; n < 160; ++n) ASSERT_NEAR(y[n], block[n], 1e-3F) << b << ' ' << n;
    if (b < 20 || b >= 80) continue;
    for (const float x : e) power += static_cast<double>(x) * static_cast<double>(x) / 9600.0;
  }
  // What cannot be predicted has about variance 1, whatever the sound.
  EXPECT_GT(power, 0.3);
  EXPECT_LT(power, 3.0);
}

TEST(LinearPrediction, NoiseThroughThePredictorHasTheEnvelope) {
  const auto model = std::make_shared<const SourceFilterModel>(VocoderFeatureOptions{});
  FeatureMatrix rows = vocoder_features(model->features(), vowel(1.0, 180.0));
  rows.col(model->features().voicing_column()).setZero();
  for (Eigen::Index t = 0; t < rows.rows(); ++t) rows.row(t) = rows.row(50);
  BlockPredictors predictors(model);
  PredictionMemory memory;
  Random random(3);
  AudioBuffer said{{}, 16000};
  std::vector<float> block(160);
  for (Eigen::Index t = 0; t < rows.rows(); ++t) {
    const LinearPredictor& predictor = predictors.next({rows.row(t).data(), 82});
    for (float& e : block) e = static_cast<float>(random.gaussian());
    memory.synthesize(predictor, block, block);
    said.samples.insert(said.samples.end(), block.begin(), block.end());
  }
  const FeatureMatrix heard = vocoder_features(model->features(), said);
  // Loudness: mel powers, summed.
  double wanted = 0.0;
  double found = 0.0;
  for (int m = 0; m < 80; ++m) {
    wanted += std::exp(static_cast<double>(rows(50, m)));
    for (Eigen::Index t = 10; t < 90; ++t) {
      found += std::exp(static_cast<double>(heard(t, m))) / 80.0;
    }
  }
  EXPECT_NEAR(10.0 * std::log10(found / wanted), 0.0, 1.5);
}

TEST(LinearPrediction, SilenceAndZeroEnvelopesAreStable) {
  PredictorMaker maker(1024);
  const std::vector<float> nothing(513, 0.0F);
  const LinearPredictor predictor = maker.make(nothing);
  EXPECT_TRUE(std::isfinite(predictor.gain));
  PredictionMemory memory;
  std::vector<float> e(1600, 1.0F);
  memory.synthesize(predictor, e, e);
  for (const float x : e) ASSERT_LT(std::abs(x), 1e-3F);
}

}  // namespace
}  // namespace bivox
