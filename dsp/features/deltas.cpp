#include "dsp/features/deltas.h"

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
  const int context = order * window;
  const auto width = static_cast<size_t>(2 * context + 1);
  double norm = 0.0;
  for (int k = -window; k <= window; ++k) norm += static_cast<double>(k) * k;
  std::vector<std::vector<double>> taps(static_cast<size_t>(order) + 1,
                                        std::vector<double>(width, 0.0));
  taps[0][static_cast<size_t>(context)] = 1.0;
  for (int o = 1; o <= order; ++o) {
    const int reach = (o - 1) * window;
    for (int i = -reach; i <= reach; ++i) {
      for (int k = -window; k <= window; ++k) {
        taps[static_cast<size_t>(o)][static_cast<size_t>(context + i + k)] +=
            k / norm * taps[static_cast<size_t>(o) - 1][static_cast<size_t>(context + i)];
      }
    }
  }
  std::vector<std::vector<float>> result;
  for (const auto& row : taps) result.emplace_back(row.begin(), row.end());
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
