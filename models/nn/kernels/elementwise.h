// The loops between the products: one pass over memory each, vectorised for the processor that runs
// them (Highway picks the instruction set at run time), split over the context's threads.
//
// Buffers hold `n` elements, or `rows` rows of `width` channels. Where a name ends in _backward the
// gradient is changed in place: dy goes in, dx comes out. tanh, sigmoid, exp and log are within a
// few units in the last place (hwy/contrib/math).
// Thread rule: pure functions on the caller's buffers. Results do not depend on the number of
// threads. Test: tests/models/nn/elementwise_test.cpp.
#pragma once

#include <cstdint>
#include <span>

#include "models/nn/kernels/compute.h"
#include "models/nn/kernels/parallel.h"

namespace bivox::elementwise {

enum class Map { kRelu, kTanh, kSigmoid, kExp };
/// y = f(x); x and y may be the same. Exp gives 0 below -87.
void apply(ComputeContext& context, Map map, int64_t n, const float* x, float* y);
/// dy *= f'(x), from y = f(x).
void apply_backward(ComputeContext& context, Map map, int64_t n, const float* y, float* dy);

/// y = a + b, or a - b with sign -1.
void add(ComputeContext& context, int64_t n, const float* a, float sign, const float* b, float* y);
/// y += x.
void add_to(ComputeContext& context, int64_t n, const float* x, float* y);
/// y = s x.
void scale(ComputeContext& context, int64_t n, float s, const float* x, float* y);
/// y = a b, or y += a b.
void multiply(ComputeContext& context, int64_t n, const float* a, const float* b, float* y,
              bool accumulate);
/// y = x / (1 - rate) with probability 1 - rate, else 0; decided by a hash of seed and position, so
/// that the same call on dy gives dx.
void dropout(ComputeContext& context, int64_t n, uint64_t seed, float rate, const float* x,
             float* y);
/// Sum in double of blocks of floats.
double sum(ComputeContext& context, int64_t n, const float* x);

enum class Gate { kTanh, kLinear };
/// y = f(a) sigmoid(b) of the halves a, b of each row of x `[rows x 2 half]`.
void gate(ComputeContext& context, Gate kind, int64_t rows, int64_t half, const float* x, float* y);
/// dx, or dx += when `accumulate`.
void gate_backward(ComputeContext& context, Gate kind, int64_t rows, int64_t half, const float* x,
                   const float* dy, float* dx, bool accumulate);

/// y = x - log sum exp(x) over each row.
void log_softmax(ComputeContext& context, int64_t rows, int64_t width, const float* x, float* y);
/// dx = dy - exp(y) sum(dy).
void log_softmax_backward(ComputeContext& context, int64_t rows, int64_t width, const float* y,
                          float* dy);

/// Mean and sum of squared deviations of each channel over the rows of `blocks` (Chan, Golub &
/// LeVeque 1979: exact for data far from zero). Returns the number of rows.
int64_t channel_moments(ComputeContext& context, const std::vector<RowBlock>& blocks, int64_t width,
                        const float* x, std::span<float> mean, std::span<float> deviations);
/// y = x scale + shift by channel, then max(0, .) when `rectify`.
void affine(ComputeContext& context, const std::vector<RowBlock>& blocks, int64_t width,
            const float* x, const float* scale, const float* shift, bool rectify, float* y);
/// For affine() on statistics: sums over rows of dz and dz x, where dz is dy behind the rectifier.
struct AffineSums {
  std::vector<double> dz;
  std::vector<double> dz_x;  ///< sum dz (x - center)
};
AffineSums affine_backward_sums(ComputeContext& context, const std::vector<RowBlock>& blocks,
                                int64_t width, const float* x, const float* center, const float* dy,
                                const float* scale, const float* shift, bool rectify);
/// dx = a dz + b (x - center) + c by channel, in place of dy.
void affine_backward(ComputeContext& context, const std::vector<RowBlock>& blocks, int64_t width,
                     const float* x, const float* center, const float* scale, const float* shift,
                     bool rectify, const float* a, const float* b, const float* c, float* dy);

/// y = (x - mean) inverse_deviation gain + offset over each row; writes the two statistics.
void layer_norm(ComputeContext& context, int64_t rows, int64_t width, const float* x,
                const float* gain, const float* offset, float epsilon, float* y, float* mean,
                float* inverse_deviation);
/// dx in place of dy; adds to dgain and doffset.
void layer_norm_backward(ComputeContext& context, int64_t rows, int64_t width, const float* x,
                         const float* gain, const float* mean, const float* inverse_deviation,
                         float* dy, float* dgain, float* doffset);

}  // namespace bivox::elementwise
