// Seconds of audio trained a second: forward, CTC, backward and AdamW on dense_net.h. Waits for
// a line of input before each step; answers with seconds of wall time, seconds of processor time,
// loss. See train_throughput.py.
//
//   train_throughput_bivox <threads> <float32|bfloat16> <steps>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <random>
#include <string>
#include <vector>

#include "models/nn/losses.h"
#include "models/nn/network.h"
#include "models/nn/optimizer.h"
#include "models/nn/tape.h"
#include "tests/bench/dense_network.h"

namespace {

using namespace bivox;
using namespace bivox::bench;

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: train_throughput_bivox <threads> <float32|bfloat16> <steps>\n");
    return 2;
  }
  const bool narrow = std::string(argv[2]) == "bfloat16";
  ComputeContext context(std::atoi(argv[1]), narrow ? Precision::kBfloat16 : Precision::kFloat32);
  Network net = dense_net();
  OptimizerOptions options;
  options.weight_decay = static_cast<float>(kWeightDecay);
  Optimizer optimizer(options, net.parameters());
  std::vector<std::vector<int>> targets(kBatch);
  for (int b = 0; b < kBatch; ++b) {
    for (int l = 0; l < kTargetLength; ++l) {
      targets[static_cast<size_t>(b)].push_back(target_label(b, l));
    }
  }
  const std::vector<int> lengths(kBatch, kFrames);
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  Tensor batch({kBatch, kFrames, kMelBins});
  for (float& value : batch.values()) value = normal(random);

  Tape tape(context, true);
  for (int step = 0; step < std::atoi(argv[3]); ++step) {
    if (std::getchar() == EOF) return 0;  // the other program's turn until then
    const auto start = std::chrono::steady_clock::now();
    const double processor_start = processor_seconds();
    net.zero_gradients();
    const Var x = tape.constant(batch.clone());
    const Var logits = net.forward(tape, std::span(&x, 1), lengths)[0];
    const Var loss = ctc_loss(logits, targets, lengths);
    const float value = loss.value().item();
    tape.backward(loss);
    tape.reset();
    optimizer.step(context, kLearningRate);
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    std::printf("%.4f %.4f %.4f\n", wall.count(), processor_seconds() - processor_start, value);
    std::fflush(stdout);
  }
}
