#include "models/nn/kernels/packed_conv1d.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <new>
#include <vector>

#include "dsp/core/check.h"
#include "models/nn/kernels/conv1d_direct.h"
#include "models/nn/kernels/gemm.h"
#include "models/nn/kernels/gemm_parallel.h"

namespace bivox {

using kernels::ceil_div;
using kernels::GemmCall;
using kernels::GemmKernel;
using kernels::Operand;

namespace {

constexpr int kRowsConvertedAtOnce = 32;

struct FreeAligned {
  void operator()(std::byte* block) const noexcept {
    ::operator delete (block, std::align_val_t{64});
  }
};

size_t round_up(size_t n, size_t multiple) { return (n + multiple - 1) / multiple * multiple; }

}  // namespace

struct PackedConv1d::State {
  Conv1dGeometry geometry;
  bool relu = false;
  bool direct = false;
  const GemmKernel* kernel = nullptr;
  int in_group = 0;
  int out_group = 0;
  int panels_per_group = 0;
  size_t panel_bytes = 0;
  size_t bytes = 0;
  std::unique_ptr<std::byte, FreeAligned> panels;
  std::vector<float> bias;           // empty, or [outputs]
  std::vector<float> column_scales;  // int8: [group][padded columns]
  std::vector<int32_t> offsets;      // int8: [group][panel][tap][column]
  std::vector<float> direct_weights;
  bool round_rows = false;  // direct: x is rounded to bfloat16

  bool integer() const { return kernel->quantize != nullptr; }
  bool in_place() const { return !direct && kernel->operand == Operand::kFloat; }
  int padded_columns() const { return panels_per_group * kernel->columns; }
  size_t row_bytes() const {
    return static_cast<size_t>(kernel->padded_run(geometry.inputs)) *
           kernels::operand_bytes(kernel->operand);
  }
  size_t converted_bytes(int rows) const {
    // Products read up to a block of rows beyond the end (tiles).
    return round_up(static_cast<size_t>(rows) * row_bytes(), 64) + 256 +
           static_cast<size_t>(kernel->rows * geometry.stride) * row_bytes();
  }

  void pack_floats(std::span<const float> w);
  void pack_integers(std::span<const float> w);
  void convert(ComputeContext& context, const Run& run, int64_t x_stride, int rows) const;
  void run_direct(ComputeContext& context, const Run& run, int64_t x_stride, int64_t y_stride,
                  int64_t add_stride) const;
};

void PackedConv1d::State::pack_floats(std::span<const float> w) {
  const Conv1dGeometry& g = geometry;
  for (int group = 0; group < g.groups; ++group) {
    const kernels::GemmSource source = {w.data() + group * out_group,
                                        int64_t{1} * in_group * g.outputs, g.outputs, 1};
    for (int panel = 0; panel < panels_per_group; ++panel) {
      kernels::pack_panel(
          *kernel, source, g.kernel, in_group, out_group, panel * kernel->columns,
          panels.get() + static_cast<size_t>(group * panels_per_group + panel) * panel_bytes);
    }
  }
}

void PackedConv1d::State::pack_integers(std::span<const float> w) {
  const Conv1dGeometry& g = geometry;
  const bool unsigned_rows = kernel->operand == Operand::kUint8Int8;
  const int columns = kernel->columns;
  const int unit = kernel->unit;
  const int padded = kernel->padded_run(in_group);
  column_scales.assign(static_cast<size_t>(g.groups * padded_columns()), 0.0F);
  offsets.assign(column_scales.size() * static_cast<size_t>(g.kernel), 0);
  for (int o = 0; o < g.outputs; ++o) {
    float largest = 0.0F;
    for (int64_t k = 0; k < int64_t{g.kernel} * in_group; ++k) {
      largest = std::max(largest, std::abs(w[static_cast<size_t>(k * g.outputs + o)]));
    }
    const int group = o / out_group;
    const int panel = o % out_group / columns;
    const int column = o % out_group % columns;
    column_scales[static_cast<size_t>(group * padded_columns() + o % out_group)] = largest / 127.0F;
    const float inverse = largest > 1e-30F ? 127.0F / largest : 0.0F;
    for (int tap = 0; tap < g.kernel; ++tap) {
      const size_t at_panel = static_cast<size_t>(group * panels_per_group + panel);
      std::byte* run = panels.get() + at_panel * panel_bytes +
                       static_cast<size_t>(tap) * kernel->panel_bytes(1, in_group);
      int32_t sum = 0;
      for (int i = 0; i < padded; ++i) {
        const int value =
            i < in_group
                ? static_cast<int>(std::nearbyint(
                      w[static_cast<size_t>((tap * in_group + i) * g.outputs + o)] * inverse))
                : 0;
        sum += value;
        const size_t at = static_cast<size_t>((i / unit * columns + column) * unit + i % unit);
        if (unsigned_rows) {
          const auto narrow = static_cast<int8_t>(value);
          std::memcpy(run + at, &narrow, 1);
        } else {
          const auto wide = static_cast<int16_t>(value);
          std::memcpy(run + at * 2, &wide, 2);
        }
      }
      // Rows hold value + 128: start from what that adds.
      if (unsigned_rows) {
        offsets[(at_panel * static_cast<size_t>(g.kernel) + static_cast<size_t>(tap)) *
                    static_cast<size_t>(columns) +
                static_cast<size_t>(column)] = -128 * sum;
      }
    }
  }
}

PackedConv1d::PackedConv1d(const Conv1dGeometry& geometry, std::span<const float> w,
                           std::span<const float> bias, const Options& options)
    : state_(std::make_unique<State>()) {
  const Conv1dGeometry& g = geometry;
  BIVOX_CHECK(g.inputs > 0 && g.outputs > 0 && g.kernel > 0 && g.stride > 0 && g.dilation > 0);
  BIVOX_CHECK(g.groups > 0 && g.inputs % g.groups == 0 && g.outputs % g.groups == 0);
  BIVOX_CHECK(static_cast<int64_t>(w.size()) == g.num_weights());
  BIVOX_CHECK(bias.empty() || bias.size() == static_cast<size_t>(g.outputs));
  BIVOX_CHECK(isa_available(options.isa));
  State& s = *state_;
  s.geometry = g;
  s.relu = options.relu;
  s.in_group = g.inputs / g.groups;
  s.out_group = g.outputs / g.groups;
  s.bias.assign(bias.begin(), bias.end());
  s.direct = conv1d_prefers_direct(g);
  s.kernel = &kernels::gemm_kernel(options.isa, s.direct && options.precision == Precision::kInt8
                                                    ? Precision::kFloat32
                                                    : options.precision);
  if (s.direct) {
    s.direct_weights.assign(w.begin(), w.end());
    s.round_rows = options.precision == Precision::kBfloat16;
    for (float& weight : s.direct_weights) {
      if (s.round_rows) weight = kernels::round_to_bfloat16(weight);
    }
    s.bytes = s.direct_weights.size() * sizeof(float);
    return;
  }
  s.panels_per_group = s.kernel->panels(s.out_group);
  s.panel_bytes = s.kernel->panel_bytes(g.kernel, s.in_group);
  s.bytes = static_cast<size_t>(g.groups * s.panels_per_group) * s.panel_bytes;
  s.panels.reset(static_cast<std::byte*>(::operator new (s.bytes, std::align_val_t{64})));
  std::memset(s.panels.get(), 0, s.bytes);
  if (s.integer()) {
    s.pack_integers(w);
  } else {
    s.pack_floats(w);
  }
}

PackedConv1d::PackedConv1d(PackedConv1d&&) noexcept = default;
PackedConv1d& PackedConv1d::operator=(PackedConv1d&&) noexcept = default;
PackedConv1d::~PackedConv1d() = default;

const Conv1dGeometry& PackedConv1d::geometry() const { return state_->geometry; }
size_t PackedConv1d::weight_bytes() const { return state_->bytes; }

int PackedConv1d::input_rows(int frames) const {
  const Conv1dGeometry& g = state_->geometry;
  return frames <= 0 ? 0 : (frames - 1) * g.stride + g.dilation * (g.kernel - 1) + 1;
}

size_t PackedConv1d::scratch_bytes(int frames) const {
  const State& s = *state_;
  const auto rows = static_cast<size_t>(input_rows(frames));
  if (s.direct) {
    return s.round_rows ? rows * static_cast<size_t>(s.geometry.inputs) * sizeof(float) : 0;
  }
  if (s.in_place()) return 0;
  const size_t scales = s.integer() ? round_up(rows * sizeof(float), 64) : 0;
  return s.converted_bytes(static_cast<int>(rows)) + scales;
}

// Scratch: the converted rows, after them the scales of integer rows.
void PackedConv1d::State::convert(ComputeContext& context, const Run& run, int64_t x_stride,
                                  int rows) const {
  const size_t step = row_bytes();
  const size_t filled =
      static_cast<size_t>(geometry.inputs) * kernels::operand_bytes(kernel->operand);
  auto* scales = reinterpret_cast<float*>(run.scratch + converted_bytes(rows));
  context.parallel(ceil_div(rows, kRowsConvertedAtOnce), [&](int part) {
    const int end = std::min(rows, (part + 1) * kRowsConvertedAtOnce);
    for (int row = part * kRowsConvertedAtOnce; row < end; ++row) {
      const float* from = run.x + row * x_stride;
      std::byte* to = run.scratch + static_cast<size_t>(row) * step;
      if (integer()) {
        scales[row] = kernel->quantize(from, geometry.inputs, to);
      } else {
        kernel->convert(from, geometry.inputs, to);
      }
      std::memset(to + filled, 0, step - filled);
    }
  });
  std::memset(run.scratch + static_cast<size_t>(rows) * step, 0, 256);
}

void PackedConv1d::State::run_direct(ComputeContext& context, const Run& run, int64_t x_stride,
                                     int64_t y_stride, int64_t add_stride) const {
  const Conv1dGeometry& g = geometry;
  const int rows = (run.frames - 1) * g.stride + g.dilation * (g.kernel - 1) + 1;
  const float* x = run.x;
  if (round_rows) {
    auto* rounded = reinterpret_cast<float*>(run.scratch);
    for (int row = 0; row < rows; ++row) {
      kernels::plain_kernel(Precision::kBfloat16)
          ->convert(run.x + row * x_stride, g.inputs,
                    reinterpret_cast<std::byte*>(rounded + int64_t{1} * row * g.inputs));
    }
    x = rounded;
    x_stride = g.inputs;
  }
  context.parallel(ceil_div(run.frames, kRowsConvertedAtOnce), [&](int part) {
    const int end = std::min(run.frames, (part + 1) * kRowsConvertedAtOnce);
    for (int t = part * kRowsConvertedAtOnce; t < end; ++t) {
      float* y = run.y + t * y_stride;
      const float* add = run.add == nullptr ? nullptr : run.add + t * add_stride;
      // `add` may be y: taken along before y is summed up.
      for (int o = 0; o < g.outputs; ++o) {
        y[o] =
            (bias.empty() ? 0.0F : bias[static_cast<size_t>(o)]) + (add == nullptr ? 0.0F : add[o]);
      }
      for (int tap = 0; tap < g.kernel; ++tap) {
        const float* in = x + (int64_t{1} * t * g.stride + tap * g.dilation) * x_stride;
        const float* weights = direct_weights.data() + int64_t{1} * tap * in_group * g.outputs;
        if (in_group == 1 && out_group == 1) {
          for (int o = 0; o < g.outputs; ++o) y[o] += in[o] * weights[o];
          continue;
        }
        for (int i = 0; i < in_group; ++i, weights += g.outputs) {
          for (int o = 0; o < g.outputs; ++o) {
            y[o] += in[o / out_group * in_group + i] * weights[o];
          }
        }
      }
      for (int o = 0; relu && o < g.outputs; ++o) y[o] = std::max(y[o], 0.0F);
    }
  });
}

void PackedConv1d::run(ComputeContext& context, const Run& run) const noexcept {
  if (run.frames <= 0) return;
  const State& s = *state_;
  const Conv1dGeometry& g = s.geometry;
  const int64_t x_stride = run.x_stride != 0 ? run.x_stride : g.inputs;
  const int64_t y_stride = run.y_stride != 0 ? run.y_stride : g.outputs;
  const int64_t add_stride = run.add_stride != 0 ? run.add_stride : g.outputs;
  if (s.direct) {
    s.run_direct(context, run, x_stride, y_stride, add_stride);
    return;
  }
  const int rows = input_rows(run.frames);
  const std::byte* a = reinterpret_cast<const std::byte*>(run.x);
  auto row_bytes = static_cast<int64_t>(sizeof(float)) * x_stride;
  const float* scales = nullptr;
  if (!s.in_place()) {
    s.convert(context, run, x_stride, rows);
    a = run.scratch;
    row_bytes = static_cast<int64_t>(s.row_bytes());
    scales = reinterpret_cast<const float*>(run.scratch + s.converted_bytes(rows));
  }
  const auto element = static_cast<int64_t>(kernels::operand_bytes(s.kernel->operand));
  const int run_length = s.kernel->padded_run(s.in_group);
  kernels::parallel_gemm(
      context, *s.kernel, g.groups, run.frames, s.panels_per_group, [&](int group) {
        GemmCall call;
        call.n = s.out_group;
        call.panel_bytes = s.panel_bytes;
        call.panels =
            s.panels.get() + static_cast<size_t>(group * s.panels_per_group) * s.panel_bytes;
        kernels::GemmBlock& block = call.block;
        block.a = a + group * s.in_group * element;
        block.a_row = g.stride * row_bytes;
        block.a_run = g.dilation * row_bytes;
        block.runs = g.kernel;
        block.groups = run_length / s.kernel->unit;
        if (!s.integer() && block.a_run == run_length * element) {  // runs without gaps are one
          block.groups *= block.runs;
          block.runs = 1;
        }
        block.c = run.y + group * s.out_group;
        block.c_row = y_stride;
        block.relu = s.relu;
        if (!s.bias.empty()) block.bias = s.bias.data() + group * s.out_group;
        if (run.add != nullptr) block.add = run.add + group * s.out_group;
        block.add_row = add_stride;
        if (s.integer()) {
          block.row_scales = scales;
          block.row_scale_row = g.stride;
          block.row_scale_run = g.dilation;
          block.column_scales = s.column_scales.data() + group * s.padded_columns();
          block.offsets = s.offsets.data() + int64_t{1} * group * s.padded_columns() * g.kernel;
        }
        return call;
      });
}

}  // namespace bivox
