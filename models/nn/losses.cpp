#include "models/nn/losses.h"

#include <cmath>

#include "dsp/core/check.h"
#include "models/nn/frame_mask.h"
#include "models/nn/kernels/elementwise.h"
#include "models/nn/loss_record.h"

namespace bivox {
namespace {

// The sum over elements of real frames of f(x - target), and f' where a gradient is needed. F is
// inlined; blocks of rows are summed in order.
template <class F>
Var difference_loss(Var x, const Tensor& target, std::span<const int> lengths, Reduction reduction,
                    F f) {
  const Shape& shape = x.shape();
  BIVOX_CHECK(shape.rank() == 3 && target.shape() == shape);
  check_lengths(lengths, shape[0], shape[1]);
  Tape& tape = x.tape();
  const int64_t width = shape[2];
  Tensor gradient;
  if (tape.needs_gradient(x)) {
    gradient = Tensor::uninitialized(shape);
    zero_frames_beyond(gradient, lengths);
  }
  const auto blocks = row_blocks(shape[0], shape[1], lengths.empty() ? nullptr : lengths.data());
  int64_t count = 0;
  for (const RowBlock& block : blocks) count += block.count * width;
  const double total =
      reduce_rows(tape.context(), blocks, 1, [&](const RowBlock& block, float* partial) {
        double sum = 0.0;
        for (int64_t i = block.begin * width; i < (block.begin + block.count) * width; ++i) {
          const auto [value, slope] = f(x.value().data()[i] - target.data()[i]);
          sum += value;
          if (!gradient.empty()) gradient.data()[i] = slope;
        }
        *partial = static_cast<float>(sum);
      })[0];
  const double weight = mean_weight(reduction, count);
  return record_loss(x, total * weight, weight, std::move(gradient));
}

struct ValueAndSlope {
  float value;
  float slope;
};

}  // namespace

Var l1_loss(Var x, const Tensor& target, std::span<const int> lengths, Reduction reduction) {
  return difference_loss(x, target, lengths, reduction, [](float d) {
    return ValueAndSlope{std::fabs(d), static_cast<float>((d > 0.0F) - (d < 0.0F))};
  });
}

Var l2_loss(Var x, const Tensor& target, std::span<const int> lengths, Reduction reduction) {
  return difference_loss(x, target, lengths, reduction, [](float d) {
    return ValueAndSlope{d * d, 2.0F * d};
  });
}

Var cross_entropy(Var logits, std::span<const int> targets, std::span<const int> lengths,
                  const CrossEntropyOptions& options) {
  const Shape& shape = logits.shape();
  BIVOX_CHECK(shape.rank() == 3 && static_cast<int64_t>(targets.size()) == shape[0] * shape[1]);
  check_lengths(lengths, shape[0], shape[1]);
  Tape& tape = logits.tape();
  ComputeContext& context = tape.context();
  const int64_t time = shape[1];
  const int64_t classes = shape[2];
  const float smoothing = options.label_smoothing;
  const float spread = smoothing / static_cast<float>(classes);
  Tensor log_p = Tensor::uninitialized(shape);
  elementwise::log_softmax(context, shape[0] * time, classes, logits.value().data(), log_p.data());

  // Target of each row, -1 where none counts.
  std::vector<int> counted(targets.begin(), targets.end());
  int64_t count = 0;
  for (int64_t b = 0; b < shape[0]; ++b) {
    for (int64_t t = 0; t < time; ++t) {
      int& target = counted[static_cast<size_t>(b * time + t)];
      BIVOX_CHECK(target < classes);
      if (t >= real_frames(lengths, b, time)) target = -1;
      if (target >= 0) ++count;
    }
  }
  double total = 0.0;
  for (size_t r = 0; r < counted.size(); ++r) {
    if (counted[r] < 0) continue;
    const float* row = log_p.data() + static_cast<int64_t>(r) * classes;
    total -= (1.0F - smoothing) * row[counted[r]];
    if (smoothing == 0.0F) continue;
    double all = 0.0;
    for (int64_t c = 0; c < classes; ++c) all += row[c];
    total -= spread * all;
  }
  const double weight = mean_weight(options.reduction, count);
  if (!tape.needs_gradient(logits)) return record_loss(logits, total * weight, weight, Tensor());
  Tensor gradient = std::move(log_p);  // becomes softmax - target distribution
  elementwise::apply(context, elementwise::Map::kExp, gradient.size(), gradient.data(),
                     gradient.data());
  for (size_t r = 0; r < counted.size(); ++r) {
    float* row = gradient.data() + static_cast<int64_t>(r) * classes;
    if (counted[r] < 0) {
      std::fill_n(row, classes, 0.0F);
      continue;
    }
    if (smoothing != 0.0F) {
      for (int64_t c = 0; c < classes; ++c) row[c] -= spread;
    }
    row[counted[r]] -= 1.0F - smoothing;
  }
  return record_loss(logits, total * weight, weight, std::move(gradient));
}

}  // namespace bivox
