// Rows side by side with their neighbours: row t becomes [t - left .. t + right], oldest first;
// `[frames x dims]` -> `[frames x dims * (left + 1 + right)]`. The ends replicate the first and the
// last row.
//
// Streaming: a row comes out when `right` rows after it are known, the last ones at finish().
// Thread rule: one object per stream. Source: Kaldi feature-functions.cc (SpliceFrames).
// Test: tests/dsp/splice_test.cpp.
#pragma once

#include "dsp/features/row_queue.h"

namespace bivox {

class SpliceStage {
 public:
  SpliceStage(int dims, int left, int right);

  int output_dims() const { return dims_ * (left_ + 1 + right_); }
  /// Takes all rows of `in` and pushes those that are ready to `out`.
  void accept(RowQueue& in, RowQueue& out);
  void finish(RowQueue& out);
  void reset() { history_.clear(); }

 private:
  void emit(RowQueue& out);

  int dims_;
  int left_;
  int right_;
  RowQueue history_;
};

}  // namespace bivox
