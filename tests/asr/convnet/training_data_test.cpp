#include "asr/convnet/training_data.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "convnet_fixture.h"
#include "dsp/features/front_end.h"

namespace bivox {
namespace {

AudioBuffer tone(double seconds) {
  AudioBuffer audio;
  audio.sample_rate_hz = 16000;
  Random random(1);
  for (int n = 0; n < static_cast<int>(seconds * 16000); ++n) {
    audio.samples.push_back(
        0.2F * static_cast<float>(std::sin(2.0 * std::numbers::pi * 440.0 * n / 16000.0)) +
        0.01F * static_cast<float>(random.gaussian()));
  }
  return audio;
}

TEST(ConvNetData, SixteenBitsKeepLogMel) {
  const FeatureMatrix rows = compute_features(kaldi_fbank_front_end(40), tone(0.5));
  const FeatureMatrix back = Rendering::pack(rows).unpack();
  EXPECT_LE((rows - back).cwiseAbs().maxCoeff(), 0.5F / 1024.0F + 1e-6F);
}

TEST(ConvNetData, TheFirstRenderingIsTheRecordingAndOthersDiffer) {
  AudioAugmentOptions augment;
  augment.min_speed = augment.max_speed = 0.8;
  const AudioAugmenter augmenter(augment, {});
  const FrontEndOptions front_end = small_front_end();
  RenderingOptions options;
  options.count = 2;
  const AudioBuffer audio = tone(1.0);
  const ConvNetExample example = make_example(audio, {}, front_end, options, &augmenter, 5);
  ASSERT_EQ(example.renderings.size(), 2U);
  FeatureMatrix first = example.renderings[0].unpack();
  normalise_rows(first, front_end.cmvn);
  EXPECT_LE((first - compute_features(front_end, audio)).cwiseAbs().maxCoeff(), 2e-3F);
  EXPECT_NEAR(example.renderings[1].frames, example.renderings[0].frames / 0.8, 3.0);
  const ConvNetExample again = make_example(audio, {}, front_end, options, &augmenter, 5);
  EXPECT_EQ(again.renderings[1].rows, example.renderings[1].rows);
}

TEST(ConvNetData, NoiseHasTheWantedPower) {
  // Speech of power e^4 in every bin, noise of another.
  FeatureMatrix speech = FeatureMatrix::Constant(50, 12, 4.0F);
  const Rendering noise = Rendering::pack(FeatureMatrix::Constant(7, 12, -3.0F));
  mix_mel_noise(speech, noise, 10.0, 1);
  const double expected = std::log(std::exp(4.0) * (1.0 + 0.1));
  EXPECT_NEAR(speech.minCoeff(), expected, 1e-3);
  EXPECT_NEAR(speech.maxCoeff(), expected, 1e-3);
}

TEST(ConvNetData, ReaderGivesRowsAndTheirStates) {
  const StateTree tree(few_phones(), 2);
  const std::vector<ConvNetExample> examples = {made_up_example(3)};
  const ConvNetReader reader(examples, tree, small_reader());
  const TrainingExample example = reader(0, 1);
  ASSERT_EQ(example.streams.size(), 2U);
  const int64_t frames = example.streams[0].dim(0);
  EXPECT_EQ(example.streams[1].dim(0), (frames + 2) / 3);
  const std::vector<int> states = tied_states(
      split_states(subsampled_runs(examples[0].phones, static_cast<int>(frames), 3), 2), tree);
  for (size_t t = 0; t < states.size(); ++t) {
    EXPECT_EQ(example.streams[1][static_cast<int64_t>(t)], static_cast<float>(states[t]));
  }
  EXPECT_EQ(example.targets, phone_labels(examples[0].phones, tree.phones()));
}

TEST(ConvNetData, AugmentationFollowsFromTheSeed) {
  const StateTree tree(few_phones(), 2);
  const std::vector<ConvNetExample> examples = {made_up_example(3)};
  const std::vector<Rendering> noises = {Rendering::pack(random_rows(30, 12, 2))};
  ReaderOptions options = small_reader();
  options.augment = true;
  options.noise_probability = 1.0;
  options.spectrum.frequency_width = 4;
  const ConvNetReader reader(examples, tree, options, noises);
  const auto rows = [&](uint64_t seed) {
    const TrainingExample example = reader(0, seed);
    const std::span<const float> values = example.streams[0].values();
    return std::vector<float>(values.begin(), values.end());
  };
  EXPECT_EQ(rows(1), rows(1));
  EXPECT_NE(rows(1), rows(2));
}

}  // namespace
}  // namespace bivox
