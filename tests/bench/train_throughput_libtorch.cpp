// The twin of train_throughput_bivox.cpp in libtorch 1.13, in several ways of using it; the best
// one counts. See train_throughput.py.
//
//   train_throughput_libtorch <threads> <float32|autocast|bfloat16>[-channels_last] <steps>
//
// autocast: float weights, convolutions in bfloat16; bfloat16: weights and activations, too;
// channels_last: convolutions as two-dimensional ones of height 1 with channels innermost.
#include <torch/torch.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>

#include <ATen/autocast_mode.h>

#include "tests/bench/dense_net.h"

namespace {

using namespace bivox::bench;

struct DenseNet : torch::nn::Module {
  explicit DenseNet(bool with_channels_last) : channels_last(with_channels_last) {
    for (int layer = 0; layer < kLayers; ++layer) {
      const int inputs = layer == 0 ? kMelBins : kChannels;
      const std::string number = std::to_string(layer);
      if (channels_last) {
        convs2.push_back(register_module(
            "conv" + number,
            torch::nn::Conv2d(torch::nn::Conv2dOptions(inputs, kChannels, {1, kKernel})
                                  .padding({0, kKernel / 2})
                                  .bias(false))));
        norms2.push_back(register_module("norm" + number, torch::nn::BatchNorm2d(kChannels)));
      } else {
        convs.push_back(register_module(
            "conv" + number, torch::nn::Conv1d(torch::nn::Conv1dOptions(inputs, kChannels, kKernel)
                                                   .padding(kKernel / 2)
                                                   .bias(false))));
        norms.push_back(register_module("norm" + number, torch::nn::BatchNorm1d(kChannels)));
      }
    }
    labels = register_module("labels", torch::nn::Linear(kChannels, kLabels));
  }

  /// x [batch x channels x time] (or with a height of 1) to [time x batch x labels].
  torch::Tensor forward(torch::Tensor x) {
    for (size_t layer = 0; layer < kLayers; ++layer) {
      torch::Tensor y =
          channels_last ? norms2[layer](convs2[layer](x)) : norms[layer](convs[layer](x));
      if (layer > 0) y = y + x;
      x = torch::relu(y);
    }
    if (channels_last) x = x.squeeze(2);
    return labels(x.permute({2, 0, 1}));
  }

  bool channels_last;
  std::vector<torch::nn::Conv1d> convs;
  std::vector<torch::nn::BatchNorm1d> norms;
  std::vector<torch::nn::Conv2d> convs2;
  std::vector<torch::nn::BatchNorm2d> norms2;
  torch::nn::Linear labels = nullptr;
};

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: train_throughput_libtorch <threads> <mode> <steps>\n");
    return 2;
  }
  at::set_num_threads(std::atoi(argv[1]));
  const std::string mode = argv[2];
  const bool channels_last = mode.find("-channels_last") != std::string::npos;
  const bool autocast = mode.rfind("autocast", 0) == 0;
  const bool narrow = mode.rfind("bfloat16", 0) == 0;
  torch::manual_seed(1);
  DenseNet net(channels_last);
  torch::Tensor x = torch::randn({kBatch, kMelBins, kFrames});
  if (channels_last) {
    x = x.unsqueeze(2).contiguous(torch::MemoryFormat::ChannelsLast);
    for (auto& parameter : net.parameters()) {
      if (parameter.dim() == 4) {
        parameter.set_data(parameter.contiguous(torch::MemoryFormat::ChannelsLast));
      }
    }
  }
  if (narrow) {
    net.to(torch::kBFloat16);
    x = x.to(torch::kBFloat16);
  }
  std::vector<int64_t> labels;
  for (int b = 0; b < kBatch; ++b) {
    for (int l = 0; l < kTargetLength; ++l) labels.push_back(target_label(b, l));
  }
  const torch::Tensor targets = torch::tensor(labels, torch::kInt64).view({kBatch, kTargetLength});
  const torch::Tensor lengths = torch::full({kBatch}, kFrames, torch::kInt64);
  const torch::Tensor target_lengths = torch::full({kBatch}, kTargetLength, torch::kInt64);
  torch::optim::AdamW optimizer(
      net.parameters(), torch::optim::AdamWOptions(kLearningRate).weight_decay(kWeightDecay));
  at::autocast::set_autocast_cpu_dtype(torch::kBFloat16);
  for (int step = 0; step < std::atoi(argv[3]); ++step) {
    if (std::getchar() == EOF) return 0;  // the other program's turn until then
    const auto start = std::chrono::steady_clock::now();
    const double processor_start = processor_seconds();
    optimizer.zero_grad();
    at::autocast::set_cpu_enabled(autocast);
    torch::Tensor logits = net.forward(x);
    at::autocast::set_cpu_enabled(false);
    at::autocast::clear_cache();
    const torch::Tensor log_p = torch::log_softmax(logits.to(torch::kFloat32), 2);
    const torch::Tensor loss = torch::ctc_loss(log_p, targets, lengths, target_lengths);
    const auto value = loss.item<float>();
    loss.backward();
    optimizer.step();
    const std::chrono::duration<double> wall = std::chrono::steady_clock::now() - start;
    std::printf("%.4f %.4f %.4f\n", wall.count(), processor_seconds() - processor_start, value);
    std::fflush(stdout);
  }
}
