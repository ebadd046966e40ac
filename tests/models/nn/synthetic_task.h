// A task that a small net learns in seconds: which of three tones (bumps that move up, down or stay
// among the channels) a noisy sequence holds.
#pragma once

#include <cmath>
#include <vector>

#include "dsp/core/random.h"
#include "models/nn/data_loader.h"
#include "models/nn/losses.h"
#include "models/nn/network.h"
#include "models/nn/trainer.h"

namespace bivox::synthetic {

constexpr int kChannels = 6;
constexpr int kClasses = 3;

inline std::vector<int64_t> lengths(int count) {
  std::vector<int64_t> result;
  for (int i = 0; i < count; ++i) result.push_back(12 + (i * 7) % 9);
  return result;
}

/// Class index % 3; every frame carries it as its target.
inline TrainingExample example(int index, uint64_t seed) {
  Random random(seed);
  const int64_t frames = 12 + (index * 7) % 9;
  const int label = index % kClasses;
  Tensor features({frames, kChannels});
  const double slope = static_cast<double>(label - 1) * 0.5;
  const double start = 3.0 - slope * static_cast<double>(frames) / 2.0;
  for (int64_t t = 0; t < frames; ++t) {
    for (int c = 0; c < kChannels; ++c) {
      const double distance = c - (start + slope * static_cast<double>(t));
      features[t * kChannels + c] =
          static_cast<float>(std::exp(-distance * distance) + 0.3 * random.gaussian());
    }
  }
  TrainingExample result;
  result.streams.push_back(std::move(features));
  result.targets = {label};
  return result;
}

inline Network network(uint64_t seed, float dropout = 0.1F) {
  Network net;
  NodeId x = net.input("features", kChannels);
  x = net.conv1d("conv1", x, {kChannels, 16, 5, 1, 1, 2, 2, 1}, false);
  x = net.relu("relu1", net.batch_norm("norm1", x));
  if (dropout > 0.0F) x = net.dropout("dropout", x, dropout);
  x = net.conv1d("conv2", x, {16, 16, 3, 1, 2, 2, 2, 1});
  x = net.relu("relu2", x);
  net.output(net.linear("logits", x, kClasses));
  net.initialize(seed);
  return net;
}

/// Cross-entropy of every real frame.
inline SummedLoss loss(Network& net, Tape& tape, TrainingBatch& batch) {
  const std::vector<int>& frames = batch.streams[0].lengths;
  const int64_t longest = batch.streams[0].values.dim(1);
  std::vector<int> targets;
  double count = 0.0;
  for (size_t b = 0; b < frames.size(); ++b) {
    targets.insert(targets.end(), static_cast<size_t>(longest), batch.targets[b][0]);
    count += frames[b];
  }
  const Var inputs[] = {tape.constant(std::move(batch.streams[0].values))};
  const Var logits = net.forward(tape, inputs, frames)[0];
  return {cross_entropy(logits, targets, frames, {0.0F, Reduction::kSum}), count};
}

/// Share of right frames.
inline double accuracy(Network& net, ComputeContext& context, int first, int count) {
  int64_t right = 0;
  int64_t total = 0;
  for (int index = first; index < first + count; ++index) {
    TrainingExample one = example(index, mix_seeds(99, index));
    Tensor& features = one.streams[0];
    const int64_t frames = features.dim(0);
    features.reshape({1, frames, kChannels});
    Tape tape(context);
    const Var inputs[] = {tape.constant(std::move(features))};
    const Tensor& logits = net.forward(tape, inputs)[0].value();
    for (int64_t t = 0; t < frames; ++t) {
      const float* row = logits.data() + t * kClasses;
      right += std::max_element(row, row + kClasses) - row == index % kClasses ? 1 : 0;
      ++total;
    }
  }
  return static_cast<double>(right) / static_cast<double>(total);
}

}  // namespace bivox::synthetic
