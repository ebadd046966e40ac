#include "dsp/audio/resample.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <utility>

namespace bivox {
namespace {

AudioBuffer sine(double frequency_hz, int rate_hz, double seconds, double amplitude = 0.5) {
  AudioBuffer audio{std::vector<float>(static_cast<size_t>(rate_hz * seconds)), rate_hz};
  for (size_t t = 0; t < audio.samples.size(); ++t) {
    audio.samples[t] =
        static_cast<float>(amplitude * std::sin(2.0 * std::numbers::pi * frequency_hz *
                                                static_cast<double>(t) / rate_hz));
  }
  return audio;
}

// Root mean square without the filter's edges.
double middle_rms(const AudioBuffer& audio) {
  const size_t edge = audio.samples.size() / 4;
  double sum = 0.0;
  for (size_t t = edge; t < audio.samples.size() - edge; ++t) {
    sum += static_cast<double>(audio.samples[t]) * audio.samples[t];
  }
  return std::sqrt(sum / static_cast<double>(audio.samples.size() - 2 * edge));
}

constexpr double kSineRms = 0.5 / std::numbers::sqrt2;

TEST(Resample, KeepsPassBandSinesInLevelAndTime) {
  for (const auto& [from, to] : {std::pair{44100, 16000},
                                 {48000, 16000},
                                 {8000, 16000},
                                 {22050, 16000},
                                 {24000, 16000},
                                 {11025, 16000}}) {
    const double lower_nyquist_hz = 0.5 * std::min(from, to);
    for (const double share : {0.02, 0.3, 0.6, 0.9}) {
      const double frequency_hz = share * lower_nyquist_hz;
      const AudioBuffer result = resample(sine(frequency_hz, from, 1.0), to);
      const AudioBuffer expected = sine(frequency_hz, to, 1.0);
      ASSERT_EQ(result.samples.size(), expected.samples.size());
      // Equal sample by sample: amplitude, phase and alignment all at once.
      for (size_t t = result.samples.size() / 4; t < result.samples.size() * 3 / 4; ++t) {
        ASSERT_NEAR(result.samples[t], expected.samples[t], 1e-3)
            << from << " to " << to << " Hz at " << frequency_hz << " Hz, sample " << t;
      }
    }
  }
}

TEST(Resample, RejectsWhatWouldAlias) {
  // Above the new Nyquist frequency of 8 kHz: nothing may be left, down to -80 dB.
  for (const double frequency_hz : {9000.0, 12000.0, 15000.0, 20000.0}) {
    const double rms = middle_rms(resample(sine(frequency_hz, 44100, 1.0), 16000));
    EXPECT_LT(20.0 * std::log10(rms / kSineRms + 1e-12), -80.0) << frequency_hz;
  }
}

TEST(Resample, DoesNotDependOnTheChunking) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  std::vector<float> noise(30011);
  for (float& sample : noise) sample = uniform(random);
  for (const auto& [from, to] : {std::pair{44100, 16000}, {8000, 16000}, {11, 10}}) {
    const AudioBuffer whole = resample({noise, from}, to);
    for (const size_t chunk : {size_t{1}, size_t{160}, size_t{4097}, size_t{9999}}) {
      Resampler resampler(from, to);
      std::vector<float> pieces;
      for (size_t begin = 0; begin < noise.size(); begin += chunk) {
        const size_t count = std::min(chunk, noise.size() - begin);
        resampler.accept(std::span(noise).subspan(begin, count), pieces);
      }
      resampler.finish(pieces);
      ASSERT_EQ(pieces, whole.samples) << from << " to " << to << " by " << chunk;
    }
  }
}

TEST(Resample, ObeysTheLengthRule) {
  EXPECT_EQ(resampled_length(44100, 44100, 16000), 16000);
  EXPECT_EQ(resampled_length(1, 44100, 16000), 0);
  EXPECT_EQ(resampled_length(2, 44100, 16000), 1);
  EXPECT_EQ(resampled_length(0, 44100, 16000), 0);
  EXPECT_EQ(resampled_length(int64_t{1} << 50, 2, 3), (int64_t{1} << 49) * 3);
  for (const size_t length : {0, 1, 2, 3, 441, 1000, 44101}) {
    for (const auto& [from, to] :
         {std::pair{44100, 16000}, {8000, 48000}, {16000, 16000}, {9, 10}, {768000, 16000}}) {
      const std::vector<float> input(length, 0.1F);
      EXPECT_EQ(static_cast<int64_t>(resample({input, from}, to).samples.size()),
                resampled_length(static_cast<int64_t>(length), from, to))
          << length << " samples, " << from << " to " << to;
    }
  }
}

TEST(Resample, CanStartAgain) {
  const AudioBuffer tone = sine(440.0, 44100, 0.2);
  Resampler resampler(44100, 16000);
  std::vector<float> first;
  resampler.accept(tone.samples, first);
  resampler.finish(first);
  std::vector<float> second;
  resampler.reset();
  resampler.accept(tone.samples, second);
  resampler.finish(second);
  EXPECT_EQ(first, second);
  EXPECT_THROW(resampler.accept(tone.samples, second), std::logic_error);
  EXPECT_THROW(Resampler(0, 16000), std::logic_error);
}

}  // namespace
}  // namespace bivox
