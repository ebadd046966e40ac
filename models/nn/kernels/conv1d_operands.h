// The operands of a convolution as gemm.h wants them, in the scratch memory of a context.
//
// Thread rule: that of the context; each constructor works in parallel and returns when the operand
// is complete. Test: tests/models/nn/conv1d_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/nn/kernels/compute.h"
#include "models/nn/kernels/gemm.h"

namespace bivox::kernels {

/// x [batch x time x channels] as operands, rows [first, last) of each utterance, zeros outside of
/// [0, time). Float operands without any row to add are x itself. `stride` is
/// the largest one of set_a().
class PaddedRows {
 public:
  PaddedRows(ComputeContext& context, const GemmKernel& kernel, const float* x, int batch, int time,
             int channels, int first, int last, int stride);
  /// A of the product: row m, tap k is row (row + m stride + k dilation) of utterance b, counted
  /// from `first`.
  void set_a(GemmBlock& block, int b, int row, int64_t channel, int stride, int dilation) const;

 private:
  const std::byte* rows_ = nullptr;
  int64_t row_bytes_ = 0;
  int64_t utterance_bytes_ = 0;
  int64_t element_bytes_ = 0;
};

/// x [batch x time x channels] as operands with time innermost, [b][phase][channel][frame]: frame q
/// of phase p is x[b, q stride + p - pad_left], zeros outside.
class TransposedRows {
 public:
  /// Phases [0, phases) of `frames` frames; frames beyond are zeros, too.
  TransposedRows(ComputeContext& context, const GemmKernel& kernel, const float* x, int batch,
                 int time, int channels, int pad_left, int stride, int phases, int frames);
  /// A of the product: row m is channel + m, run r is utterance b + r, k is output frame k, of
  /// which the input is at k stride + shift.
  void set_a(GemmBlock& block, int b, int channel, int shift) const;

 private:
  const std::byte* rows_ = nullptr;
  int stride_ = 1;
  int64_t element_bytes_ = 0;
  int64_t row_bytes_ = 0;
  int64_t phase_bytes_ = 0;
  int64_t utterance_bytes_ = 0;
};

/// All panels of B, group after group.
class PackedPanels {
 public:
  /// Group g of `groups`: columns [0, n), k in [0, run_length); its source is `group_step` floats
  /// after the one before.
  PackedPanels(ComputeContext& context, const GemmKernel& kernel, const GemmSource& source,
               int runs, int run_length, int n, int groups, int64_t group_step);
  int per_group() const { return per_group_; }
  /// B of the product, runs [first, first + count) of them.
  void set_b(GemmCall& call, int group, int first, int count) const;
  void set_b(GemmCall& call, int group) const { set_b(call, group, 0, runs_); }

 private:
  const std::byte* panels_ = nullptr;
  size_t panel_bytes_ = 0;
  size_t run_bytes_ = 0;
  int64_t run_a_bytes_ = 0;  ///< Of A: what one run spans.
  int runs_ = 0;
  int run_groups_ = 0;
  int per_group_ = 0;
  int n_ = 0;
};

/// sums[c] += sum over rows of x[row, c], in the order of rows.
void add_column_sums(ComputeContext& context, const float* x, int64_t rows, int columns,
                     float* sums);

}  // namespace bivox::kernels
