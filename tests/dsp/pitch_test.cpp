#include "dsp/analysis/pitch.h"

#include <functional>
#include <random>

#include "dsp/core/error.h"
#include "tests/dsp/golden.h"

namespace bivox {
namespace {

constexpr int kRateHz = 16000;

// Harmonics up to 3 kHz, falling as 1/h, as a voice's do; f0_hz is a function of time in seconds.
AudioBuffer voice(double seconds, const std::function<double(double)>& f0_hz) {
  AudioBuffer audio{std::vector<float>(static_cast<size_t>(seconds * kRateHz)), kRateHz};
  double phase = 0.0;
  for (size_t i = 0; i < audio.samples.size(); ++i) {
    const double f0 = f0_hz(static_cast<double>(i) / kRateHz);
    if (f0 <= 0.0) continue;
    phase += 2.0 * M_PI * f0 / kRateHz;
    for (int h = 1; h * f0 < 3000.0; ++h) {
      audio.samples[i] += static_cast<float>(0.2 / h * std::cos(h * phase));
    }
  }
  return audio;
}

void add_noise(AudioBuffer& audio, float level) {
  std::mt19937 random(5);
  std::normal_distribution<float> gaussian(0.0F, level);
  for (float& x : audio.samples) x += gaussian(random);
}

double centre_s(size_t frame) { return 0.010 * static_cast<double>(frame) + 0.0125; }

TEST(Pitch, SteadyTonesWithinHalfAPercent) {
  for (const double f0 : {65.0, 80.0, 111.0, 150.0, 233.0, 320.0, 450.0}) {
    const auto track = track_pitch({}, voice(0.5, [&](double) { return f0; }));
    ASSERT_EQ(track.size(), 48U);
    for (size_t t = 3; t < 45; ++t) {
      EXPECT_NEAR(track[t].f0_hz / f0, 1.0, 0.005) << f0 << " Hz, frame " << t;
      EXPECT_GT(track[t].voicing, 0.9F);
      EXPECT_LE(track[t].voicing, 1.0F);
    }
  }
}

TEST(Pitch, PureSine) {
  AudioBuffer audio{std::vector<float>(8000), kRateHz};
  for (size_t i = 0; i < 8000; ++i) {
    audio.samples[i] =
        static_cast<float>(0.1 * std::sin(2.0 * M_PI * 200.0 * static_cast<double>(i) / kRateHz));
  }
  const auto track = track_pitch({}, audio);
  for (size_t t = 3; t < 45; ++t) EXPECT_NEAR(track[t].f0_hz, 200.0, 1.0);
}

TEST(Pitch, GlidesAreFollowedWithoutDelay) {
  const auto f0 = [](double s) { return 100.0 + 150.0 * s; };
  const auto track = track_pitch({}, voice(1.0, f0));
  for (size_t t = 4; t + 4 < track.size(); ++t) {
    EXPECT_NEAR(track[t].f0_hz / f0(centre_s(t)), 1.0, 0.01) << "frame " << t;
  }
}

TEST(Pitch, VoiceInNoiseIsFound) {
  AudioBuffer audio = voice(0.6, [](double) { return 140.0; });
  add_noise(audio, 0.05F);
  const auto track = track_pitch({}, audio);
  for (size_t t = 3; t < 55; ++t) EXPECT_NEAR(track[t].f0_hz, 140.0, 3.0);
}

TEST(Pitch, NoiseAndSilenceAreUnvoiced) {
  AudioBuffer audio{std::vector<float>(16000), kRateHz};
  for (const PitchFrame& frame : track_pitch({}, audio)) {
    EXPECT_EQ(frame.f0_hz, 0.0F);
    EXPECT_EQ(frame.voicing, 0.0F);
  }
  add_noise(audio, 0.1F);
  for (const PitchFrame& frame : track_pitch({}, audio)) EXPECT_EQ(frame.f0_hz, 0.0F);
}

TEST(Pitch, OnsetAndOffsetLieWhereTheVoiceStartsAndEnds) {
  AudioBuffer audio = voice(1.0, [](double s) { return s >= 0.3 && s < 0.7 ? 120.0 : 0.0; });
  add_noise(audio, 0.001F);
  const auto track = track_pitch({}, audio);
  for (size_t t = 0; t < track.size(); ++t) {
    const double s = centre_s(t);
    if (s < 0.28 || s > 0.72) {
      EXPECT_EQ(track[t].f0_hz, 0.0F) << s;
    }
    if (s > 0.32 && s < 0.68) {
      EXPECT_NEAR(track[t].f0_hz, 120.0, 1.0) << s;
    }
  }
}

TEST(Pitch, RealVoiceAgreesWithPraat) {
  PitchOptions o;
  o.max_hz = 400.0;
  const auto track = track_pitch(o, golden::clip(golden::kClip));
  const FeatureMatrix expected = golden::matrix("praat_f0");
  ASSERT_EQ(static_cast<Eigen::Index>(track.size()), expected.rows());
  int both = 0;
  int close = 0;
  int same_voicing = 0;
  for (size_t t = 0; t < track.size(); ++t) {
    const float theirs = expected(static_cast<Eigen::Index>(t), 0);
    const float ours = track[t].f0_hz;
    same_voicing += (theirs > 0.0F) == (ours > 0.0F) ? 1 : 0;
    if (theirs <= 0.0F || ours <= 0.0F) continue;
    ++both;
    close += std::abs(ours / theirs - 1.0F) < 0.05F ? 1 : 0;
  }
  EXPECT_GT(both, 100);
  EXPECT_GT(close, both * 0.95) << close << " of " << both;
  EXPECT_GT(same_voicing, track.size() * 0.90) << same_voicing << " of " << track.size();
}

TEST(Pitch, ShortAndBadAudio) {
  EXPECT_TRUE(track_pitch({}, AudioBuffer{}).empty());
  EXPECT_TRUE(track_pitch({}, AudioBuffer{{0.5F}, kRateHz}).empty());
  PitchOptions o;
  o.placement = FramePlacement::kCentreZero;
  EXPECT_EQ(track_pitch(o, AudioBuffer{{std::nanf("")}, kRateHz}).size(), 1U);
  o.min_hz = 500.0;
  EXPECT_THROW(track_pitch(o, AudioBuffer{{0.5F}, kRateHz}), Error);
  EXPECT_THROW(track_pitch({}, AudioBuffer{{0.5F}, 100}), Error);
}

}  // namespace
}  // namespace bivox
