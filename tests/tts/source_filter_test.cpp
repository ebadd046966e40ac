#include "tts/vocoder/source_filter.h"

#include <gtest/gtest.h>

#include <cmath>

#include "dsp/features/fft.h"
#include "tests/tts/vocoder_signals.h"
#include "tts/vocoder/measures.h"

namespace bivox {
namespace {

std::shared_ptr<const SourceFilterModel> plain_model() {
  static const auto model = std::make_shared<const SourceFilterModel>(VocoderFeatureOptions{});
  return model;
}

TEST(PulseTrain, HasPowerOneAndOnePulseAPeriod) {
  for (const double f0 : {80.0, 123.4, 220.0, 400.0}) {
    PulseTrain train(16000, 160);
    std::vector<float> out(160 * 200);
    for (size_t at = 0; at < out.size(); at += 160) {
      train.next(f0, f0, std::span(out).subspan(at, 160));
    }
    double power = 0.0;
    for (const float x : out) power += static_cast<double>(x) * static_cast<double>(x);
    EXPECT_NEAR(power / static_cast<double>(out.size()), 0.94, 0.02) << f0;  // of the band
    int pulses = 0;
    for (size_t n = 1; n + 1 < out.size(); ++n) {
      pulses += out[n] > out[n - 1] && out[n] >= out[n + 1] && out[n] > 3.0F ? 1 : 0;
    }
    EXPECT_NEAR(pulses, f0 * 2.0, 1.5) << f0;
  }
}

TEST(PulseTrain, BlocksOfAnySizeAreTheSame) {
  PulseTrain one(16000, 1600);
  PulseTrain many(16000, 160);
  std::vector<float> whole(1600);
  std::vector<float> parts(1600);
  one.next(200.0, 200.0, whole);
  for (size_t at = 0; at < 1600; at += 160) {
    many.next(200.0, 200.0, std::span(parts).subspan(at, 160));
  }
  for (size_t n = 0; n < 1600; ++n) ASSERT_NEAR(whole[n], parts[n], 1e-3F) << n;
}

TEST(MelEnvelope, IsFlatForFlatExcitations) {
  const VocoderFeatureOptions options;
  const MelEnvelope envelope(options);
  std::vector<float> power(static_cast<size_t>(envelope.bins()));
  // White noise of variance 0.01.
  Random random(1);
  AudioBuffer noise{std::vector<float>(16000), 16000};
  for (float& x : noise.samples) x = static_cast<float>(0.1 * random.gaussian());
  FeatureMatrix rows = vocoder_features(options, noise);
  rows.col(options.voicing_column()).setZero();
  double mean = 0.0;
  int count = 0;
  for (Eigen::Index t = 10; t < 90; ++t) {
    envelope.power({rows.row(t).data(), 82}, power);
    for (size_t k = 20; k < 500; ++k, ++count) mean += std::log(static_cast<double>(power[k]));
  }
  EXPECT_NEAR(mean / count, std::log(0.01), 0.6);  // ln of a chi-squared: below its mean
  // A pulse train of the same power.
  for (const double f0 : {100.0, 217.0}) {
    PulseTrain train(16000, 160);
    AudioBuffer pulses{std::vector<float>(16000), 16000};
    for (size_t at = 0; at < 16000; at += 160) {
      train.next(f0, f0, std::span(pulses.samples).subspan(at, 160));
    }
    for (float& x : pulses.samples) x *= 0.1F;
    FeatureMatrix voiced = vocoder_features(options, pulses);
    voiced.col(options.voicing_column()).setOnes();
    voiced.col(options.f0_column()).setConstant(static_cast<float>(std::log(f0)));
    std::vector<double> sum(power.size(), 0.0);
    for (Eigen::Index t = 10; t < 90; ++t) {
      envelope.power({voiced.row(t).data(), 82}, power);
      for (size_t k = 0; k < power.size(); ++k) sum[k] += static_cast<double>(power[k]) / 80.0;
    }
    for (size_t k = 16; k < 250; ++k) {  // to 3.9 kHz: above, part of the source is noise
      EXPECT_NEAR(10.0 * std::log10(sum[k] / 0.01), 0.0, 1.5) << f0 << ", bin " << k;
    }
  }
}

TEST(SourceFilter, KeepsPitchAndEnvelopeOfAVowel) {
  const VocoderFeatureOptions options;
  for (const double f0 : {110.0, 220.0}) {
    const AudioBuffer natural = vowel(1.5, f0, 0.2);
    const AudioBuffer copy =
        source_filter_speech(plain_model(), vocoder_features(options, natural), 1);
    ASSERT_EQ(copy.samples.size(), natural.samples.size() / 160 * 160);
    const SpeechDistance distance = speech_distance(natural, copy);
    EXPECT_LT(distance.mel_cepstral_db, 4.0);
    EXPECT_LT(distance.f0_rmse_cents, 40.0);
    EXPECT_LT(distance.voicing_error_percent, 5.0);
    double power = 0.0;
    double wanted = 0.0;
    for (size_t n = 3200; n < 20000; ++n) {
      power += std::pow(static_cast<double>(copy.samples[n]), 2.0);
      wanted += std::pow(static_cast<double>(natural.samples[n]), 2.0);
    }
    EXPECT_NEAR(10.0 * std::log10(power / wanted), 0.0, 1.0);
  }
}

TEST(SourceFilter, OtherPitchOnRequest) {
  const VocoderFeatureOptions options;
  FeatureMatrix rows = vocoder_features(options, vowel(1.0, 150.0));
  rows.col(options.f0_column()).array() += std::log(1.5F);
  const FeatureMatrix copied =
      vocoder_features(options, source_filter_speech(plain_model(), rows, 1));
  for (Eigen::Index t = 20; t < 80; ++t) {
    EXPECT_NEAR(std::exp(copied(t, options.f0_column())), 225.0, 6.0);
  }
}

TEST(SourceFilter, IsDeterministicUnderASeed) {
  const FeatureMatrix rows = vocoder_features({}, vowel(0.5, 200.0));
  const auto a = source_filter_speech(plain_model(), rows, 7).samples;
  EXPECT_EQ(a, source_filter_speech(plain_model(), rows, 7).samples);
  EXPECT_NE(a, source_filter_speech(plain_model(), rows, 8).samples);
}

TEST(SourceFilter, GivesABlockARowHoweverFew) {
  const FeatureMatrix rows = vocoder_features({}, vowel(0.5, 200.0));
  for (const Eigen::Index count : {0, 1, 2, 3, 7}) {
    const AudioBuffer audio = source_filter_speech(plain_model(), rows.topRows(count), 1);
    EXPECT_EQ(audio.samples.size(), static_cast<size_t>(count) * 160);
  }
}

TEST(SourceFilter, SilenceAndNonsenseStayFinite) {
  FeatureMatrix rows = vocoder_features({}, {std::vector<float>(16000), 16000});
  double power = 0.0;
  for (const float x : source_filter_speech(plain_model(), rows, 1).samples) {
    ASSERT_TRUE(std::isfinite(x));
    power += static_cast<double>(x) * static_cast<double>(x);
  }
  EXPECT_LT(power / 16000.0, 1e-6);
  rows.setConstant(std::numeric_limits<float>::quiet_NaN());
  rows.row(3).setConstant(std::numeric_limits<float>::infinity());
  rows.row(4).setConstant(-1e30F);
  rows.row(5).setConstant(1e30F);
  for (const float x : source_filter_speech(plain_model(), rows, 1).samples) {
    ASSERT_TRUE(std::isfinite(x));
  }
}

}  // namespace
}  // namespace bivox
