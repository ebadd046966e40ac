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

/// kernels/conv1d.h; `bias` may be a default Var for none.
Var conv1d(Var x, Var weight, Var bias, const Conv1dGeometry& geometry);
/// Transposed convolution without overlap handling beyond its kernel: y has time * stride frames;
/// y[t stride + k - pad, o] += x[t, i] w[k, i, o], pad = (kernel - stride) / 2.
Var conv_transpose(Var x, Var weight, Var bias, int kernel, int stride);
/// Rows of `table` [rows x channels] by the indices in x [batch x time x 1].
Var embedding(Var x, Var table);
Var repeat_frames(Var x, int factor);
/// Length regulation: frame t of utterance b durations[b][t] times, padded with zeros to the
/// longest result.
Var regulate_length(Var x, std::span<const std::span<const int>> durations);

struct BatchNormStatistics {
  Tensor* mean;      ///< Running mean, changed in training.
  Tensor* variance;  ///< Running variance.
  float momentum = 0.1F;
  float epsilon = 1e-5F;
};
/// (x - mean) / sqrt(variance + epsilon) * gain + offset over batch and real frames.
Var batch_norm(Var x, Var gain, Var offset, const BatchNormStatistics& statistics,
               std::span<const int> lengths);
/// The same over the channels of each frame.
Var layer_norm(Var x, Var gain, Var offset, float epsilon = 1e-5F);

Var relu(Var x);
Var tanh(Var x);
Var sigmoid(Var x);
/// tanh(a) * sigmoid(b) for the halves a, b of the channels.
Var gate(Var x);
/// a * sigmoid(b).
Var glu(Var x);
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
