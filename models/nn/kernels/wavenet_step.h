// One sample through one layer of a WaveNet: two matrix-vector products with a gate between them,
// done in one pass over the layer's weights.
//
//   g = condition + sum_k W_k x_k            k: the taps of a dilated convolution, x_k its inputs
//   z = tanh(g[0, R)) sigmoid(g[R, 2R))
//   state += bias + O z                      state = [skip sum | residual x]
//
// One row at a time is bound by reading weights, so they lie in the order of reading, as float32,
// bfloat16 or int8 (one scale an output). Operands x, z are in the precision of the weights: int8
// rows carry their own scale (largest magnitude / 127), z, which is below 1, always 1 / 127.
// tanh and sigmoid share one division: z = (1 - e_a) / ((1 + e_a)(1 + e_b)), e_a = exp(-2a),
// e_b = exp(-b), with exp by a polynomial. |error of z| <= 1e-6 (tested).
//
// Sizes are padded to kWaveNetPad, pads are zero. Thread rule: pure functions; neither throw nor
// allocate. Source: Paine et al. 2016, "Fast Wavenet Generation Algorithm".
// Test: tests/models/nn/wavenet_sampler_test.cpp (all instruction sets).
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/nn/kernels/compute.h"

namespace bivox::kernels {

constexpr int kWaveNetPad = 16;
constexpr int padded(int size) { return (size + kWaveNetPad - 1) / kWaveNetPad * kWaveNetPad; }

/// Weights [panel][group of `unit` inputs][vector][lane][unit]: panels of at most kPanelVectors.
struct WaveNetMatrix {
  static constexpr int kPanelVectors = 12;

  const std::byte* weights = nullptr;
  const float* scales = nullptr;     ///< [outputs], int8 only.
  const int32_t* offsets = nullptr;  ///< [outputs], int8 only: what sums start from.
  int inputs = 0;                    ///< Padded, as are outputs.
  int outputs = 0;
};

/// A row in the precision of the weights.
struct WaveNetOperand {
  const std::byte* data = nullptr;
  float scale = 1.0F;
};

struct WaveNetLayer {
  const WaveNetMatrix* taps = nullptr;     ///< [kernel] matrices R -> 2R.
  const WaveNetOperand* inputs = nullptr;  ///< [kernel]
  int kernel = 0;
  const float* condition = nullptr;       ///< [2R]
  const WaveNetMatrix* output = nullptr;  ///< R -> S + R
  const float* bias = nullptr;            ///< [S + R]
  float* state = nullptr;                 ///< [S + R]
  float* gates = nullptr;                 ///< [2R] to work with.
  std::byte* gated = nullptr;             ///< An operand of R to work with.
};

/// The functions for one instruction set and precision, and how they want their weights.
struct WaveNetKernels {
  int lanes = 0;
  int unit = 0;
  size_t operand_bytes = 0;  ///< Of one element of a row.
  size_t weight_bytes = 0;   ///< Of one weight.
  int operand_offset = 0;    ///< Added to int8 values of rows: 128 where they are unsigned.
  void (*layer)(const WaveNetLayer& layer) = nullptr;
  /// y = bias + W x.
  void (*dense)(const WaveNetMatrix& matrix, const WaveNetOperand& x, const float* bias,
                float* y) = nullptr;
  /// `count` floats, a multiple of kWaveNetPad, to an operand; returns its scale. With `relu` of
  /// max(0, x).
  float (*convert)(const float* x, int count, bool relu, std::byte* out) = nullptr;
};

/// The best for `isa`, which is available.
const WaveNetKernels& wavenet_kernels(Isa isa, Precision precision);
const WaveNetKernels& wavenet_plain_kernels(Precision precision);
/// Null where this build has none.
const WaveNetKernels* wavenet_avx2_kernels(Precision precision);
const WaveNetKernels* wavenet_avx512_kernels(Precision precision, bool bfloat16_products);

}  // namespace bivox::kernels
