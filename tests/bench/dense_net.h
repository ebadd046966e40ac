// The network of the throughput benchmarks: ten dense convolutions of kernel 11 over 256 channels
// at 50 frames a second, each with batch norm, residual sum and ReLU; 6.7 million weights.
#pragma once

namespace bivox::bench {

constexpr int kMelBins = 80;
constexpr int kChannels = 256;
constexpr int kKernel = 11;
constexpr int kLayers = 10;
constexpr int kLabels = 32;  // with blank, number 0
constexpr int kFramesPerSecond = 50;

// A training step: 16 utterances of 10 s with 100 labels each.
constexpr int kBatch = 16;
constexpr int kFrames = 500;
constexpr int kTargetLength = 100;
constexpr double kLearningRate = 1e-3;
constexpr double kWeightDecay = 0.01;

/// Label l of utterance b: no two equal neighbours.
constexpr int target_label(int b, int l) { return 1 + (b * 7 + l * 5) % (kLabels - 1); }

}  // namespace bivox::bench
