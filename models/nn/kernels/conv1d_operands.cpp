#include "models/nn/kernels/conv1d_operands.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace bivox::kernels {
namespace {

constexpr int kRowSlot = 0;
constexpr int kPanelSlot = 1;

int round_up(int n, int multiple) { return (n + multiple - 1) / multiple * multiple; }

/// Products read up to a padded run, and tiles up to a whole block of rows, beyond the end.
size_t slack_bytes(const GemmKernel& kernel, int64_t row_bytes, int64_t stride) {
  return 256 + static_cast<size_t>(kernel.rows) * static_cast<size_t>(row_bytes * stride);
}

}  // namespace

PaddedRows::PaddedRows(ComputeContext& context, const GemmKernel& kernel, const float* x, int batch,
                       int time, int channels, int first, int last, int stride)
    : element_bytes_(static_cast<int64_t>(operand_bytes(kernel.operand))) {
  if (kernel.operand == Operand::kFloat && first >= 0 && last <= time) {
    rows_ = reinterpret_cast<const std::byte*>(x + int64_t{1} * first * channels);
    row_bytes_ = channels * element_bytes_;
    utterance_bytes_ = time * row_bytes_;
    return;
  }
  row_bytes_ = kernel.padded_run(channels) * element_bytes_;
  const int rows = last - first;
  utterance_bytes_ = rows * row_bytes_;
  const size_t size = static_cast<size_t>(batch * utterance_bytes_);
  std::byte* out = context.scratch(kRowSlot, size + slack_bytes(kernel, row_bytes_, stride));
  rows_ = out;
  std::memset(out + size, 0, 256);
  constexpr int kRowsAtOnce = 64;
  const int pieces = (rows + kRowsAtOnce - 1) / kRowsAtOnce;
  const bool unpadded = row_bytes_ == channels * element_bytes_;
  context.parallel(batch * pieces, [&](int part) {
    const int b = part / pieces;
    const int begin = (part % pieces) * kRowsAtOnce;
    const int end = std::min(rows, begin + kRowsAtOnce);
    const int real_begin = std::clamp(-first, begin, end);
    const int real_end = std::clamp(time - first, real_begin, end);
    std::byte* to = out + b * utterance_bytes_;
    const float* from = x + (int64_t{1} * b * time + first) * channels;
    std::memset(to + begin * row_bytes_, 0, static_cast<size_t>((real_begin - begin) * row_bytes_));
    std::memset(to + real_end * row_bytes_, 0, static_cast<size_t>((end - real_end) * row_bytes_));
    if (unpadded) {
      kernel.convert(from + int64_t{1} * real_begin * channels,
                     int64_t{1} * (real_end - real_begin) * channels, to + real_begin * row_bytes_);
      return;
    }
    for (int row = real_begin; row < real_end; ++row) {
      std::byte* operands = to + row * row_bytes_;
      kernel.convert(from + int64_t{1} * row * channels, channels, operands);
      std::memset(operands + channels * element_bytes_, 0,
                  static_cast<size_t>(row_bytes_ - channels * element_bytes_));
    }
  });
}

void PaddedRows::set_a(GemmBlock& block, int b, int row, int64_t channel, int stride,
                       int dilation) const {
  block.a = rows_ + b * utterance_bytes_ + row * row_bytes_ + channel * element_bytes_;
  block.a_row = stride * row_bytes_;
  block.a_run = dilation * row_bytes_;
}

TransposedRows::TransposedRows(ComputeContext& context, const GemmKernel& kernel, const float* x,
                               int batch, int time, int channels, int pad_left, int stride,
                               int phases, int frames)
    : stride_(stride), element_bytes_(static_cast<int64_t>(operand_bytes(kernel.operand))) {
  // Rows a cache line longer than a multiple of some lines: a power of two would map all rows of a
  // block to the same sets of the first-level cache.
  row_bytes_ = round_up(static_cast<int>(frames * element_bytes_), 256) + 64;
  phase_bytes_ = channels * row_bytes_;
  utterance_bytes_ = phases * phase_bytes_;
  const size_t size = static_cast<size_t>(batch * utterance_bytes_);
  std::byte* out = context.scratch(kRowSlot, size + slack_bytes(kernel, row_bytes_, 1));
  rows_ = out;
  std::memset(out + size, 0, 256);
  constexpr int kChannels = 16;
  constexpr int kFrames = 64;
  const int strips = (channels + kChannels - 1) / kChannels;
  const int row_frames = static_cast<int>(row_bytes_ / element_bytes_);
  context.parallel(batch * phases * strips, [&](int part) {
    const int strip = part % strips;
    const int phase = part / strips % phases;
    const int b = part / strips / phases;
    const int channel = strip * kChannels;
    const int width = std::min(kChannels, channels - channel);
    const float* from = x + int64_t{1} * b * time * channels + channel;
    std::byte* to = out + b * utterance_bytes_ + phase * phase_bytes_ + channel * row_bytes_;
    alignas(64) std::array<float, size_t{kChannels} * kFrames> tile;
    for (int first = 0; first < row_frames; first += kFrames) {
      const int count = std::min(kFrames, row_frames - first);
      for (int q = 0; q < count; ++q) {
        const int64_t s = int64_t{1} * (first + q) * stride + phase - pad_left;
        if (first + q < frames && s >= 0 && s < time) {
          const float* row = from + s * channels;
          for (int c = 0; c < width; ++c) tile[static_cast<size_t>(c * kFrames + q)] = row[c];
        } else {
          for (int c = 0; c < width; ++c) tile[static_cast<size_t>(c * kFrames + q)] = 0.0F;
        }
      }
      for (int c = 0; c < width; ++c) {
        kernel.convert(tile.data() + c * kFrames, count,
                       to + c * row_bytes_ + first * element_bytes_);
      }
    }
  });
}

void TransposedRows::set_a(GemmBlock& block, int b, int channel, int shift) const {
  block.a = rows_ + b * utterance_bytes_ + (shift % stride_) * phase_bytes_ + channel * row_bytes_ +
            (shift / stride_) * element_bytes_;
  block.a_row = row_bytes_;
  block.a_run = utterance_bytes_;
}

PackedPanels::PackedPanels(ComputeContext& context, const GemmKernel& kernel,
                           const GemmSource& source, int runs, int run_length, int n, int groups,
                           int64_t group_step)
    : panel_bytes_(kernel.panel_bytes(runs, run_length)),
      run_bytes_(kernel.panel_bytes(1, run_length)),
      run_a_bytes_(static_cast<int64_t>(operand_bytes(kernel.operand)) *
                   kernel.padded_run(run_length)),
      runs_(runs),
      run_groups_(kernel.padded_run(run_length) / kernel.unit),
      per_group_(kernel.panels(n)),
      n_(n) {
  const int total = groups * per_group_;
  std::byte* out = context.scratch(kPanelSlot, static_cast<size_t>(total) * panel_bytes_);
  panels_ = out;
  context.parallel(total * runs, [&](int part) {
    const int run = part % runs;
    const int panel = part / runs;
    GemmSource of_group = source;
    of_group.b += (panel / per_group_) * group_step + run * source.run_stride;
    pack_panel(
        kernel, of_group, 1, run_length, n, (panel % per_group_) * kernel.columns,
        out + static_cast<size_t>(panel) * panel_bytes_ + static_cast<size_t>(run) * run_bytes_);
  });
}

void PackedPanels::set_b(GemmCall& call, int group, int first, int count) const {
  call.panels = panels_ +
                static_cast<size_t>(group) * static_cast<size_t>(per_group_) * panel_bytes_ +
                static_cast<size_t>(first) * run_bytes_;
  call.panel_bytes = panel_bytes_;
  call.n = n_;
  call.block.runs = count;
  call.block.groups = run_groups_;
  if (call.block.a_run == run_a_bytes_) {  // runs without gaps are one
    call.block.runs = 1;
    call.block.groups = run_groups_ * count;
  }
}

void add_column_sums(ComputeContext& context, const float* x, int64_t rows, int columns,
                     float* sums) {
  constexpr int kColumns = 64;
  context.parallel((columns + kColumns - 1) / kColumns, [&](int part) {
    const int first = part * kColumns;
    const int width = std::min(kColumns, columns - first);
    std::array<float, kColumns> local = {};
    for (int64_t row = 0; row < rows; ++row) {
      const float* values = x + row * columns + first;
      for (int c = 0; c < width; ++c) local[static_cast<size_t>(c)] += values[c];
    }
    for (int c = 0; c < width; ++c) sums[first + c] += local[static_cast<size_t>(c)];
  });
}

}  // namespace bivox::kernels
