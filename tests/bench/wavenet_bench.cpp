// Autoregressive sampling: times real time on one core, for each precision and instruction set.
//
//   build/bench/tests/bench/wavenet_bench [seconds of audio] [layers] [residual] [skip]
//
// Weights are random: the work does not depend on them. One thread; processor time.
#include <fmt/format.h>

#include <cstdlib>
#include <ctime>
#include <vector>

#include "models/nn/wavenet_sampler.h"

namespace {

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

int main(int argc, char** argv) {
  const auto argument = [&](int i, int otherwise) {
    return i < argc ? std::atoi(argv[i]) : otherwise;
  };
  const int seconds = argument(1, 2);
  bivox::WaveNetOptions options;
  options.layers = argument(2, options.layers);
  options.residual = argument(3, options.residual);
  options.skip = argument(4, options.skip);
  bivox::Network network = bivox::wavenet_network(options);
  network.initialize(1);
  fmt::print("{} layers, {} residual, {} skip channels; {:.3f} M multiply-adds a sample\n",
             options.layers, options.residual, options.skip,
             options.multiply_adds_per_sample() * 1e-6);
  for (const bivox::Isa isa :
       {bivox::Isa::kPlain, bivox::Isa::kAvx2, bivox::Isa::kAvx512, bivox::Isa::kAvx512Bf16}) {
    if (!bivox::isa_available(isa)) continue;
    for (const bivox::Precision precision :
         {bivox::Precision::kFloat32, bivox::Precision::kBfloat16, bivox::Precision::kInt8}) {
      const auto model = bivox::WaveNetModel::compile(network, options, precision, isa);
      bivox::WaveNetSampler sampler(model, 1);
      const int frames = seconds * options.sample_rate_hz / options.hop;
      const std::vector<float> mel(static_cast<size_t>(options.mel_bins), 0.1F);
      std::vector<float> audio(static_cast<size_t>(options.hop));
      sampler.accept(mel, audio);
      const double start = processor_seconds();
      int64_t samples = 0;
      for (int frame = 0; frame < frames; ++frame) samples += sampler.accept(mel, audio);
      const double spent = processor_seconds() - start;
      const double rate = static_cast<double>(samples) / spent;
      fmt::print("{:12} {:9} {:7.1f} k samples/s  {:6.2f} x real time  {:5.2f} MB of weights\n",
                 bivox::isa_name(isa), bivox::precision_name(precision), rate * 1e-3,
                 rate / options.sample_rate_hz, static_cast<double>(model->weight_bytes()) * 1e-6);
    }
  }
  return 0;
}
