// Inference of dense_net.h on one core. Each line of input is a request: the precision; the answer
// is the seconds of processor time that 60 s of audio took. See nn_inference_onnxruntime.py.
//
//   nn_inference_bivox <frames a chunk>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "models/nn/plan.h"
#include "tests/bench/dense_network.h"

namespace {

using namespace bivox;
using namespace bivox::bench;

constexpr int kSeconds = 60;

Precision precision_of(const std::string& name) {
  for (const Precision precision : {Precision::kBfloat16, Precision::kInt8}) {
    if (precision_name(precision) == name) return precision;
  }
  return Precision::kFloat32;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: nn_inference_bivox <frames a chunk>\n");
    return 2;
  }
  const int chunk = std::atoi(argv[1]);
  const Network network = dense_net();
  std::map<std::string, std::shared_ptr<const Plan>> plans;
  std::mt19937_64 random(1);
  std::normal_distribution<float> normal;
  std::vector<float> mel(static_cast<size_t>(kSeconds * kFramesPerSecond * kMelBins));
  for (float& value : mel) value = normal(random);
  std::string request;
  while (std::getline(std::cin, request)) {
    std::shared_ptr<const Plan>& plan = plans[request];
    if (plan == nullptr) {
      plan = Plan::compile(network, {.precision = precision_of(request), .max_chunk = chunk});
    }
    ComputeContext context(1, precision_of(request));
    PlanStream stream(plan, context);
    const std::clock_t start = std::clock();
    float sum = 0.0F;
    const size_t step = static_cast<size_t>(chunk) * kMelBins;
    for (size_t first = 0; first < mel.size(); first += step) {
      stream.accept(std::span(mel).subspan(first, std::min(step, mel.size() - first)));
      for (const float value : stream.output().values()) sum += value;
    }
    stream.finish();
    for (const float value : stream.output().values()) sum += value;
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    std::printf("%.6f %s %g\n", seconds, std::string(isa_name(context.isa())).c_str(),
                static_cast<double>(sum));
    std::fflush(stdout);
  }
}
