// The operations of ops.h that look across time or change its length.
#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "dsp/core/check.h"
#include "models/nn/frame_mask.h"
#include "models/nn/kernels/elementwise.h"
#include "models/nn/ops.h"

namespace bivox {
namespace {

const float* data_or_null(Var var) { return var.index() < 0 ? nullptr : var.value().data(); }

// [kernel x rows x columns] -> [kernel x columns x rows].
Tensor transposed(const float* w, int64_t kernel, int64_t rows, int64_t columns) {
  Tensor out = Tensor::uninitialized({kernel, columns, rows});
  for (int64_t k = 0; k < kernel; ++k) {
    for (int64_t r = 0; r < rows; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        out[(k * columns + c) * rows + r] = w[(k * rows + r) * columns + c];
      }
    }
  }
  return out;
}

// dbias[o] += sum over rows of dy.
void add_column_sums(ComputeContext& context, const Tensor& dy, int64_t channels, float* dbias) {
  const auto blocks = row_blocks(1, dy.size() / channels, nullptr);
  const std::vector<double> sums =
      reduce_rows(context, blocks, channels, [&](const RowBlock& block, float* partial) {
        const float* row = dy.data() + block.begin * channels;
        for (int64_t r = 0; r < block.count; ++r, row += channels) {
          for (int64_t c = 0; c < channels; ++c) partial[c] += row[c];
        }
      });
  for (size_t c = 0; c < sums.size(); ++c) dbias[c] += static_cast<float>(sums[c]);
}

}  // namespace

Var conv1d(Var x, Var weight, Var bias, const Conv1dGeometry& geometry,
           std::span<const int> out_lengths) {
  const Shape& shape = x.shape();
  BIVOX_CHECK(shape.rank() == 3 && shape[2] == geometry.inputs);
  BIVOX_CHECK(weight.value().size() == geometry.num_weights());
  const bool has_bias = bias.index() >= 0;
  BIVOX_CHECK(!has_bias || bias.value().size() == geometry.outputs);
  Tape& tape = x.tape();
  const auto batch = static_cast<int>(shape[0]);
  const auto time = static_cast<int>(shape[1]);
  Tensor y = Tensor::uninitialized({batch, geometry.out_time(time), geometry.outputs});
  conv1d_forward(tape.context(), geometry, batch, time, x.value().data(), weight.value().data(),
                 data_or_null(bias), y.data());
  zero_frames_beyond(y, out_lengths);
  const Var inputs[] = {x, weight, bias};
  return tape.record(
      std::move(y), std::span<const Var>(inputs, has_bias ? 3 : 2),
      [x, weight, bias, geometry, batch, time,
       lengths = std::vector<int>(out_lengths.begin(), out_lengths.end())](Tape& t, Var out) {
        Tensor dy = t.take_gradient(out);
        zero_frames_beyond(dy, lengths);
        const bool needs_bias = bias.index() >= 0 && t.needs_gradient(bias);
        if (t.needs_gradient(weight)) {
          conv1d_backward_weights(t.context(), geometry, batch, time, x.value().data(), dy.data(),
                                  t.gradient(weight).data(),
                                  needs_bias ? t.gradient(bias).data() : nullptr);
        } else if (needs_bias) {
          add_column_sums(t.context(), dy, geometry.outputs, t.gradient(bias).data());
        }
        if (t.needs_gradient(x)) {
          conv1d_backward_input(t.context(), geometry, batch, time, dy.data(),
                                weight.value().data(), t.gradient(x).data());
        }
      });
}

// The transpose of the convolution that goes from y to x: its backward_input is our forward.
Var conv_transpose(Var x, Var weight, Var bias, int kernel, int stride) {
  const Shape& shape = x.shape();
  BIVOX_CHECK(shape.rank() == 3 && stride >= 1 && kernel >= stride);
  const int64_t outputs = weight.shape().last();
  BIVOX_CHECK(weight.value().size() == kernel * shape[2] * outputs);
  const bool has_bias = bias.index() >= 0;
  BIVOX_CHECK(!has_bias || bias.value().size() == outputs);
  Conv1dGeometry down;
  down.inputs = static_cast<int>(outputs);
  down.outputs = static_cast<int>(shape[2]);
  down.kernel = kernel;
  down.stride = stride;
  down.pad_left = (kernel - stride) / 2;
  down.pad_right = kernel - stride - down.pad_left;
  Tape& tape = x.tape();
  const auto batch = static_cast<int>(shape[0]);
  const auto up_time = static_cast<int>(shape[1]) * stride;
  Tensor y({batch, up_time, outputs});
  for (int64_t r = 0; has_bias && r < int64_t{batch} * up_time; ++r) {
    std::copy_n(bias.value().data(), outputs, y.data() + r * outputs);
  }
  const Tensor turned = transposed(weight.value().data(), kernel, shape[2], outputs);
  conv1d_backward_input(tape.context(), down, batch, up_time, x.value().data(), turned.data(),
                        y.data());
  const Var inputs[] = {x, weight, bias};
  return tape.record(
      std::move(y), std::span<const Var>(inputs, has_bias ? 3 : 2),
      [x, weight, bias, down, batch, up_time](Tape& t, Var out) {
        const Tensor dy = t.take_gradient(out);
        if (bias.index() >= 0 && t.needs_gradient(bias)) {
          add_column_sums(t.context(), dy, down.inputs, t.gradient(bias).data());
        }
        if (t.needs_gradient(weight)) {
          Tensor dw(Shape{down.kernel, down.inputs, down.outputs});
          conv1d_backward_weights(t.context(), down, batch, up_time, dy.data(), x.value().data(),
                                  dw.data(), nullptr);
          t.add_gradient(weight, transposed(dw.data(), down.kernel, down.inputs, down.outputs));
        }
        if (t.needs_gradient(x)) {
          const Tensor w =
              transposed(weight.value().data(), down.kernel, down.outputs, down.inputs);
          Tensor dx = Tensor::uninitialized(x.shape());
          conv1d_forward(t.context(), down, batch, up_time, dy.data(), w.data(), nullptr,
                         dx.data());
          t.add_gradient(x, std::move(dx));
        }
      });
}

Var embedding(Var x, Var table) {
  BIVOX_CHECK(x.shape().rank() == 3 && x.shape()[2] == 1 && table.shape().rank() == 2);
  const int64_t rows = table.shape()[0];
  const int64_t channels = table.shape()[1];
  const int64_t frames = x.value().size();
  Tensor y = Tensor::uninitialized({x.shape()[0], x.shape()[1], channels});
  for (int64_t f = 0; f < frames; ++f) {
    const auto row = static_cast<int64_t>(x.value()[f]);
    BIVOX_CHECK(row >= 0 && row < rows);
    std::copy_n(table.value().data() + row * channels, channels, y.data() + f * channels);
  }
  return x.tape().record(std::move(y), {table}, [x, table, frames, channels](Tape& t, Var out) {
    const Tensor dy = t.take_gradient(out);
    float* dtable = t.gradient(table).data();
    for (int64_t f = 0; f < frames; ++f) {
      float* row = dtable + static_cast<int64_t>(x.value()[f]) * channels;
      for (int64_t c = 0; c < channels; ++c) row[c] += dy[f * channels + c];
    }
  });
}

Var repeat_frames(Var x, int factor) {
  BIVOX_CHECK(x.shape().rank() == 3 && factor >= 1);
  const int64_t frames = x.shape()[0] * x.shape()[1];
  const int64_t channels = x.shape()[2];
  Tensor y = Tensor::uninitialized({x.shape()[0], x.shape()[1] * factor, channels});
  for (int64_t f = 0; f < frames * factor; ++f) {
    std::copy_n(x.value().data() + f / factor * channels, channels, y.data() + f * channels);
  }
  return x.tape().record(std::move(y), {x}, [x, frames, factor, channels](Tape& t, Var out) {
    const Tensor dy = t.take_gradient(out);
    float* dx = t.gradient(x).data();
    for (int64_t f = 0; f < frames * factor; ++f) {
      float* row = dx + f / factor * channels;
      for (int64_t c = 0; c < channels; ++c) row[c] += dy[f * channels + c];
    }
  });
}

Var regulate_length(Var x, std::span<const std::span<const int>> durations) {
  const Shape& shape = x.shape();
  BIVOX_CHECK(shape.rank() == 3 && static_cast<int64_t>(durations.size()) == shape[0]);
  const int64_t time = shape[1];
  const int64_t channels = shape[2];
  // source[b][t]: the frame that result frame t repeats.
  std::vector<std::vector<int64_t>> source(durations.size());
  int64_t longest = 0;
  for (size_t b = 0; b < durations.size(); ++b) {
    BIVOX_CHECK(static_cast<int64_t>(durations[b].size()) <= time);
    for (size_t f = 0; f < durations[b].size(); ++f) {
      BIVOX_CHECK(durations[b][f] >= 0);
      source[b].insert(source[b].end(), static_cast<size_t>(durations[b][f]),
                       static_cast<int64_t>(b) * time + static_cast<int64_t>(f));
    }
    longest = std::max(longest, static_cast<int64_t>(source[b].size()));
  }
  Tensor y({shape[0], longest, channels});
  for (size_t b = 0; b < source.size(); ++b) {
    float* to = y.data() + static_cast<int64_t>(b) * longest * channels;
    for (const int64_t row : source[b]) {
      std::copy_n(x.value().data() + row * channels, channels, to);
      to += channels;
    }
  }
  return x.tape().record(
      std::move(y), {x}, [x, source = std::move(source), longest, channels](Tape& t, Var out) {
        const Tensor dy = t.take_gradient(out);
        float* dx = t.gradient(x).data();
        for (size_t b = 0; b < source.size(); ++b) {
          const float* from = dy.data() + static_cast<int64_t>(b) * longest * channels;
          for (const int64_t row : source[b]) {
            for (int64_t c = 0; c < channels; ++c) dx[row * channels + c] += from[c];
            from += channels;
          }
        }
      });
}

}  // namespace bivox
