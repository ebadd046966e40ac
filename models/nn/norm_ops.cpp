// The normalising operations of ops.h.
#include <cmath>
#include <memory>
#include <utility>
#include <vector>

#include "dsp/core/check.h"
#include "models/nn/frame_mask.h"
#include "models/nn/kernels/elementwise.h"
#include "models/nn/ops.h"

namespace bivox {
namespace {

// What batch norm's way back needs: y = x scale + shift with scale = gain / deviation.
struct BatchNormSaved {
  std::vector<RowBlock> blocks;
  std::vector<int> lengths;
  std::vector<float> mean;
  std::vector<float> inverse_deviation;
  std::vector<float> scale;
  std::vector<float> shift;
  int64_t rows = 0;
  bool batch_statistics = false;
  bool rectify = false;
};

// Moments of this process's rows become those of all processes' rows (Chan et al. 1983, "Algorithms
// for computing the sample variance", equation 1.5): first the mean, then the squared deviations
// from it.
void reduce_moments(const Tape::Reducer& reducer, std::span<float> mean, std::span<float> variance,
                    int64_t& rows) {
  const size_t channels = mean.size();
  const auto own = static_cast<double>(rows);
  std::vector<double> sums(channels + 1);
  for (size_t c = 0; c < channels; ++c) sums[c] = own * static_cast<double>(mean[c]);
  sums[channels] = own;
  reducer(sums);
  const double all = sums[channels];
  std::vector<double> squares(channels);
  for (size_t c = 0; c < channels; ++c) {
    const double own_mean = mean[c];
    mean[c] = static_cast<float>(sums[c] / all);
    const double shift = own_mean - static_cast<double>(mean[c]);
    squares[c] = static_cast<double>(variance[c]) + own * shift * shift;
  }
  reducer(squares);
  for (size_t c = 0; c < channels; ++c) variance[c] = static_cast<float>(squares[c]);
  rows = static_cast<int64_t>(all);
}

// With xhat = (x - mean) / deviation and dz = dy behind the rectifier (Ioffe & Szegedy 2015,
// section 3):
//   doffset = sum dz, dgain = sum dz xhat,
//   dx = scale (dz - doffset / rows - xhat dgain / rows)
// and, where mean and deviation are constants, dx = scale dz.
void batch_norm_backward(Tape& tape, Var x, Var gain, Var offset, Var out,
                         const BatchNormSaved& saved) {
  const auto channels = static_cast<size_t>(x.shape()[2]);
  Tensor dy = tape.take_gradient(out);
  elementwise::AffineSums sums = elementwise::affine_backward_sums(
      tape.context(), saved.blocks, x.shape()[2], x.value().data(), saved.mean.data(), dy.data(),
      saved.scale.data(), saved.shift.data(), saved.rectify);
  if (tape.needs_gradient(gain)) {
    Tensor& dgain = tape.gradient(gain);
    for (size_t c = 0; c < channels; ++c) {
      dgain.data()[c] += static_cast<float>(sums.dz_x[c] * saved.inverse_deviation[c]);
    }
  }
  if (tape.needs_gradient(offset)) {
    Tensor& doffset = tape.gradient(offset);
    for (size_t c = 0; c < channels; ++c) doffset.data()[c] += static_cast<float>(sums.dz[c]);
  }
  // The parameters' gradients are summed over processes later; that of x needs the whole sums now.
  if (saved.batch_statistics && tape.reducer()) {
    tape.reducer()(sums.dz);
    tape.reducer()(sums.dz_x);
  }
  if (!tape.needs_gradient(x)) return;
  std::vector<float> slope(channels, 0.0F);
  std::vector<float> constant(channels, 0.0F);
  const double share = saved.batch_statistics ? 1.0 / static_cast<double>(saved.rows) : 0.0;
  for (size_t c = 0; c < channels; ++c) {
    const double inverse = saved.inverse_deviation[c];
    slope[c] = static_cast<float>(-saved.scale[c] * inverse * inverse * sums.dz_x[c] * share);
    constant[c] = static_cast<float>(-saved.scale[c] * sums.dz[c] * share);
  }
  elementwise::affine_backward(tape.context(), saved.blocks, x.shape()[2], x.value().data(),
                               saved.mean.data(), saved.scale.data(), saved.shift.data(),
                               saved.rectify, saved.scale.data(), slope.data(), constant.data(),
                               dy.data());
  zero_frames_beyond(dy, saved.lengths);
  tape.add_gradient(x, std::move(dy));
}

}  // namespace

Var batch_norm(Var x, Var gain, Var offset, const BatchNormStatistics& statistics,
               std::span<const int> lengths, bool rectify) {
  const Shape& shape = x.shape();
  BIVOX_CHECK(shape.rank() == 3);
  const auto channels = static_cast<size_t>(shape[2]);
  BIVOX_CHECK(gain.value().size() == shape[2] && offset.value().size() == shape[2]);
  BIVOX_CHECK(statistics.mean->size() == shape[2] && statistics.variance->size() == shape[2]);
  check_lengths(lengths, shape[0], shape[1]);
  Tape& tape = x.tape();
  auto saved = std::make_shared<BatchNormSaved>();
  saved->blocks = row_blocks(shape[0], shape[1], lengths.empty() ? nullptr : lengths.data());
  saved->lengths.assign(lengths.begin(), lengths.end());
  saved->rectify = rectify;
  saved->mean.resize(channels);
  saved->inverse_deviation.resize(channels);
  saved->scale.resize(channels);
  saved->shift.resize(channels);
  std::vector<float> variance(channels);
  saved->batch_statistics = tape.training() && !saved->blocks.empty();
  if (saved->batch_statistics) {
    saved->rows = elementwise::channel_moments(tape.context(), saved->blocks, shape[2],
                                               x.value().data(), saved->mean, variance);
    if (tape.reducer()) reduce_moments(tape.reducer(), saved->mean, variance, saved->rows);
    const auto rows = static_cast<float>(saved->rows);
    const float momentum = statistics.momentum;
    for (size_t c = 0; c < channels; ++c) {
      float& running_mean = statistics.mean->data()[c];
      float& running_variance = statistics.variance->data()[c];
      const float unbiased = variance[c] / std::max(1.0F, rows - 1.0F);
      running_mean += momentum * (saved->mean[c] - running_mean);
      running_variance += momentum * (unbiased - running_variance);
      variance[c] /= rows;
    }
  } else {
    std::copy_n(statistics.mean->data(), channels, saved->mean.begin());
    std::copy_n(statistics.variance->data(), channels, variance.begin());
  }
  for (size_t c = 0; c < channels; ++c) {
    saved->inverse_deviation[c] = 1.0F / std::sqrt(variance[c] + statistics.epsilon);
    saved->scale[c] = gain.value().data()[c] * saved->inverse_deviation[c];
    saved->shift[c] = offset.value().data()[c] - saved->mean[c] * saved->scale[c];
  }
  Tensor y = Tensor::uninitialized(shape);
  elementwise::affine(tape.context(), saved->blocks, shape[2], x.value().data(),
                      saved->scale.data(), saved->shift.data(), rectify, y.data());
  zero_frames_beyond(y, lengths);
  return tape.record(std::move(y), {x, gain, offset}, [x, gain, offset, saved](Tape& t, Var out) {
    batch_norm_backward(t, x, gain, offset, out, *saved);
  });
}

Var layer_norm(Var x, Var gain, Var offset, float epsilon) {
  const int64_t width = x.shape().last();
  BIVOX_CHECK(gain.value().size() == width && offset.value().size() == width);
  const int64_t rows = x.value().size() / std::max<int64_t>(width, 1);
  Tape& tape = x.tape();
  Tensor y = Tensor::uninitialized(x.shape());
  auto statistics = std::make_shared<Tensor>(Tensor::uninitialized({2, rows}));
  elementwise::layer_norm(tape.context(), rows, width, x.value().data(), gain.value().data(),
                          offset.value().data(), epsilon, y.data(), statistics->data(),
                          statistics->data() + rows);
  return tape.record(
      std::move(y), {x, gain, offset},
      [x, gain, offset, rows, width, statistics](Tape& t, Var out) {
        Tensor dy = t.take_gradient(out);
        Tensor unused(Shape{2, width});  // where a gradient is not asked for
        elementwise::layer_norm_backward(
            t.context(), rows, width, x.value().data(), gain.value().data(), statistics->data(),
            statistics->data() + rows, dy.data(),
            t.needs_gradient(gain) ? t.gradient(gain).data() : unused.data(),
            t.needs_gradient(offset) ? t.gradient(offset).data() : unused.data() + width);
        if (t.needs_gradient(x)) t.add_gradient(x, std::move(dy));
      });
}

}  // namespace bivox
