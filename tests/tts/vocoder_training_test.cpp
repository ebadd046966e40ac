#include "tts/vocoder/vocoder_training.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "dsp/core/error.h"
#include "models/nn/network_json.h"
#include "tests/apps/run_bivox.h"
#include "tests/tts/vocoder_signals.h"
#include "tts/vocoder/autoregressive_training.h"
#include "tts/vocoder/excitation.h"
#include "tts/vocoder/parallel_training.h"
#include "tts/vocoder/pulse_phase.h"

namespace bivox {
namespace {

VocoderData vowels() {
  VocoderData data{VocoderFeatureOptions{}};
  for (int i = 0; i < 4; ++i) {
    EXPECT_TRUE(data.add(vowel(0.7 + 0.1 * i, 140.0 + 40.0 * i, 0.1, static_cast<uint64_t>(i))));
  }
  return data;
}

VocoderTrainingOptions quick(VocoderMode mode) {
  VocoderTrainingOptions options;
  options.mode = mode;
  options.parallel.layers = 4;
  options.parallel.cycle = 2;
  options.parallel.channels = 16;
  options.parallel.condition = 8;
  options.epochs = 3;
  options.crop_frames = 24;
  options.crops = 2;
  options.rate = 3e-3;
  options.checkpoint_steps = 1;
  return options;
}

TEST(VocoderData, CropsFitTheirRows) {
  const VocoderData data = vowels();
  EXPECT_EQ(data.size(), 4U);
  EXPECT_FALSE(VocoderData(data.options()).add(vowel(0.21, 200.0).view().part(0, 2000)));
  const auto examples = data.examples(24);
  EXPECT_EQ(examples.size(), 4U);
  Random random(1);
  for (int i = 0; i < 50; ++i) {
    const VocoderData::Crop crop = data.draw(examples[2], 24, random);
    ASSERT_EQ(crop.samples.size(), 24U * 160U);
    ASSERT_GE(crop.first, 0);
    ASSERT_LE(crop.first + 24, data.rows(2).rows());
    const FeatureMatrix rows = data.crop_rows(crop, crop.first, 24);
    // The features of the crop itself agree where no edge is near.
    const FeatureMatrix own = vocoder_features(data.options(), {crop.samples, 16000});
    for (Eigen::Index t = 4; t < 20; ++t) {
      for (int m = 0; m < 80; ++m) {
        if (rows(t, m) < -9.0F) continue;  // 16-bit rounding
        ASSERT_NEAR(rows(t, m), own(t, m), 0.05F) << t << ' ' << m;
      }
    }
  }
}

TEST(ParallelTraining, UnfoldsAndGoesBack) {
  ComputeContext context;
  Tape tape(context, true);
  Tensor folded({1, 3, 2});
  for (int64_t i = 0; i < 6; ++i) folded[i] = static_cast<float>(i);
  const Var x = tape.input(folded.clone());
  const Var y = unfold(x);
  EXPECT_EQ(y.shape(), Shape({1, 6, 1}));
  tape.backward(l2_loss(y, Tensor({1, 6, 1}), {}, Reduction::kSum));
  for (int64_t i = 0; i < 6; ++i)
    EXPECT_FLOAT_EQ(tape.gradient(x)[i], 2.0F * static_cast<float>(i));
}

// With white noise as the target, the noise of the right variance is nearest in energy distance.
TEST(ParallelTraining, EnergyDistanceIsLeastAtTheRightNoise) {
  ComputeContext context;
  const StftLossOptions stft = vocoder_stft_loss(16000);
  Random random(5);
  const auto noise = [&](float gain) {
    Tensor x({1, 8000, 1});
    for (float& v : x.values()) v = gain * 0.1F * static_cast<float>(random.gaussian());
    return x;
  };
  const auto distance = [&](const Tensor& a, const Tensor& b) {
    Tape tape(context);
    return static_cast<double>(stft_loss(tape.constant(a.clone()), b, {}, stft).value().item());
  };
  const auto energy = [&](float gain) {
    const Tensor x = noise(1.0F);
    const Tensor y1 = noise(gain);
    const Tensor y2 = noise(gain);
    return distance(y1, x) / 2 + distance(y2, x) / 2 - distance(y1, y2) / 2;
  };
  EXPECT_LT(energy(1.0F), energy(0.7F));
  EXPECT_LT(energy(1.0F), energy(1.4F));
}

TEST(AutoregressiveTraining, ExamplesHoldTheExcitationOfTheCrop) {
  const VocoderData data = vowels();
  const auto model = std::make_shared<const SourceFilterModel>(data.options());
  const FeatureScale scale = FeatureScale::measure(data.rows());
  const WaveNetOptions options = autoregressive_wavenet_options(data.options());
  Random random(2);
  const VocoderData::Crop crop = data.draw(data.examples(24)[1], 24, random);
  const TrainingExample example = autoregressive_example(model, scale, options, data, crop, 0.0, 1);
  ASSERT_EQ(example.streams.size(), 3U);
  EXPECT_EQ(example.streams[0].shape(), Shape({24 * 160, 1 + PulseGuides::kGuides}));
  EXPECT_EQ(example.streams[1].shape(), Shape({24, 82}));
  // The history is the excitation, a sample late.
  EXPECT_EQ(example.streams[0][0], 0.0F);
  for (int64_t n = 1; n < 24 * 160; ++n) {
    ASSERT_EQ(example.streams[0][n * (1 + PulseGuides::kGuides)], example.streams[2][n - 1]);
  }
  double power = 0.0;
  for (const float e : example.streams[2].values()) {
    power += std::pow(static_cast<double>(e * kExcitationScale), 2.0) / (24 * 160);
  }
  EXPECT_GT(power, 0.2);
  EXPECT_LT(power, 5.0);
}

// The network that has learnt nothing knows the distribution of the excitation already, but for
// what it depends on: about the entropy of a logistic of variance 1, ln s + 2 nats, and ln 32768
// more as the loss is that of 16-bit levels.
TEST(AutoregressiveTraining, BeginsAsWhiteNoise) {
  const VocoderData data = vowels();
  const auto model = std::make_shared<const SourceFilterModel>(data.options());
  const FeatureScale scale = FeatureScale::measure(data.rows());
  const WaveNetOptions options = autoregressive_wavenet_options(data.options());
  Network network = wavenet_network(options);
  initialize_autoregressive_wavenet(network, options, 3);
  Random random(2);
  std::vector<TrainingExample> examples;
  examples.push_back(autoregressive_example(model, scale, options, data,
                                            data.draw(data.examples(40)[1], 40, random), 0.0, 1));
  TrainingBatch batch = pad_examples(std::move(examples));
  ComputeContext context;
  Tape tape(context);
  const SummedLoss loss = autoregressive_loss(network, tape, batch);
  const double entropy =
      std::log(std::sqrt(3.0) / (std::numbers::pi * 16.0)) + 2.0 + std::log(32768.0);
  EXPECT_NEAR(static_cast<double>(loss.sum.value().item()) / loss.count, entropy, 0.3);
}

TEST(VocoderTraining, LearnsInBothModes) {
  const VocoderData data = vowels();
  for (const VocoderMode mode : {VocoderMode::kParallel, VocoderMode::kAutoregressive}) {
    std::vector<double> losses;
    VocoderParts parts;
    parts.scale = FeatureScale::measure(data.rows());
    ComputeContext context(1, Precision::kBfloat16);
    VocoderTrainingOptions options = quick(mode);
    options.epochs = 12;
    VocoderTrainingCalls calls;
    calls.epoch = [&](int64_t, double, double dev, const VocoderParts& now) {
      EXPECT_EQ(now.parallel.has_value(), mode == VocoderMode::kParallel);
      losses.push_back(dev);
    };
    ASSERT_TRUE(train_vocoder(context, data, data, options, parts, calls));
    EXPECT_EQ(losses.size(), 12U);
    EXPECT_LT(losses.back(), losses.front());
  }
}

TEST(VocoderTraining, GoesOnAfterAnInterruption) {
  const VocoderData data = vowels();
  const auto train = [&](const std::filesystem::path& folder, int stop_after) {
    VocoderParts parts;
    parts.scale = FeatureScale::measure(data.rows());
    ComputeContext context(1, Precision::kBfloat16);
    VocoderTrainingOptions options = quick(VocoderMode::kParallel);
    options.run_folder = folder;
    int steps = 0;
    VocoderTrainingCalls calls;
    calls.stop = [&] { return stop_after > 0 && ++steps >= stop_after; };
    const bool done = train_vocoder(context, data, data, options, parts, calls);
    EXPECT_EQ(done, stop_after == 0);
    std::vector<float> weights;
    for (const auto& parameter : parts.parallel->network.parameters()) {
      weights.insert(weights.end(), parameter->value.values().begin(),
                     parameter->value.values().end());
    }
    return weights;
  };
  const ScratchFolder scratch;
  const auto whole = train(scratch.path() / "whole", 0);
  train(scratch.path() / "parts", 3);
  EXPECT_EQ(train(scratch.path() / "parts", 0), whole);
}

TEST(VocoderTraining, WantsRecordings) {
  VocoderParts parts;
  ComputeContext context;
  const VocoderData none{VocoderFeatureOptions{}};
  EXPECT_THROW(train_vocoder(context, none, none, quick(VocoderMode::kParallel), parts, {}), Error);
}

}  // namespace
}  // namespace bivox
