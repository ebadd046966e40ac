#include "models/nn/kernels/conv1d.h"

#include <algorithm>

namespace bivox {

void conv1d_forward(ComputeContext&, const Conv1dGeometry& g, int batch, int time, const float* x,
                    const float* w, const float* bias, float* y) {
  const int out_time = g.out_time(time);
  const int in_group = g.inputs / g.groups;
  const int out_group = g.outputs / g.groups;
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t t = 0; t < out_time; ++t) {
      float* row = y + (b * out_time + t) * g.outputs;
      for (int o = 0; o < g.outputs; ++o) row[o] = bias != nullptr ? bias[o] : 0.0F;
      for (int64_t k = 0; k < g.kernel; ++k) {
        const int64_t s = t * g.stride + k * g.dilation - g.pad_left;
        if (s < 0 || s >= time) continue;
        const float* in = x + (b * time + s) * g.inputs;
        for (int64_t i = 0; i < in_group; ++i) {
          const float* weights = w + (k * in_group + i) * g.outputs;
          for (int o = 0; o < g.outputs; ++o) {
            row[o] += in[(o / out_group) * in_group + i] * weights[o];
          }
        }
      }
    }
  }
}

void conv1d_backward_input(ComputeContext&, const Conv1dGeometry& g, int batch, int time,
                           const float* dy, const float* w, float* dx) {
  const int out_time = g.out_time(time);
  const int in_group = g.inputs / g.groups;
  const int out_group = g.outputs / g.groups;
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t t = 0; t < out_time; ++t) {
      const float* row = dy + (b * out_time + t) * g.outputs;
      for (int64_t k = 0; k < g.kernel; ++k) {
        const int64_t s = t * g.stride + k * g.dilation - g.pad_left;
        if (s < 0 || s >= time) continue;
        float* in = dx + (b * time + s) * g.inputs;
        for (int64_t i = 0; i < in_group; ++i) {
          const float* weights = w + (k * in_group + i) * g.outputs;
          for (int o = 0; o < g.outputs; ++o) {
            in[(o / out_group) * in_group + i] += row[o] * weights[o];
          }
        }
      }
    }
  }
}

void conv1d_backward_weights(ComputeContext&, const Conv1dGeometry& g, int batch, int time,
                             const float* x, const float* dy, float* dw, float* dbias) {
  const int out_time = g.out_time(time);
  const int in_group = g.inputs / g.groups;
  const int out_group = g.outputs / g.groups;
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t t = 0; t < out_time; ++t) {
      const float* row = dy + (b * out_time + t) * g.outputs;
      for (int o = 0; dbias != nullptr && o < g.outputs; ++o) dbias[o] += row[o];
      for (int64_t k = 0; k < g.kernel; ++k) {
        const int64_t s = t * g.stride + k * g.dilation - g.pad_left;
        if (s < 0 || s >= time) continue;
        const float* in = x + (b * time + s) * g.inputs;
        for (int64_t i = 0; i < in_group; ++i) {
          float* weights = dw + (k * in_group + i) * g.outputs;
          for (int o = 0; o < g.outputs; ++o) {
            weights[o] += in[(o / out_group) * in_group + i] * row[o];
          }
        }
      }
    }
  }
}

}  // namespace bivox
