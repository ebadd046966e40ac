#include "models/nn/wavenet_sampler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "dsp/core/error.h"
#include "models/nn/kernels/wavenet_step.h"
#include "tests/models/nn/allocation_counter.h"
#include "tests/models/nn/nn_test_tools.h"

namespace bivox {
namespace {

constexpr Isa kIsas[] = {Isa::kPlain, Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16};
constexpr Precision kPrecisions[] = {Precision::kFloat32, Precision::kBfloat16, Precision::kInt8};

// Sizes that are no multiples of a vector.
WaveNetOptions small(WaveNetOutput output = WaveNetOutput::kLogisticMixture) {
  WaveNetOptions options;
  options.layers = 7;
  options.cycle = 4;
  options.residual = 24;
  options.skip = 40;
  options.mel_bins = 6;
  options.hop = 20;
  options.mixtures = 3;
  options.levels = 32;
  options.output = output;
  return options;
}

Network random_network(const WaveNetOptions& options) {
  Network network = wavenet_network(options);
  network.initialize(4);
  for (const auto& parameter : network.parameters()) {
    if (!parameter->name.ends_with(".bias")) continue;
    const auto size = parameter->value.size();
    parameter->value = nn_test::random_tensor({size}, static_cast<uint32_t>(size) + 1, 0.2F);
  }
  return network;
}

// What Network::forward gives, and what it was given.
struct Forced {
  std::vector<float> audio;
  std::vector<float> guides;
  std::vector<float> mel;
  Tensor outputs;
};

Forced forced(Network& network, const WaveNetOptions& options, int frames) {
  Forced forced;
  const int time = frames * options.hop;
  const Tensor audio = nn_test::random_tensor({time}, 8, 0.3F);
  for (const float y : audio.values()) forced.audio.push_back(std::clamp(y, -1.0F, 1.0F));
  if (options.guides > 0) {
    const Tensor guides = nn_test::random_tensor({time, options.guides}, 10);
    forced.guides.assign(guides.values().begin(), guides.values().end());
  }
  ComputeContext context;
  Tape tape(context);
  std::vector<Var> inputs = {tape.constant(Tensor::from(
      {1, time, 1 + options.guides}, wavenet_history(options, forced.audio, forced.guides)))};
  if (options.mel_bins > 0) {
    const Tensor mel = nn_test::random_tensor({1, frames, options.mel_bins}, 9);
    forced.mel.assign(mel.values().begin(), mel.values().end());
    inputs.push_back(tape.constant(mel.clone()));
  }
  forced.outputs = network.forward(tape, inputs)[0].value().clone();
  return forced;
}

double relative_error(const Tensor& exact, const std::vector<float>& found) {
  double squares = 0.0;
  double energy = 0.0;
  for (int64_t i = 0; i < exact.size(); ++i) {
    squares += std::pow(double{found[static_cast<size_t>(i)]} - double{exact[i]}, 2);
    energy += std::pow(double{exact[i]}, 2);
  }
  return std::sqrt(squares / energy);
}

TEST(WaveNetSampler, GivesWhatForwardGivesOnTheSameSamples) {
  std::vector<WaveNetOptions> cases = {small(), small(WaveNetOutput::kGaussian),
                                       small(WaveNetOutput::kMuLaw)};
  cases.push_back(small());
  cases.back().kernel = 3;
  cases.push_back(small());
  cases.back().mel_bins = 0;
  cases.push_back(small());
  cases.back().residual = 64;
  cases.back().skip = 128;
  cases.push_back(small());
  cases.back().guides = 2;
  for (const WaveNetOptions& options : cases) {
    Network network = random_network(options);
    const Forced expected = forced(network, options, 18);  // more than one chunk of mel frames
    for (const Isa isa : kIsas) {
      if (!isa_available(isa)) continue;
      for (const Precision precision : kPrecisions) {
        WaveNetSampler sampler(WaveNetModel::compile(network, options, precision, isa), 1);
        std::vector<float> outputs(static_cast<size_t>(expected.outputs.size()));
        sampler.score(expected.mel, expected.audio, outputs, expected.guides);
        const double error = relative_error(expected.outputs, outputs);
        const double bound = precision == Precision::kFloat32    ? 2e-6
                             : precision == Precision::kBfloat16 ? 0.01
                                                                 : 0.03;
        EXPECT_LT(error, bound) << isa_name(isa) << " " << precision_name(precision);
        if (precision != Precision::kFloat32) {
          EXPECT_GT(error, 1e-4);  // it does round
        }
      }
    }
  }
}

TEST(WaveNetSampler, GateIsWithinItsError) {
  // A layer of zero weights: gates are the condition.
  constexpr int kWidth = 64;
  std::vector<float> condition(2 * kWidth);
  std::vector<float> gates(2 * kWidth);
  std::vector<float> state(2 * kWidth, 0.0F);
  std::vector<float> bias(2 * kWidth, 0.0F);
  const std::vector<std::byte> zeros(size_t{4} * kWidth * 2 * kWidth);
  std::vector<std::byte> gated(size_t{4} * kWidth);
  kernels::WaveNetMatrix matrix;
  matrix.weights = zeros.data();
  matrix.inputs = kWidth;
  matrix.outputs = 2 * kWidth;
  const kernels::WaveNetOperand operand{zeros.data(), 1.0F};
  kernels::WaveNetLayer layer;
  layer.taps = &matrix;
  layer.inputs = &operand;
  layer.kernel = 1;
  layer.condition = condition.data();
  layer.output = &matrix;
  layer.bias = bias.data();
  layer.state = state.data();
  layer.gates = gates.data();
  layer.gated = gated.data();
  for (const Isa isa : kIsas) {
    if (!isa_available(isa)) continue;
    double worst = 0.0;
    for (int a = -160; a <= 160; a += 1) {
      for (int first = -640; first < 640; first += kWidth) {
        for (int i = 0; i < kWidth; ++i) {
          condition[static_cast<size_t>(i)] = static_cast<float>(a) * 0.0773F;
          condition[static_cast<size_t>(kWidth + i)] = static_cast<float>(first + i) * 0.0719F;
        }
        kernels::wavenet_kernels(isa, Precision::kFloat32).layer(layer);
        for (int i = 0; i < kWidth; ++i) {
          const double x = condition[static_cast<size_t>(i)];
          const double y = condition[static_cast<size_t>(kWidth + i)];
          const double exact = std::tanh(x) / (1.0 + std::exp(-y));
          worst = std::max(worst, std::abs(gates[static_cast<size_t>(i)] - exact));
        }
      }
    }
    EXPECT_LT(worst, 1e-6) << isa_name(isa);
  }
}

TEST(WaveNetSampler, DrawsTheSameInAnyChunkingUnderASeed) {
  WaveNetOptions options = small();
  options.guides = 2;
  const auto model = WaveNetModel::compile(random_network(options), options, Precision::kInt8);
  const int frames = 23;
  const Tensor mel = nn_test::random_tensor({frames, options.mel_bins}, 9);
  const auto hop = static_cast<size_t>(options.hop);
  const Tensor guides = nn_test::random_tensor({frames * options.hop, options.guides}, 10);
  const auto draw = [&](size_t chunk, uint64_t seed) {
    WaveNetSampler sampler(model, 77);
    sampler.reset(seed);
    std::vector<float> audio(frames * hop);
    size_t done = 0;
    const auto bins = static_cast<size_t>(options.mel_bins);
    for (size_t i = 0; i < frames; i += chunk) {
      const size_t count = std::min(chunk, frames - i);
      done += static_cast<size_t>(sampler.accept(mel.values().subspan(i * bins, count * bins),
                                                 std::span(audio).subspan(done),
                                                 guides.values().subspan(2 * done)));
    }
    const int rest =
        sampler.finish(std::span(audio).subspan(done), guides.values().subspan(2 * done));
    EXPECT_EQ(rest, sampler.max_lag());
    EXPECT_EQ(done + static_cast<size_t>(rest), audio.size());
    return audio;
  };
  const std::vector<float> audio = draw(1, 5);
  EXPECT_EQ(draw(7, 5), audio);
  EXPECT_EQ(draw(16, 5), audio);
  EXPECT_NE(draw(7, 6), audio);
}

// With weights of zero every sample has the distribution that the last bias says.
std::vector<float> draw_from(const WaveNetOptions& options, const std::vector<float>& parameters,
                             float temperature = 1.0F) {
  Network network = wavenet_network(options);
  for (const auto& parameter : network.parameters()) {
    if (parameter->name != "head2.bias") continue;
    parameter->value = Tensor::from({static_cast<int64_t>(parameters.size())}, parameters);
  }
  WaveNetSampler sampler(WaveNetModel::compile(network, options, Precision::kFloat32), 3);
  sampler.set_temperature(temperature);
  std::vector<float> audio(40000);
  sampler.generate(audio);
  return audio;
}

WaveNetOptions tiny(WaveNetOutput output) {
  WaveNetOptions options = small(output);
  options.layers = 1;
  options.residual = 1;
  options.skip = 1;
  options.mel_bins = 0;
  return options;
}

struct Moments {
  double mean = 0.0;
  double variance = 0.0;
};
Moments moments(const std::vector<float>& values) {
  Moments m;
  for (const float value : values) m.mean += value / static_cast<double>(values.size());
  for (const float value : values) {
    m.variance += std::pow(value - m.mean, 2) / static_cast<double>(values.size());
  }
  return m;
}

TEST(WaveNetSampler, DrawsFromAGaussian) {
  const WaveNetOptions options = tiny(WaveNetOutput::kGaussian);
  const Moments m = moments(draw_from(options, {0.2F, std::log(0.1F)}));
  EXPECT_NEAR(m.mean, 0.2, 0.002);
  EXPECT_NEAR(std::sqrt(m.variance), 0.1, 0.002);
  const Moments cool = moments(draw_from(options, {0.2F, std::log(0.1F)}, 0.5F));
  EXPECT_NEAR(std::sqrt(cool.variance), 0.05, 0.001);
  for (const float y : draw_from(options, {0.9F, 3.0F})) ASSERT_LE(std::abs(y), 1.0F);
}

TEST(WaveNetSampler, DrawsFromAMixtureOfLogistics) {
  const WaveNetOptions options = tiny(WaveNetOutput::kLogisticMixture);
  // Weights 1/2, 1/4, 1/4; a logistic of scale s has the variance (pi s)^2 / 3.
  const float s = 0.02F;
  const float log_s = std::log(s);
  const std::vector<float> parameters = {std::log(2.0F), 0.0F,  0.0F,  -0.4F, 0.2F,
                                         0.6F,           log_s, log_s, log_s};
  const Moments m = moments(draw_from(options, parameters));
  const double mean = 0.5 * -0.4 + 0.25 * 0.2 + 0.25 * 0.6;
  const double between = 0.5 * 0.16 + 0.25 * 0.04 + 0.25 * 0.36 - mean * mean;
  EXPECT_NEAR(m.mean, mean, 0.01);
  EXPECT_NEAR(m.variance, between + std::pow(3.14159265 * s, 2) / 3.0, 0.005);
  for (const float y : draw_from(options, parameters, 0.0F)) ASSERT_EQ(y, -0.4F);
}

TEST(WaveNetSampler, DrawsFromLevels) {
  WaveNetOptions options = tiny(WaveNetOutput::kMuLaw);
  options.levels = 4;
  const auto audio =
      draw_from(options, {std::log(1.0F), std::log(2.0F), std::log(4.0F), std::log(1.0F)});
  std::vector<int> counts(4, 0);
  for (const float y : audio) ++counts[static_cast<size_t>(mu_law_level(y, 4))];
  EXPECT_NEAR(counts[0] / 40000.0, 0.125, 0.01);
  EXPECT_NEAR(counts[1] / 40000.0, 0.25, 0.01);
  EXPECT_NEAR(counts[2] / 40000.0, 0.5, 0.01);
}

TEST(WaveNetSampler, RunsWithoutAllocating) {
  if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer has its own allocator";
  for (const WaveNetOutput output :
       {WaveNetOutput::kLogisticMixture, WaveNetOutput::kGaussian, WaveNetOutput::kMuLaw}) {
    const WaveNetOptions options = small(output);
    WaveNetSampler sampler(WaveNetModel::compile(random_network(options), options), 1);
    const std::vector<float> mel(static_cast<size_t>(options.mel_bins) * 3, 0.5F);
    std::vector<float> audio(static_cast<size_t>(options.hop) * 3);
    const int64_t before = allocations_so_far();
    for (int i = 0; i < 4; ++i) sampler.accept(mel, audio);
    sampler.finish(audio);
    sampler.generate(audio);
    sampler.reset(2);
    EXPECT_EQ(allocations_so_far(), before);
  }
}

TEST(WaveNetSampler, RefusesTheNetworkOfOtherOptions) {
  const Network network = wavenet_network(small());
  WaveNetOptions other = small();
  other.residual = 32;
  try {
    WaveNetModel::compile(network, other);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    EXPECT_EQ(error.message(), "WaveNet: expected in.weight [1 x 1 x 32], found [1 x 1 x 24]");
  }
}

}  // namespace
}  // namespace bivox
