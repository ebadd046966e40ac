#include "models/nn/kernels/conv1d_direct.h"

#include <algorithm>

#include "models/nn/kernels/gemm.h"

namespace bivox {
namespace {

/// The values, or a copy of them rounded to what the context multiplies.
const float* rounded(ComputeContext& context, int slot, const float* values, int64_t count) {
  if (context.precision() != Precision::kBfloat16) return values;
  auto* out =
      reinterpret_cast<float*>(context.scratch(slot, static_cast<size_t>(count) * sizeof(float)));
  for (int64_t i = 0; i < count; ++i) out[i] = kernels::round_to_bfloat16(values[i]);
  return out;
}

struct Channels {
  explicit Channels(const Conv1dGeometry& g)
      : in_group(g.inputs / g.groups), out_group(g.outputs / g.groups) {}
  bool depthwise() const { return in_group == 1 && out_group == 1; }
  /// The first input channel of output channel o.
  int input(int o) const { return o / out_group * in_group; }
  int in_group;
  int out_group;
};

/// Calls work(tap, source frame) for the taps of output frame t that lie inside.
template <class Work>
void for_taps(const Conv1dGeometry& g, int time, int t, Work work) {
  for (int k = 0; k < g.kernel; ++k) {
    const int s = t * g.stride + k * g.dilation - g.pad_left;
    if (s >= 0 && s < time) work(k, s);
  }
}

}  // namespace

bool conv1d_prefers_direct(const Conv1dGeometry& g) {
  return g.groups > 1 && (g.inputs / g.groups < 8 || g.outputs / g.groups < 8);
}

void conv1d_direct_forward(ComputeContext& context, const Conv1dGeometry& g, int batch, int time,
                           const float* x, const float* w, const float* bias, float* y) {
  const int out_time = g.out_time(time);
  const Channels channels(g);
  const int64_t tap_weights = int64_t{1} * channels.in_group * g.outputs;
  x = rounded(context, 0, x, int64_t{1} * batch * time * g.inputs);
  w = rounded(context, 1, w, g.num_weights());
  context.parallel(batch, [&](int b) {
    for (int t = 0; t < out_time; ++t) {
      float* row = y + (int64_t{1} * b * out_time + t) * g.outputs;
      for (int o = 0; o < g.outputs; ++o) row[o] = bias != nullptr ? bias[o] : 0.0F;
      for_taps(g, time, t, [&](int k, int s) {
        const float* in = x + (int64_t{1} * b * time + s) * g.inputs;
        const float* weights = w + k * tap_weights;
        if (channels.depthwise()) {
          for (int o = 0; o < g.outputs; ++o) row[o] += in[o] * weights[o];
          return;
        }
        for (int i = 0; i < channels.in_group; ++i, weights += g.outputs) {
          for (int o = 0; o < g.outputs; ++o) row[o] += in[channels.input(o) + i] * weights[o];
        }
      });
    }
  });
}

void conv1d_direct_backward_input(ComputeContext& context, const Conv1dGeometry& g, int batch,
                                  int time, const float* dy, const float* w, float* dx) {
  const int out_time = g.out_time(time);
  const Channels channels(g);
  const int64_t tap_weights = int64_t{1} * channels.in_group * g.outputs;
  dy = rounded(context, 0, dy, int64_t{1} * batch * out_time * g.outputs);
  w = rounded(context, 1, w, g.num_weights());
  context.parallel(batch, [&](int b) {
    for (int t = 0; t < out_time; ++t) {
      const float* row = dy + (int64_t{1} * b * out_time + t) * g.outputs;
      for_taps(g, time, t, [&](int k, int s) {
        float* in = dx + (int64_t{1} * b * time + s) * g.inputs;
        const float* weights = w + k * tap_weights;
        if (channels.depthwise()) {
          for (int o = 0; o < g.outputs; ++o) in[o] += row[o] * weights[o];
          return;
        }
        for (int i = 0; i < channels.in_group; ++i, weights += g.outputs) {
          for (int o = 0; o < g.outputs; ++o) in[channels.input(o) + i] += row[o] * weights[o];
        }
      });
    }
  });
}

void conv1d_direct_backward_weights(ComputeContext& context, const Conv1dGeometry& g, int batch,
                                    int time, const float* x, const float* dy, float* dw) {
  const int out_time = g.out_time(time);
  const Channels channels(g);
  const int64_t tap_weights = int64_t{1} * channels.in_group * g.outputs;
  x = rounded(context, 0, x, int64_t{1} * batch * time * g.inputs);
  dy = rounded(context, 1, dy, int64_t{1} * batch * out_time * g.outputs);
  // Split by outputs, each summed over the whole batch in the order of frames.
  constexpr int kOutputsAtOnce = 64;
  context.parallel((g.outputs + kOutputsAtOnce - 1) / kOutputsAtOnce, [&](int part) {
    const int first = part * kOutputsAtOnce;
    const int last = std::min(g.outputs, first + kOutputsAtOnce);
    for (int b = 0; b < batch; ++b) {
      for (int t = 0; t < out_time; ++t) {
        const float* row = dy + (int64_t{1} * b * out_time + t) * g.outputs;
        for_taps(g, time, t, [&](int k, int s) {
          const float* in = x + (int64_t{1} * b * time + s) * g.inputs;
          float* weights = dw + k * tap_weights;
          if (channels.depthwise()) {
            for (int o = first; o < last; ++o) weights[o] += in[o] * row[o];
            return;
          }
          for (int i = 0; i < channels.in_group; ++i, weights += g.outputs) {
            for (int o = first; o < last; ++o) weights[o] += in[channels.input(o) + i] * row[o];
          }
        });
      }
    }
  });
}

}  // namespace bivox
