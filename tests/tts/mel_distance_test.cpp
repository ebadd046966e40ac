#include "tts/vocoder/mel_distance.h"

#include <gtest/gtest.h>

#include <cmath>

#include "models/nn/ops.h"
#include "tests/tts/vocoder_signals.h"
#include "tts/vocoder/vocoder_features.h"

namespace bivox {
namespace {

Tensor waveform(const AudioBuffer& audio, int64_t samples, int64_t first = 0) {
  Tensor x({1, samples, 1});
  std::copy_n(audio.samples.begin() + first, samples, x.data());
  return x;
}

constexpr int64_t kVoice = 1600;  // where the sound of a vowel begins

double value_of(const Tensor& x, const Tensor& target, const MelDistanceOptions& options = {}) {
  ComputeContext context;
  Tape tape(context);
  return static_cast<double>(
      mel_distance(tape.constant(x.clone()), target, options).value().item());
}

TEST(MelDistance, MeasuresTheLevelInNats) {
  const Tensor x = waveform(vowel(0.6, 180.0), 6400, kVoice);
  EXPECT_EQ(value_of(x, x), 0.0);
  Tensor louder = x.clone();
  for (float& v : louder.values()) v *= 1.1F;
  MelDistanceOptions options;
  options.floor = 1e-30F;  // nothing is below it
  EXPECT_NEAR(value_of(louder, x, options), 2.0 * std::log(1.1), 1e-3);
}

// The bands are those of the features: what they say of a recording is at distance zero from it.
TEST(MelDistance, HasTheBandsOfTheFeatures) {
  const AudioBuffer one = vowel(0.6, 180.0, 0.0, 1);
  const AudioBuffer two = vowel(0.6, 200.0, 0.0, 2);
  MelDistanceOptions options;
  options.resolutions = {{1024, 160, 400, 80}};
  options.floor = 1e-7F;
  const auto samples = static_cast<int64_t>(one.samples.size());
  const double distance = value_of(waveform(one, samples), waveform(two, samples), options);
  const VocoderFeatureOptions features;
  const FeatureMatrix a = vocoder_features(features, one).leftCols(80);
  const FeatureMatrix b = vocoder_features(features, two).leftCols(80);
  // One frame more at the end, which is silent.
  const double mean = static_cast<double>((a - b).cwiseAbs().mean());
  const auto rows = static_cast<double>(a.rows());
  EXPECT_NEAR(distance, mean * rows / (rows + 1.0), 0.01 * mean);
}

TEST(MelDistance, GradientIsThatOfDifferences) {
  ComputeContext context;
  Tensor x = waveform(vowel(0.6, 180.0, 0.0, 3), 4000, kVoice);
  const Tensor target = waveform(vowel(0.6, 190.0, 0.0, 4), 4000, kVoice);
  MelDistanceOptions options;
  options.resolutions = {{512, 100, 400, 20}, {256, 60, 200, 10}};
  Tape tape(context, true);
  const Var input = tape.input(x.clone());
  tape.backward(mel_distance(input, target, options));
  const Tensor gradient = tape.gradient(input).clone();
  Random random(1);
  for (int i = 0; i < 12; ++i) {
    // Along a random direction in a few samples: single ones change too little for floats.
    const int64_t at = static_cast<int64_t>(random.below(3900));
    double expected = 0.0;
    Tensor up = x.clone();
    Tensor down = x.clone();
    const float step = 5e-5F;
    for (int64_t n = at; n < at + 40; ++n) {
      const auto direction = static_cast<float>(random.gaussian());
      expected += static_cast<double>(gradient[n] * direction);
      up[n] += step * direction;
      down[n] -= step * direction;
    }
    const double found =
        (value_of(up, target, options) - value_of(down, target, options)) / (2.0 * 5e-5);
    EXPECT_NEAR(found, expected, 0.05 * std::abs(expected) + 0.03) << at;
  }
}

}  // namespace
}  // namespace bivox
