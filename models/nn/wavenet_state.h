// Inside of a WaveNetModel: its packed weights. Not for other rooms.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "models/nn/kernels/wavenet_step.h"
#include "models/nn/plan.h"
#include "models/nn/wavenet_sampler.h"

namespace bivox {

struct WaveNetModel::State {
  WaveNetOptions options;
  Precision precision = Precision::kInt8;
  const kernels::WaveNetKernels* kernels = nullptr;
  int residual = 0;  // padded
  int skip = 0;
  int outputs = 0;

  std::vector<float> in_weight;               // [1 + guides x residual]
  std::vector<float> in_bias;                 // [residual]
  std::vector<kernels::WaveNetMatrix> taps;   // [layers x kernel]
  std::vector<kernels::WaveNetMatrix> mixes;  // [layers]: to skip sum and residual
  std::vector<std::vector<float>> mix_biases;
  kernels::WaveNetMatrix head1;
  kernels::WaveNetMatrix head2;
  std::vector<float> head1_bias;
  std::vector<float> head2_bias;
  std::vector<float> base_condition;        // [layers x 2 residual]: without mel
  std::shared_ptr<const Plan> conditioner;  // mel -> [layers x 2 residual]

  Tensor weights;  // the bytes of all matrices in the order of reading
  std::vector<float> scales;
  std::vector<int32_t> offsets;
  size_t used_bytes = 0;
};

}  // namespace bivox
