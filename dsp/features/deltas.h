// Time derivatives of feature rows, appended to them: `[frames x dims]` -> `[frames x dims * (1 +
// order)]`.
//
//   kRegression     d[t] = sum_{k=1..K} k (c[t+k] - c[t-k]) / (2 sum_k k^2); order 2 applies the
//                   same regression to the regression's filter (as Kaldi does)
//   kSphinx1sCDDd   d[t] = c[t+2] - c[t-2];  dd[t] = (c[t+3] - c[t-1]) - (c[t+1] - c[t-3])
//
// Rows beyond the ends replicate the first and the last row. Both are one set of taps per order
// over the rows t - context() .. t + context(), and so is this implementation. Streaming: a row
// comes out when context() rows after it are known, the last ones at finish(). Thread rule: one
// object per stream. Sources: Furui, IEEE Trans. ASSP 34(1), 1986; Kaldi feature-functions.cc
// (DeltaFeatures); sphinxbase feat.c (feat_1s_c_d_dd_cep2feat). Test: tests/dsp/deltas_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "dsp/features/row_queue.h"

namespace bivox {

enum class DeltaKind : uint8_t { kNone, kRegression, kSphinx1sCDDd };

class DeltaStage {
 public:
  /// order and window matter for kRegression only.
  DeltaStage(DeltaKind kind, int dims, int order, int window);

  int output_dims() const { return dims_ * static_cast<int>(taps_.size()); }
  int context() const { return context_; }
  /// Takes all rows of `in` and pushes those that are ready to `out`.
  void accept(RowQueue& in, RowQueue& out);
  void finish(RowQueue& out);
  void reset();

 private:
  void emit(RowQueue& out);

  int dims_;
  int context_;
  std::vector<std::vector<float>> taps_;  // [order + 1][2 context + 1]
  RowQueue history_;
};

}  // namespace bivox
