#include <algorithm>
#include <cmath>
#include <limits>

#include "dsp/core/check.h"
#include "models/nn/frame_mask.h"
#include "models/nn/kernels/ctc_kernels.h"
#include "models/nn/kernels/elementwise.h"
#include "models/nn/loss_record.h"
#include "models/nn/losses.h"

namespace bivox {
namespace {

using kernels::kCtcPad;
using kernels::kImpossible;

// The forward and backward recursions of one utterance. The backward one is the forward one on the
// mirrored target and frames.
class CtcUtterance {
 public:
  CtcUtterance(std::span<const int> target, int blank, int64_t frames, const float* log_p,
               int64_t classes)
      : states_(2 * target.size() + 1, blank),
        skip_(states_.size(), kImpossible),
        frames_(frames),
        stride_(static_cast<int64_t>(states_.size()) + kCtcPad),
        emit_(static_cast<size_t>(frames) * states_.size()) {
    for (size_t i = 0; i < target.size(); ++i) {
      states_[2 * i + 1] = target[i];
      if (i > 0 && target[i] != target[i - 1]) skip_[2 * i + 1] = 0.0F;
    }
    float* emit = emit_.data();
    for (int64_t t = 0; t < frames_; ++t) {
      for (const int label : states_) *emit++ = log_p[t * classes + label];
    }
  }

  // -log P(target), and fills the forward rows.
  double forward() {
    const auto n = static_cast<int64_t>(states_.size());
    forward_.assign(static_cast<size_t>((frames_ + 1) * stride_), kImpossible);
    forward_[kCtcPad] = 0.0F;  // the row before the first frame stands at the first state
    double log_scale = 0.0;
    for (int64_t t = 0; t < frames_; ++t) {
      log_scale += kernels::ctc_step(n, row(forward_, t), skip_.data(), emit_.data() + t * n,
                                     row(forward_, t + 1));
    }
    // The last label, or the blank after it.
    const float* last = row(forward_, frames_);
    const double end =
        std::exp(double{last[n - 1]}) + (n > 1 ? std::exp(double{last[n - 2]}) : 0.0);
    return -(log_scale + std::log(end));
  }

  // Subtracts the posterior of each label from row t of `gradient`. After forward().
  void subtract_posteriors(int64_t classes, float* gradient) {
    const auto n = static_cast<int64_t>(states_.size());
    std::vector<float> skip(skip_.size(), kImpossible);
    for (int64_t s = 0; s < n; ++s) {
      if (skip_[static_cast<size_t>(s)] == 0.0F) skip[static_cast<size_t>(n - 1 - (s - 2))] = 0.0F;
    }
    std::vector<float> before(static_cast<size_t>(stride_), kImpossible);
    std::vector<float> after(static_cast<size_t>(stride_), kImpossible);
    std::vector<float> emit(static_cast<size_t>(n));
    std::vector<float> backward(static_cast<size_t>(n));
    before[kCtcPad] = 0.0F;
    for (int64_t t = frames_ - 1; t >= 0; --t) {
      const float* emitted = emit_.data() + t * n;
      std::reverse_copy(emitted, emitted + n, emit.begin());
      kernels::ctc_step(n, before.data() + kCtcPad, skip.data(), emit.data(),
                        after.data() + kCtcPad);
      std::reverse_copy(after.begin() + kCtcPad, after.end(), backward.begin());
      float* posterior = row(forward_, t + 1);
      kernels::ctc_posteriors(n, posterior, backward.data(), emitted, posterior);
      for (int64_t s = 0; s < n; ++s) {
        gradient[t * classes + states_[static_cast<size_t>(s)]] -= posterior[s];
      }
      before.swap(after);
    }
  }

 private:
  float* row(std::vector<float>& rows, int64_t t) const {
    return rows.data() + t * stride_ + kCtcPad;
  }

  std::vector<int> states_;  // blank, label, blank, ...: the class that each emits
  std::vector<float> skip_;  // 0 where the blank before a label may be left out
  int64_t frames_;
  int64_t stride_;
  std::vector<float> emit_;  // [frames x states]
  std::vector<float> forward_;
};

}  // namespace

int ctc_min_frames(std::span<const int> target) {
  auto frames = static_cast<int>(target.size());
  for (size_t i = 1; i < target.size(); ++i) frames += target[i] == target[i - 1] ? 1 : 0;
  return frames;
}

Var ctc_loss(Var logits, std::span<const std::vector<int>> targets, std::span<const int> lengths,
             const CtcOptions& options, std::vector<double>* per_utterance) {
  const Shape& shape = logits.shape();
  BIVOX_CHECK(shape.rank() == 3 && static_cast<int64_t>(targets.size()) == shape[0]);
  check_lengths(lengths, shape[0], shape[1]);
  const int64_t time = shape[1];
  const int64_t classes = shape[2];
  BIVOX_CHECK(options.blank >= 0 && options.blank < classes);
  for (const std::vector<int>& target : targets) {
    for (const int label : target) {
      BIVOX_CHECK(label >= 0 && label < classes && label != options.blank);
    }
  }
  Tape& tape = logits.tape();
  ComputeContext& context = tape.context();
  const bool needs_gradient = tape.needs_gradient(logits);
  Tensor log_p = Tensor::uninitialized(shape);
  elementwise::log_softmax(context, shape[0] * time, classes, logits.value().data(), log_p.data());
  Tensor gradient;
  if (needs_gradient) {
    gradient = Tensor::uninitialized(shape);
    elementwise::apply(context, elementwise::Map::kExp, gradient.size(), log_p.data(),
                       gradient.data());
    zero_frames_beyond(gradient, lengths);
  }

  std::vector<double> losses(targets.size());
  for_utterances(context, targets.size(), [&](int b) {
    const std::vector<int>& target = targets[static_cast<size_t>(b)];
    double& loss = losses[static_cast<size_t>(b)];
    const int64_t frames = real_frames(lengths, b, time);
    float* slopes = needs_gradient ? gradient.data() + b * time * classes : nullptr;
    if (frames < ctc_min_frames(target)) {
      loss = std::numeric_limits<double>::infinity();
      if (needs_gradient) std::fill_n(slopes, time * classes, 0.0F);
      return;
    }
    if (frames == 0) return;  // nothing spells nothing, with certainty
    CtcUtterance utterance(target, options.blank, frames, log_p.data() + b * time * classes,
                           classes);
    loss = utterance.forward();
    if (loss > -0.5 * double{kImpossible}) {  // a label that the network excludes altogether
      loss = std::numeric_limits<double>::infinity();
      if (needs_gradient) std::fill_n(slopes, time * classes, 0.0F);
    } else if (needs_gradient) {
      utterance.subtract_posteriors(classes, slopes);
    }
  });

  return record_utterance_losses(logits, std::move(losses), options.reduction, std::move(gradient),
                                 per_utterance);
}

}  // namespace bivox
