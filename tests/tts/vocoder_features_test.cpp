#include "tts/vocoder/vocoder_features.h"

#include <gtest/gtest.h>

#include <cmath>

#include "dsp/core/error.h"
#include "tests/tts/vocoder_signals.h"

namespace bivox {
namespace {

TEST(VocoderFeatures, HasOneRowAHopAndOneAtLeast) {
  const VocoderFeatureOptions options;
  const AudioBuffer audio = vowel(1.0, 200.0);
  for (const size_t samples : {1UL, 159UL, 160UL, 319UL, 320UL, 16000UL}) {
    const FeatureMatrix rows = vocoder_features(options, audio.view().part(0, samples));
    EXPECT_EQ(rows.rows(), std::max<Eigen::Index>(1, static_cast<Eigen::Index>(samples) / 160));
    EXPECT_EQ(rows.cols(), 82);
    EXPECT_TRUE(rows.allFinite());
  }
  EXPECT_EQ(vocoder_features(options, audio.view().part(0, 0)).rows(), 0);
}

TEST(VocoderFeatures, KnowsPitchAndVoicingOfAVowel) {
  const VocoderFeatureOptions options;
  for (const double f0 : {110.0, 200.0, 320.0}) {
    const FeatureMatrix rows = vocoder_features(options, vowel(1.0, f0));
    for (Eigen::Index t = 15; t < 85; ++t) {
      EXPECT_EQ(rows(t, options.voicing_column()), 1.0F) << f0 << ", frame " << t;
      EXPECT_NEAR(std::exp(rows(t, options.f0_column())), f0, 0.02 * f0);
    }
    EXPECT_EQ(rows(0, options.voicing_column()), 0.0F);
    EXPECT_EQ(rows(98, options.voicing_column()), 0.0F);
  }
}

TEST(VocoderFeatures, PitchGoesOnThroughUnvoicedFrames) {
  const VocoderFeatureOptions options;
  AudioBuffer audio = vowel(0.6, 150.0);
  const AudioBuffer higher = vowel(0.6, 250.0);
  audio.samples.insert(audio.samples.end(), higher.samples.begin(), higher.samples.end());
  const FeatureMatrix rows = vocoder_features(options, audio);
  // Silence from 0.5 to 0.7 s lies between the vowels.
  EXPECT_EQ(rows(60, options.voicing_column()), 0.0F);
  EXPECT_NEAR(std::exp(rows(60, options.f0_column())), std::sqrt(150.0 * 250.0), 10.0);
  for (Eigen::Index t = 52; t < 68; ++t) {
    EXPECT_GE(rows(t + 1, options.f0_column()), rows(t, options.f0_column()));
  }
  const FeatureMatrix silent = vocoder_features(options, {std::vector<float>(8000), 16000});
  EXPECT_NEAR(std::exp(silent(20, options.f0_column())), kDefaultF0Hz, 0.1);
}

TEST(VocoderFeatures, OptionsSurviveJson) {
  VocoderFeatureOptions options;
  options.sample_rate_hz = 24000;
  options.hop = 240;
  options.window = 600;
  EXPECT_EQ(parse_vocoder_feature_options(vocoder_feature_options_json(options), "here"), options);
  EXPECT_THROW(parse_vocoder_feature_options("{}", "here"), Error);
  EXPECT_THROW(parse_vocoder_feature_options("[1", "here"), Error);
  options.hop = 0;
  EXPECT_THROW(options.validate(), Error);
  EXPECT_THROW(parse_vocoder_feature_options(vocoder_feature_options_json(options), "here"), Error);
  options.hop = 240;
  options.fft_size = 100;
  EXPECT_THROW(options.validate(), Error);
}

}  // namespace
}  // namespace bivox
