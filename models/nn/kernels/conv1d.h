// Convolution over time, forward and backward: the operation that the engine spends its time in.
//
//   y[b, t, o] = bias[o] + sum_k sum_i x[b, t stride + k dilation - pad_left, i] w[k, i, o]
//
// with zeros outside of the input. Shapes: x [batch x time x inputs], w [kernel x inputs / groups x
// outputs], y [batch x out_time x outputs]. Rows lie one after another, so for dilation 1 the
// K * inputs values that y[b, t] needs are contiguous and the convolution is one matrix product. A
// linear layer is a convolution of kernel 1.
//
//   dx[b, s, i] = sum over (t, k) with t stride + k dilation - pad_left = s of dy[b, t, o] w[k, i,
//   o] dw[k, i, o] = sum_{b, t} x[b, t stride + k dilation - pad_left, i] dy[b, t, o]
//
// Products in context.precision(): float32, or bfloat16 operands with float sums (round to nearest
// even). Everything outside is float. Int8 exists only for inference (packed_conv1d.h); a
// context of that precision computes in float32 here.
// Thread rule: pure functions on the caller's buffers, parallel over context.threads(); each sum is
// done in an order that does not depend on the number of threads.
//
// Three ways, chosen by the geometry, never by the batch: products over overlapping rows (gemm.h),
// which is the rule; Fourier transforms for wide dense kernels (conv1d_spectral.h), where bfloat16
// rounds spectra instead of values; loops for groups of few channels (conv1d_direct.h).
//
// Kernels of our own and not oneDNN 2.6.3, measured on one core of an AMD EPYC (Zen 4; bounds: 236
// bf16, 118 f32), in GFLOP/s of processor time, forward / input gradient / weight gradient, 8 x 500
// frames; ours with the conversion of operands from float and packing, oneDNN's without:
//                              own bf16         oneDNN bf16      own f32          oneDNN f32
//   256, kernel 11, products   218 / 213 / 194  231 / 230 / 195  110 / 109 / 103  108 / 56 / 95
//   256, kernel 11, transforms 435 / 430 / 425                   278 / 264 / 285
//   64, kernel 3, dilation 32  191 / 200 / 151  231 / 150 / 205
// (of transforms: the products that the definition would need). Sums in a fixed order, the same on
// every number of threads, and no library to depend on.
//
// Test: tests/models/nn/conv1d_test.cpp, conv1d_spectral_test.cpp (every instruction set against
// the definition).
#pragma once

#include <cstdint>

#include "models/nn/kernels/compute.h"

namespace bivox {

struct Conv1dGeometry {
  int inputs = 1;
  int outputs = 1;
  int kernel = 1;
  int stride = 1;
  int dilation = 1;
  int pad_left = 0;
  int pad_right = 0;
  int groups = 1;

  int out_time(int time) const {
    const int reach = dilation * (kernel - 1);
    const int padded = time + pad_left + pad_right - reach;
    return padded <= 0 ? 0 : (padded - 1) / stride + 1;
  }
  int64_t num_weights() const { return int64_t{1} * kernel * (inputs / groups) * outputs; }
  /// Multiply-adds per output row.
  int64_t multiply_adds() const { return num_weights(); }
};

/// y is written whole. `bias` may be null.
void conv1d_forward(ComputeContext& context, const Conv1dGeometry& geometry, int batch, int time,
                    const float* x, const float* w, const float* bias, float* y);
/// Adds to dx.
void conv1d_backward_input(ComputeContext& context, const Conv1dGeometry& geometry, int batch,
                           int time, const float* dy, const float* w, float* dx);
/// Adds to dw and, unless it is null, to dbias.
void conv1d_backward_weights(ComputeContext& context, const Conv1dGeometry& geometry, int batch,
                             int time, const float* x, const float* dy, float* dw, float* dbias);

}  // namespace bivox
