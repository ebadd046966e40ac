#include "models/nn/kernels/conv1d.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <vector>

#include "models/nn/kernels/conv1d_direct.h"
#include "models/nn/kernels/conv1d_operands.h"
#include "models/nn/kernels/conv1d_spectral.h"
#include "models/nn/kernels/gemm.h"
#include "models/nn/kernels/gemm_parallel.h"

namespace bivox {

using kernels::gemm;
using kernels::GemmCall;
using kernels::GemmKernel;
using kernels::GemmSource;
using kernels::PackedPanels;
using kernels::PaddedRows;

namespace {

/// Bytes of a panel of gradients worked on at a time in backward_weights.
constexpr size_t kPanelBlockBytes = size_t{320} << 10;

const GemmKernel& training_kernel(const ComputeContext& context) {
  return kernels::gemm_kernel(context.isa(), context.precision() == Precision::kBfloat16
                                                 ? Precision::kBfloat16
                                                 : Precision::kFloat32);
}

bool is_pointwise(const Conv1dGeometry& g) {
  return g.kernel == 1 && g.stride == 1 && g.pad_left == 0 && g.pad_right == 0;
}

using kernels::ceil_div;
using kernels::Range;

}  // namespace

void conv1d_forward(ComputeContext& context, const Conv1dGeometry& g, int batch, int time,
                    const float* x, const float* w, const float* bias, float* y) {
  if (is_pointwise(g)) {
    time *= batch;
    batch = 1;
  }
  const int out_time = g.out_time(time);
  if (batch == 0 || out_time == 0) return;
  if (conv1d_prefers_direct(g)) {
    conv1d_direct_forward(context, g, batch, time, x, w, bias, y);
    return;
  }
  if (conv1d_prefers_spectral(context, g)) {
    conv1d_spectral_forward(context, g, batch, time, x, w, bias, y);
    return;
  }
  const GemmKernel& kernel = training_kernel(context);
  const int in_group = g.inputs / g.groups;
  const int out_group = g.outputs / g.groups;
  const int reach = g.dilation * (g.kernel - 1);
  const PaddedRows rows(context, kernel, x, batch, time, g.inputs, -g.pad_left,
                        (out_time - 1) * g.stride + reach + 1 - g.pad_left, g.stride);
  const GemmSource source = {w, int64_t{1} * in_group * g.outputs, g.outputs, 1};
  const PackedPanels panels(context, kernel, source, g.kernel, in_group, out_group, g.groups,
                            out_group);

  kernels::parallel_gemm(
      context, kernel, batch * g.groups, out_time, panels.per_group(), [&](int product) {
        const int group = product % g.groups;
        const int b = product / g.groups;
        GemmCall call;
        rows.set_a(call.block, b, 0, int64_t{1} * group * in_group, g.stride, g.dilation);
        panels.set_b(call, group);
        call.block.c = y + int64_t{1} * b * out_time * g.outputs + group * out_group;
        call.block.c_row = g.outputs;
        if (bias != nullptr) call.block.bias = bias + group * out_group;
        return call;
      });
}

// The frames s of dx that lie at s + pad_left = phase (mod stride) receive from the taps k with
// k dilation = phase (mod stride), which are every `tap_step`-th; frame m of them and the j-th of
// these taps meet at dy[first + m - j row_step]. With the taps in reverse that is a convolution of
// dy with stride 1 and dilation row_step.
void conv1d_backward_input(ComputeContext& context, const Conv1dGeometry& g, int batch, int time,
                           const float* dy, const float* w, float* dx) {
  if (is_pointwise(g)) {
    time *= batch;
    batch = 1;
  }
  const int out_time = g.out_time(time);
  if (batch == 0 || out_time == 0) return;
  if (conv1d_prefers_direct(g)) {
    conv1d_direct_backward_input(context, g, batch, time, dy, w, dx);
    return;
  }
  if (conv1d_prefers_spectral(context, g)) {
    conv1d_spectral_backward_input(context, g, batch, time, dy, w, dx);
    return;
  }
  const GemmKernel& kernel = training_kernel(context);
  const int in_group = g.inputs / g.groups;
  const int out_group = g.outputs / g.groups;
  const int common = std::gcd(g.stride, g.dilation);
  const int tap_step = g.stride / common;
  const int row_step = g.dilation / common;
  struct Phase {
    int first_tap;
    int taps;
    int first_frame;  ///< s
    int frames;
    int first_row;  ///< t of frame 0 and tap 0
  };
  std::vector<Phase> phases;
  int low = 0;
  int high = 0;
  for (int tap = 0; tap < std::min(g.kernel, tap_step); ++tap) {
    const int offset = tap * g.dilation - g.pad_left;  // s = t stride + offset
    const int frame = ((offset % g.stride) + g.stride) % g.stride;
    if (frame >= time) continue;
    const Phase phase = {tap, ceil_div(g.kernel - tap, tap_step), frame,
                         (time - frame - 1) / g.stride + 1, (frame - offset) / g.stride};
    low = std::min(low, phase.first_row - (phase.taps - 1) * row_step);
    high = std::max(high, phase.first_row + phase.frames);
    phases.push_back(phase);
  }
  const PaddedRows rows(context, kernel, dy, batch, out_time, g.outputs, low, high, 1);
  const int64_t tap_weights = int64_t{1} * in_group * g.outputs;
  for (const Phase& phase : phases) {
    const int last_tap = phase.first_tap + (phase.taps - 1) * tap_step;
    const GemmSource source = {w + last_tap * tap_weights, -tap_step * tap_weights, 1, g.outputs};
    const PackedPanels panels(context, kernel, source, phase.taps, out_group, in_group, g.groups,
                              out_group);
    kernels::parallel_gemm(
        context, kernel, batch * g.groups, phase.frames, panels.per_group(), [&](int product) {
          const int group = product % g.groups;
          const int b = product / g.groups;
          GemmCall call;
          rows.set_a(call.block, b, phase.first_row - (phase.taps - 1) * row_step - low,
                     int64_t{1} * group * out_group, 1, row_step);
          panels.set_b(call, group);
          call.block.c =
              dx + (int64_t{1} * b * time + phase.first_frame) * g.inputs + group * in_group;
          call.block.c_row = int64_t{1} * g.stride * g.inputs;
          call.block.accumulate = true;
          return call;
        });
  }
}

// dw[k] is the product of x transposed, shifted by k dilation, with dy: rows of A are input
// channels, runs are utterances, the sum goes over frames.
void conv1d_backward_weights(ComputeContext& context, const Conv1dGeometry& g, int batch, int time,
                             const float* x, const float* dy, float* dw, float* dbias) {
  if (is_pointwise(g)) {
    time *= batch;
    batch = 1;
  }
  const int out_time = g.out_time(time);
  if (batch == 0 || out_time == 0) return;
  if (dbias != nullptr) {
    kernels::add_column_sums(context, dy, int64_t{1} * batch * out_time, g.outputs, dbias);
  }
  if (conv1d_prefers_direct(g)) {
    conv1d_direct_backward_weights(context, g, batch, time, x, dy, dw);
    return;
  }
  if (conv1d_prefers_spectral(context, g)) {
    conv1d_spectral_backward_weights(context, g, batch, time, x, dy, dw);
    return;
  }
  const GemmKernel& kernel = training_kernel(context);
  const int in_group = g.inputs / g.groups;
  const int out_group = g.outputs / g.groups;
  const int reach = g.dilation * (g.kernel - 1);
  const kernels::TransposedRows columns(context, kernel, x, batch, time, g.inputs, g.pad_left,
                                        g.stride, g.kernel == 1 ? 1 : g.stride,
                                        reach / g.stride + kernel.padded_run(out_time));
  const GemmSource source = {dy, int64_t{1} * out_time * g.outputs, g.outputs, 1};
  const PackedPanels panels(context, kernel, source, batch, out_time, out_group, g.groups,
                            out_group);
  const size_t run_bytes = kernel.panel_bytes(1, out_time);
  const int runs_at_once =
      std::max(1, static_cast<int>(kPanelBlockBytes / std::max<size_t>(1, run_bytes)));
  // A part: one panel by some blocks of rows, all taps.
  const int blocks = ceil_div(in_group, kernel.rows);
  const int block_parts =
      std::min(blocks, std::max(1, ceil_div(4 * context.threads(), panels.per_group() * g.groups)));
  context.parallel(g.groups * panels.per_group() * block_parts, [&](int part) {
    const Range rows(blocks, block_parts, part % block_parts);
    part /= block_parts;
    const int panel = part % panels.per_group();
    const int group = part / panels.per_group();
    for (int first = 0; first < batch; first += runs_at_once) {
      const int runs = std::min(runs_at_once, batch - first);
      for (int block = rows.first; block < rows.last; ++block) {
        const Range row(in_group, blocks, block);
        for (int tap = 0; tap < g.kernel; ++tap) {
          GemmCall call;
          columns.set_a(call.block, first, group * in_group, tap * g.dilation);
          panels.set_b(call, group, first, runs);
          call.block.c = dw + int64_t{1} * tap * in_group * g.outputs + group * out_group;
          call.block.c_row = g.outputs;
          call.block.accumulate = true;
          gemm(kernel, call, row.first, row.last, panel, panel + 1);
        }
      }
    }
  });
}

}  // namespace bivox
