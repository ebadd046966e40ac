// A convolution made ready for inference: weights packed once, no allocation while it runs.
//
//   y[t, o] = act(bias[o] + sum_k sum_i x[t stride + k dilation, i] w[k, i, o] + add[t, o])
//
// x points at the first row of context: the caller lays its memory out so that the rows which
// conv1d.h calls padding are there (zeros at the ends of an utterance, history in a stream), and
// pad_left, pad_right of the geometry are not looked at. `frames` results read input_rows(frames)
// rows. act is ReLU or nothing; `add` (a residual or skip sum) is optional.
//
// Precision:
//   kFloat32   float products
//   kBfloat16  operands rounded to nearest even, float sums; on processors without bfloat16
//              products, float products of the rounded operands: the same to rounding of the sums
//   kInt8      weights symmetric with one scale an output, w ~ q[k, i, o] s[o], q in [-127, 127];
//              each row of x with a scale of its own (its largest magnitude / 127), so nothing has
//              to be calibrated and a row is rounded alike in every chunking; exact int32 sums
//              within a row of x, float sums over the kernel
// A frame's result depends on the rows it reads and on nothing else: not on `frames`, on the
// number of threads or on the place in the buffer (tested bit by bit), so a streamed result equals
// the one-shot one.
//
// Shapes: w [kernel x inputs / groups x outputs], as in conv1d.h. Errors: BIVOX_CHECK for sizes
// that do not fit together, in the constructor only. Thread rule: immutable; run() from many
// threads, each with its own context and scratch. Source: blocking after Goto & van de Geijn,
// "Anatomy of high-performance matrix multiplication", ACM TOMS 34(3), 2008. Test:
// tests/models/nn/packed_conv1d_test.cpp (every instruction set; allocations counted).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "models/nn/kernels/compute.h"
#include "models/nn/kernels/conv1d.h"

namespace bivox {

class PackedConv1d {
 public:
  struct Options {
    Precision precision = Precision::kFloat32;
    bool relu = false;
    Isa isa = best_isa();  ///< Fixed when packing: layouts differ.
  };
  /// `bias` may be empty.
  PackedConv1d(const Conv1dGeometry& geometry, std::span<const float> w,
               std::span<const float> bias, const Options& options);
  PackedConv1d(PackedConv1d&&) noexcept;
  PackedConv1d& operator=(PackedConv1d&&) noexcept;
  ~PackedConv1d();

  struct Run {
    const float* x = nullptr;  ///< [input_rows(frames) x inputs]
    float* y = nullptr;        ///< [frames x outputs]; may be `add`, not x.
    int frames = 0;
    const float* add = nullptr;  ///< [frames x outputs] or null.
    int64_t x_stride = 0;        ///< Floats from row to row; 0: inputs (and outputs below).
    int64_t y_stride = 0;
    int64_t add_stride = 0;
    /// scratch_bytes(frames), aligned to 64; contents are of no interest before or after. Null when
    /// scratch_bytes is 0.
    std::byte* scratch = nullptr;
  };
  /// Splits over context.threads(). Neither throws nor allocates.
  void run(ComputeContext& context, const Run& run) const noexcept;

  /// Grows with frames; one block may serve all layers of a plan in turn.
  size_t scratch_bytes(int frames) const;
  int input_rows(int frames) const;
  const Conv1dGeometry& geometry() const;
  /// Bytes of packed weights.
  size_t weight_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bivox
