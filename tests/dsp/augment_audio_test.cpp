#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dsp/analysis/pitch.h"
#include "dsp/augment/audio_augment.h"
#include "dsp/augment/gain.h"
#include "dsp/augment/noise_mix.h"
#include "dsp/augment/speed.h"
#include "dsp/augment/tempo.h"
#include "dsp/core/error.h"
#include "dsp/features/fft.h"
#include "tests/dsp/golden.h"

namespace bivox {
namespace {

constexpr int kRate = 16000;

AudioBuffer tone(double hz, double seconds, double amplitude = 0.5) {
  AudioBuffer audio{std::vector<float>(static_cast<size_t>(seconds * kRate)), kRate};
  for (size_t n = 0; n < audio.samples.size(); ++n) {
    audio.samples[n] = static_cast<float>(
        amplitude * std::sin(2.0 * std::numbers::pi * hz * static_cast<double>(n) / kRate));
  }
  return audio;
}

double median_f0(AudioView audio) {
  std::vector<float> voiced;
  for (const PitchFrame& frame : track_pitch({}, audio)) {
    if (frame.f0_hz > 0.0F) voiced.push_back(frame.f0_hz);
  }
  if (voiced.empty()) return 0.0;
  std::nth_element(voiced.begin(), voiced.begin() + static_cast<ptrdiff_t>(voiced.size() / 2),
                   voiced.end());
  return voiced[voiced.size() / 2];
}

// Of the middle part: ends may fade.
double middle_power(AudioView audio) {
  return mean_power(audio.part(audio.samples.size() / 4, audio.samples.size() / 2));
}

TEST(Gain, IsExact) {
  const AudioBuffer audio = tone(440.0, 0.5);
  const AudioBuffer louder = apply_gain(audio, 6.0);
  EXPECT_NEAR(10.0 * std::log10(mean_power(louder) / mean_power(audio)), 6.0, 1e-5);
  EXPECT_EQ(louder.sample_rate_hz, kRate);
  EXPECT_EQ(mean_power({}), 0.0);
}

TEST(Speed, ShiftsPitchAndLengthTogether) {
  const AudioBuffer speech = golden::clip(golden::kClip);
  for (const double factor : {0.9, 1.1, 1.25}) {
    const AudioBuffer fast = change_speed(speech, factor);
    EXPECT_EQ(fast.sample_rate_hz, speech.sample_rate_hz);
    EXPECT_NEAR(static_cast<double>(fast.samples.size()),
                static_cast<double>(speech.samples.size()) / factor, 1.0);
    EXPECT_NEAR(median_f0(fast) / median_f0(speech), factor, 0.03 * factor);
    const AudioBuffer high = change_speed(tone(200.0, 1.0), factor);
    EXPECT_NEAR(median_f0(high), 200.0 * factor, 0.5);
    EXPECT_NEAR(middle_power(high), 0.125, 0.001);
  }
  EXPECT_THROW(change_speed(speech, 0.0), Error);
}

TEST(Tempo, KeepsThePitchAndChangesTheLength) {
  const AudioBuffer speech = golden::clip(golden::kClip);
  for (const double factor : {0.8, 0.9, 1.1, 1.3}) {
    const AudioBuffer changed = change_tempo(speech, factor);
    EXPECT_NEAR(static_cast<double>(changed.samples.size()),
                static_cast<double>(speech.samples.size()) / factor, 1.0);
    EXPECT_NEAR(median_f0(changed) / median_f0(speech), 1.0, 0.02) << factor;
    EXPECT_NEAR(10.0 * std::log10(mean_power(changed) / mean_power(speech)), 0.0, 0.7) << factor;
  }
  EXPECT_THROW(change_tempo(speech, 10.0), Error);
}

TEST(Tempo, JoinsPeriodsWithoutAFlaw) {
  // A tone whose period fits no hop stays a tone: segments are moved until periods join. Plain
  // overlap-add loses up to all of the power where segments are out of phase.
  for (const double factor : {0.77, 1.31}) {
    const AudioBuffer changed = change_tempo(tone(173.0, 1.0), factor);
    EXPECT_NEAR(middle_power(changed), 0.125, 0.004) << factor;
    constexpr int kSize = 8192;
    RealFft fft(kSize);
    std::vector<float> in(kSize);
    std::vector<std::complex<float>> out(static_cast<size_t>(fft.bins()));
    for (size_t n = 0; n < kSize; ++n) {
      const double hann =
          0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * static_cast<double>(n) / kSize);
      in[n] = changed.samples[2000 + n] * static_cast<float>(hann);
    }
    fft.forward(in.data(), out.data());
    double near = 0.0;
    double all = 0.0;
    for (size_t k = 0; k < out.size(); ++k) {
      const double power = std::norm(out[k]);
      all += power;
      if (std::abs(static_cast<double>(k) * kRate / kSize - 173.0) < 12.0) near += power;
    }
    EXPECT_GT(near / all, 0.98) << factor;
  }
  const AudioBuffer same = change_tempo(tone(173.0, 0.5), 1.0);
  const AudioBuffer original = tone(173.0, 0.5);
  for (size_t n = 0; n < same.samples.size(); ++n) {
    ASSERT_NEAR(same.samples[n], original.samples[n], 1e-5) << n;
  }
}

TEST(NoiseMix, ReachesTheRatioExactly) {
  const AudioBuffer speech = apply_gain(golden::clip(golden::kClip), -20.0);
  const AudioBuffer noise = make_noise(NoiseColour::kWhite, 5000, kRate, 3);
  for (const double snr : {-5.0, 0.0, 20.0}) {
    const AudioBuffer mixed = mix_noise(speech, noise, snr, 7);
    ASSERT_LT(*std::ranges::max_element(mixed.samples), 0.999F);  // nothing was scaled down
    AudioBuffer added = mixed;
    for (size_t n = 0; n < added.samples.size(); ++n) added.samples[n] -= speech.samples[n];
    EXPECT_NEAR(10.0 * std::log10(mean_power(speech) / mean_power(added)), snr, 1e-3);
  }
  EXPECT_EQ(mix_noise(speech, noise, 10.0, 7).samples, mix_noise(speech, noise, 10.0, 7).samples);
  EXPECT_NE(mix_noise(speech, noise, 10.0, 7).samples, mix_noise(speech, noise, 10.0, 8).samples);
}

TEST(NoiseMix, KeepsLoudMixturesWithinRange) {
  const AudioBuffer loud = tone(300.0, 0.5, 1.0);
  const AudioBuffer noise = make_noise(NoiseColour::kPink, 3000, kRate, 3);
  const AudioBuffer mixed = mix_noise(loud, noise, 0.0, 1);
  float peak = 0.0F;
  for (const float x : mixed.samples) peak = std::max(peak, std::abs(x));
  EXPECT_NEAR(peak, 1.0F, 1e-6);
}

TEST(NoiseMix, LeavesSilenceAlone) {
  const AudioBuffer silence{std::vector<float>(100, 0.0F), kRate};
  const AudioBuffer noise = make_noise(NoiseColour::kWhite, 100, kRate, 3);
  EXPECT_EQ(mix_noise(silence, noise, 10.0, 1).samples, silence.samples);
  EXPECT_EQ(mix_noise(noise, silence, 10.0, 1).samples, noise.samples);
  const AudioBuffer other{noise.samples, 8000};
  EXPECT_THROW(mix_noise(noise, other, 10.0, 1), Error);
}

TEST(NoiseMix, ColoursAreWhatTheyAreCalled) {
  constexpr int kSize = 1 << 15;
  const auto octave_db = [&](NoiseColour colour) {
    const AudioBuffer noise = make_noise(colour, kSize, kRate, 5);
    EXPECT_NEAR(mean_power(noise), 0.01, 0.0005);
    RealFft fft(kSize);
    std::vector<std::complex<float>> out(static_cast<size_t>(fft.bins()));
    fft.forward(noise.samples.data(), out.data());
    const auto band = [&](double low, double high) {
      double sum = 0.0;
      int count = 0;
      for (size_t k = 0; k < out.size(); ++k) {
        const double hz = static_cast<double>(k) * kRate / kSize;
        if (hz < low || hz >= high) continue;
        sum += std::norm(out[k]);
        ++count;
      }
      return sum / count;
    };
    return 10.0 * std::log10(band(4000.0, 5000.0) / band(250.0, 312.5)) / 4.0;  // four octaves
  };
  EXPECT_NEAR(octave_db(NoiseColour::kWhite), 0.0, 0.4);
  EXPECT_NEAR(octave_db(NoiseColour::kPink), -3.0, 0.4);
}

TEST(AudioAugment, IsSeededAndKeepsItsRanges) {
  AudioAugmentOptions options;
  options.min_speed = 0.9;
  options.max_speed = 1.1;
  options.min_gain_db = -6.0;
  options.max_gain_db = 6.0;
  options.noise_probability = 0.5;
  options.room_probability = 0.5;
  options.rooms = 2;
  options.max_rt60_s = 0.2;
  const AudioAugmenter augmenter(options, {});
  const AudioBuffer speech = tone(150.0, 0.5, 0.2);
  EXPECT_EQ(augmenter.augment(speech, 5).samples, augmenter.augment(speech, 5).samples);
  size_t shortest = 1 << 20;
  size_t longest = 0;
  for (uint64_t seed = 0; seed < 20; ++seed) {
    const AudioBuffer one = augmenter.augment(speech, seed);
    shortest = std::min(shortest, one.samples.size());
    longest = std::max(longest, one.samples.size());
    for (const float x : one.samples) ASSERT_TRUE(std::isfinite(x));
  }
  EXPECT_GE(shortest, 7272U);
  EXPECT_LE(longest, 8889U);
  EXPECT_GT(longest, shortest + 500);
  const AudioAugmenter nothing({}, {});
  EXPECT_EQ(nothing.augment(speech, 5).samples, speech.samples);
  options.min_speed = 2.0;
  EXPECT_THROW(AudioAugmenter(options, {}), Error);
}

}  // namespace
}  // namespace bivox
