// Differentiable operations on [batch x time x channels]: the vocabulary of networks and losses.
//
// Each computes its value at once, in the precision and on the threads of the tape's context, and
// records its gradient. Frame masks are spans of lengths: lengths[b] frames of utterance b are
// real. Thread rule: that of the tape. Test: tests/models/nn/ops_test.cpp (finite differences;
// golden values from PyTorch).
#pragma once

#include <cstdint>
#include <span>

#include "models/nn/kernels/conv1d.h"
#include "models/nn/tape.h"

namespace bivox {

/// kernels/conv1d.h; `bias` may be a default Var for none. With `out_lengths`, frames of y beyond
/// them are zero (what mask_frames() does, without a pass over the rest).
Var conv1d(Var x, Var weight, Var bias, const Conv1dGeometry& geometry,
           std::span<const int> out_lengths = {});
/// Transposed convolution: y has time * stride frames,
/// y[t stride + k - pad, o] = bias[o] + sum x[t, i] w[k, i, o], pad = (kernel - stride) / 2; what
/// falls outside of y is dropped. kernel >= stride; weight [kernel x inputs x outputs].
Var conv_transpose(Var x, Var weight, Var bias, int kernel, int stride);
/// Rows of `table` [rows x channels] by the indices in x [batch x time x 1].
Var embedding(Var x, Var table);
Var repeat_frames(Var x, int factor);
/// Length regulation: frame t of utterance b durations[b][t] times, padded with zeros to the
/// longest result.
Var regulate_length(Var x, std::span<const std::span<const int>> durations);

/// What norms add to variances; plans fold the same.
inline constexpr float kNormEpsilon = 1e-5F;

struct BatchNormStatistics {
  Tensor* mean;      ///< Running mean, changed in training.
  Tensor* variance;  ///< Running variance.
  float momentum = 0.1F;
  float epsilon = kNormEpsilon;
};
/// (x - mean) / sqrt(variance + epsilon) * gain + offset over batch and real frames; frames beyond
/// `lengths` become zero. With `rectify`, relu() of that in the same pass. When the tape trains,
/// mean and variance are those of the batch, and the running ones move towards them by `momentum`
/// (the variance unbiased, as PyTorch does); else the running ones are used.
/// Source: Ioffe & Szegedy 2015, algorithm 1.
Var batch_norm(Var x, Var gain, Var offset, const BatchNormStatistics& statistics,
               std::span<const int> lengths, bool rectify = false);
/// The same over the channels of each frame. Source: Ba et al. 2016, equation 3.
Var layer_norm(Var x, Var gain, Var offset, float epsilon = kNormEpsilon);

Var relu(Var x);
Var tanh(Var x);
Var sigmoid(Var x);
/// tanh(a) * sigmoid(b) for the halves a, b of the channels.
Var gate(Var x);
/// a * sigmoid(b).
Var glu(Var x);
/// Zeroes elements with probability `rate` and scales the others by 1 / (1 - rate); the identity
/// unless the tape trains. Masks follow from tape.set_random_seed().
Var dropout(Var x, float rate);
Var log_softmax(Var x);

Var add(std::span<const Var> inputs);
Var subtract(Var a, Var b);
Var multiply(Var a, Var b);
Var scale(Var x, float factor);
Var concat(std::span<const Var> inputs);
Var slice(Var x, int offset, int channels);
/// Zeroes frames beyond lengths.
Var mask_frames(Var x, std::span<const int> lengths);
/// Sum of all elements, as a scalar.
Var sum(Var x);

}  // namespace bivox
