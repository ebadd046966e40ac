// Matrix times vector with packed weights, for networks that run one step at a time.
//
//   y[o] = bias[o] + sum_i x[i] w[i, o]         (or y[o] += ... )
//
// Autoregressive sampling has one row an operation: nothing is reused, so the speed is that of
// reading the weights from the second-level cache, and a narrow type counts by its bytes: int8
// weights are read four times as fast as float ones. Layout: blocks of outputs as wide as fit in
// registers, in each the inputs in order; so weights are read once, front to back, and the sums
// never leave registers.
//
// Precision as in packed_conv1d.h (int8: x is scaled by its own largest magnitude). Shapes:
// w [inputs x outputs]. A convolution of kernel K over [x(t - (K-1) d), ..., x(t)] is the product
// with those rows one after another, w [K inputs x outputs] being conv1d.h's layout as it is; they
// may lie apart (`parts`).
// Thread rule: immutable; run() works on the calling thread, neither throws nor allocates.
// Test: tests/models/nn/gemv_test.cpp.
#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "models/nn/kernels/compute.h"

namespace bivox {

class PackedGemv {
 public:
  /// `bias` may be empty. At most kMaxInputs inputs.
  static constexpr int kMaxInputs = 4096;
  PackedGemv(int inputs, int outputs, std::span<const float> w, std::span<const float> bias,
             Precision precision, Isa isa = best_isa());
  PackedGemv(PackedGemv&&) noexcept;
  PackedGemv& operator=(PackedGemv&&) noexcept;
  ~PackedGemv();

  /// x [inputs], y [outputs].
  void run(const float* x, float* y) const noexcept;
  /// The same on inputs that lie in `parts.size()` pieces of equal length.
  void run(std::span<const float* const> parts, float* y) const noexcept;
  /// y += instead of y =.
  void run_add(const float* x, float* y) const noexcept;

  int inputs() const;
  int outputs() const;
  size_t weight_bytes() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace bivox
