#include "models/nn/wavenet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "dsp/core/error.h"
#include "tests/models/nn/nn_test_tools.h"

namespace bivox {
namespace {

WaveNetOptions small() {
  WaveNetOptions options;
  options.layers = 5;
  options.cycle = 3;
  options.residual = 16;
  options.skip = 32;
  options.mel_bins = 4;
  options.hop = 5;
  options.mixtures = 2;
  return options;
}

TEST(WaveNet, DependsOnItsReceptiveFieldAndOnNothingLater) {
  const WaveNetOptions options = small();
  EXPECT_EQ(options.receptive_field(), 1 + 1 + 2 + 4 + 1 + 2);
  Network network = wavenet_network(options);
  network.initialize(3);
  const int time = 40;
  ComputeContext context;
  const auto run = [&](int changed) {
    Tape tape(context);
    Tensor audio = nn_test::random_tensor({1, time, 1}, 1, 0.3F);
    if (changed >= 0) audio[changed] += 0.5F;
    const Var inputs[] = {tape.constant(std::move(audio)),
                          tape.constant(nn_test::random_tensor({1, time / options.hop, 4}, 2))};
    return network.forward(tape, inputs)[0].value().clone();
  };
  const Tensor before = run(-1);
  EXPECT_EQ(before.shape(), Shape({1, time, options.output_channels()}));
  const int impulse = 13;
  const Tensor after = run(impulse);
  const int channels = options.output_channels();
  for (int t = 0; t < time; ++t) {
    bool same = true;
    for (int c = 0; c < channels; ++c) {
      same = same && before[t * channels + c] == after[t * channels + c];
    }
    const bool within = t >= impulse && t < impulse + options.receptive_field();
    EXPECT_EQ(same, !within) << t;
  }
}

TEST(WaveNet, CountsItsOperations) {
  for (const bool conditioned : {true, false}) {
    WaveNetOptions options = small();
    if (!conditioned) options.mel_bins = 0;
    double weights = 0.0;
    const Network network = wavenet_network(options);
    for (const auto& parameter : network.parameters()) {
      if (!parameter->name.ends_with(".weight")) continue;
      const bool framewise = parameter->name.starts_with("condition");
      weights += static_cast<double>(parameter->value.size()) / (framewise ? options.hop : 1);
    }
    EXPECT_NEAR(options.multiply_adds_per_sample(), weights, 1e-6 * weights);
  }
}

TEST(WaveNet, DelaysAudioForTraining) {
  WaveNetOptions options = small();
  const float audio[] = {0.25F, -0.5F, 1.0F};
  EXPECT_THAT(wavenet_history(options, audio), ::testing::ElementsAre(0.0F, 0.25F, -0.5F));
  options.guides = 2;
  const float guides[] = {1.0F, 2.0F, 3.0F, 4.0F, 5.0F, 6.0F};
  EXPECT_THAT(wavenet_history(options, audio, guides),
              ::testing::ElementsAre(0.0F, 1.0F, 2.0F, 0.25F, 3.0F, 4.0F, -0.5F, 5.0F, 6.0F));
  options.guides = 0;
  options.output = WaveNetOutput::kMuLaw;
  const auto history = wavenet_history(options, audio);
  EXPECT_EQ(history[0], 0.0F);
  // log(1 + 255 x 0.25) / log(256) and its like, to the nearest of 256 levels.
  EXPECT_NEAR(history[1], std::log1p(255.0 * 0.25) / std::log(256.0), 0.5 / 127.5);
  EXPECT_NEAR(history[2], -std::log1p(255.0 * 0.5) / std::log(256.0), 0.5 / 127.5);
}

TEST(WaveNet, CompandsToLevels) {
  for (const int levels : {2, 255, 256, 65536}) {
    EXPECT_EQ(mu_law_level(-1.0F, levels), 0);
    EXPECT_EQ(mu_law_level(1.0F, levels), levels - 1);
    EXPECT_EQ(mu_law_level(2.0F, levels), levels - 1);
    for (int level = 0; level < levels; level += std::max(1, levels / 300)) {
      EXPECT_EQ(mu_law_level(mu_law_sample(level, levels), levels), level);
    }
  }
  // Steps are fine near zero, coarse near one.
  EXPECT_LT(mu_law_sample(129, 256) - mu_law_sample(128, 256), 0.0003F);
  EXPECT_GT(mu_law_sample(255, 256) - mu_law_sample(254, 256), 0.03F);
}

TEST(WaveNet, ReadsBackItsOptions) {
  WaveNetOptions options = small();
  options.output = WaveNetOutput::kGaussian;
  const WaveNetOptions read = parse_wavenet_options(wavenet_options_json(options), "config.json");
  EXPECT_EQ(wavenet_options_json(read), wavenet_options_json(options));
  EXPECT_EQ(read.hop, 5);
  EXPECT_EQ(read.output, WaveNetOutput::kGaussian);
  for (const char* bad : {"{", "[]", "{}", R"({"layers": 4294967297})"}) {
    EXPECT_THROW(parse_wavenet_options(bad, "config.json"), Error) << bad;
  }
  options.condition_kernel = 4;
  EXPECT_THROW(parse_wavenet_options(wavenet_options_json(options), "config.json"), Error);
  options = small();
  options.layers = 0;
  EXPECT_THROW(wavenet_network(options), Error);
}

}  // namespace
}  // namespace bivox
