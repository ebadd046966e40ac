#include "dsp/features/deltas.h"

#include <algorithm>

#include "dsp/core/check.h"

namespace bivox {

namespace {

// Taps of each order, centred in 2 * context + 1 rows; order 0 is the row itself.
std::vector<std::vector<float>> make_taps(DeltaKind kind, int order, int window) {
  if (kind == DeltaKind::kNone) return {{1.0F}};
  if (kind == DeltaKind::kSphinx1sCDDd) {
    //       t-3   t-2   t-1    t    t+1   t+2   t+3
    return {{0.0F, 0.0F, 0.0F, 1.0F, 0.0F, 0.0F, 0.0F},
            {0.0F, -1.0F, 0.0F, 0.0F, 0.0F, 1.0F, 0.0F},
            {1.0F, 0.0F, -1.0F, 0.0F, -1.0F, 0.0F, 1.0F}};
  }
  // Every order is the regression of the order before: a convolution with k / sum k^2.
  const auto reach = static_cast<size_t>(window);
  double norm = 0.0;
  for (int k = -window; k <= window; ++k) norm += static_cast<double>(k) * k;
  std::vector<double> taps = {1.0};
  std::vector<std::vector<float>> result;
  const size_t width = 2 * static_cast<size_t>(order) * reach + 1;
  for (int o = 0; o <= order; ++o) {
    // Shorter filters are centred in the width of the longest.
    std::vector<float>& row = result.emplace_back(width, 0.0F);
    std::copy(taps.begin(), taps.end(),
              row.begin() + static_cast<ptrdiff_t>((width - taps.size()) / 2));
    std::vector<double> next(taps.size() + 2 * reach, 0.0);
    for (size_t i = 0; i < taps.size(); ++i) {
      for (size_t k = 0; k <= 2 * reach; ++k) {
        next[i + k] += (static_cast<double>(k) - window) / norm * taps[i];
      }
    }
    taps.swap(next);
  }
  return result;
}

}  // namespace

DeltaStage::DeltaStage(DeltaKind kind, int dims, int order, int window)
    : dims_(dims), taps_(make_taps(kind, order, window)), history_(dims) {
  BIVOX_CHECK(dims >= 1);
  context_ = static_cast<int>(taps_[0].size()) / 2;
}

void DeltaStage::reset() { history_.clear(); }

void DeltaStage::accept(RowQueue& in, RowQueue& out) {
  for (int i = 0; i < in.size(); ++i) {
    if (history_.size() == 0) {
      for (int k = 0; k < context_; ++k) history_.push(in.row(i));
    }
    history_.push(in.row(i));
    if (history_.size() > 2 * context_) emit(out);
  }
  in.drop(in.size());
}

void DeltaStage::finish(RowQueue& out) {
  if (history_.size() == 0) return;
  const float* last = history_.row(history_.size() - 1);
  const std::vector<float> row(last, last + dims_);
  for (int k = 0; k < context_; ++k) {
    history_.push(row.data());
    if (history_.size() > 2 * context_) emit(out);
  }
  history_.clear();
}

void DeltaStage::emit(RowQueue& out) {
  float* target = out.push();
  for (const std::vector<float>& taps : taps_) {
    std::fill_n(target, dims_, 0.0F);
    for (size_t k = 0; k < taps.size(); ++k) {
      if (taps[k] == 0.0F) continue;
      const float* row = history_.row(static_cast<int>(k));
      for (int i = 0; i < dims_; ++i) target[i] += taps[k] * row[i];
    }
    target += dims_;
  }
  history_.drop(1);
}

}  // namespace bivox
