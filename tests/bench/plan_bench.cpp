// Inference of the dense network of the throughput benchmarks through a plan: audio-seconds per
// second of processor time on one core, for each precision and instruction set, all at once and in
// streaming chunks. The peer: nn_inference_onnxruntime.py.
//
//   build/bench/tests/bench/plan_bench [seconds of audio]
//
// Weights are random: the work does not depend on them.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "models/nn/plan.h"
#include "tests/bench/dense_net.h"
#include "tests/bench/dense_network.h"

namespace {

using bivox::Isa;
using bivox::Precision;
namespace bench = bivox::bench;

// The best of three, as other programs share the machine.
double audio_per_second(const std::shared_ptr<const bivox::Plan>& plan, Isa isa, int seconds) {
  bivox::ComputeContext context(1, plan->precision(), isa);
  bivox::PlanStream stream(plan, context);
  const std::vector<float> rows(
      static_cast<size_t>(plan->max_chunk()) * static_cast<size_t>(bench::kMelBins), 0.1F);
  const int chunks = std::max(1, seconds * bench::kFramesPerSecond / plan->max_chunk());
  double best = 0.0;
  for (int round = 0; round < 3; ++round) {
    stream.reset();
    const std::clock_t start = std::clock();
    for (int chunk = 0; chunk < chunks; ++chunk) stream.accept(rows);
    stream.finish();
    const double spent = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    const double audio = static_cast<double>(chunks) * plan->max_chunk() / bench::kFramesPerSecond;
    best = std::max(best, audio / spent);
  }
  return best;
}

}  // namespace

int main(int argc, char** argv) {
  const int seconds = argc > 1 ? std::atoi(argv[1]) : 20;
  const bivox::Network network = bench::dense_net();
  fmt::print("{:.2f} M weights, {:.1f} million multiply-adds a second of audio\n",
             static_cast<double>(network.num_weights()) * 1e-6,
             network.multiply_adds_per_frame() * bench::kFramesPerSecond * 1e-6);
  for (const Isa isa : {Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16, Isa::kAmx}) {
    if (!bivox::isa_available(isa)) continue;
    for (const Precision precision :
         {Precision::kFloat32, Precision::kBfloat16, Precision::kInt8}) {
      for (const int chunk : {500, 25, 5}) {
        const auto plan =
            bivox::Plan::compile(network, {.precision = precision, .max_chunk = chunk, .isa = isa});
        const double rate = audio_per_second(plan, isa, seconds);
        fmt::print("{:12} {:9} {:4} frames a call  {:7.1f} x real time, RTF {:.5f}\n",
                   bivox::isa_name(isa), bivox::precision_name(precision), chunk, rate, 1.0 / rate);
      }
    }
  }
  return 0;
}
