#include "dsp/features/splice.h"

#include "dsp/core/check.h"

namespace bivox {

SpliceStage::SpliceStage(int dims, int left, int right)
    : dims_(dims), left_(left), right_(right), history_(dims) {
  BIVOX_CHECK(dims >= 1 && left >= 0 && right >= 0);
}

void SpliceStage::accept(RowQueue& in, RowQueue& out) {
  for (int i = 0; i < in.size(); ++i) {
    if (history_.size() == 0) {
      for (int k = 0; k < left_; ++k) history_.push(in.row(i));
    }
    history_.push(in.row(i));
    if (history_.size() > left_ + right_) emit(out);
  }
  in.drop(in.size());
}

void SpliceStage::finish(RowQueue& out) {
  if (history_.size() == 0) return;
  const float* last = history_.row(history_.size() - 1);
  const std::vector<float> row(last, last + dims_);
  for (int k = 0; k < right_; ++k) {
    history_.push(row.data());
    if (history_.size() > left_ + right_) emit(out);
  }
  history_.clear();
}

void SpliceStage::emit(RowQueue& out) {
  // The rows of the history lie one after another: a spliced row is a plain copy.
  std::copy_n(history_.row(0), output_dims(), out.push());
  history_.drop(1);
}

}  // namespace bivox
