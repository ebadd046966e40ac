#include "models/nn/kernels/conv1d_spectral.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "models/nn/kernels/gemm.h"
#include "models/nn/kernels/gemm_parallel.h"
#include "models/nn/kernels/spectral_kernels.h"

namespace bivox {

using kernels::ceil_div;
using kernels::GemmCall;
using kernels::GemmKernel;
using kernels::GemmSource;
using kernels::kSpectrumSize;
using kernels::SpectralKernel;

namespace {

constexpr int kFrequencies = kSpectrumSize / 2 + 1;
/// Tiles that one thread takes through transform, products and inverse: a compromise between
/// spectra that stay in the caches and reading all weights again.
constexpr int kTilesAtOnce = 64;
/// Tiles summed up at once in the gradient of weights.
constexpr int kTilesPerSum = 1024;

enum Slot { kWeightSlot, kPanelSlot, kLaneSlot, kSumSlot };

int64_t round_up(int64_t n, int64_t multiple) { return (n + multiple - 1) / multiple * multiple; }
size_t bytes_of(int64_t count, size_t element) {
  return static_cast<size_t>(round_up(count * static_cast<int64_t>(element), 64)) + 256;
}

/// First component of frequency f, and whether it has an imaginary one (components of a spectrum:
/// re 0, re 16, re 1, im 1, ...).
struct Frequency {
  explicit Frequency(int f)
      : component(f == 0                   ? 0
                  : f == kSpectrumSize / 2 ? 1
                                           : 2 * f),
        complex(f != 0 && f != kSpectrumSize / 2) {}
  int component;
  bool complex;
  int parts() const { return complex ? 2 : 1; }
};

/// Hands jobs out to the threads of the context, each with a lane of its own for scratch memory.
template <class Work>
void for_jobs(ComputeContext& context, int jobs, Work work) {
  std::atomic<int> next = 0;
  context.parallel(std::min(context.threads(), jobs), [&](int lane) {
    for (int job = next++; job < jobs; job = next++) work(lane, job);
  });
}

/// Where tiles lie: `per_utterance` of `hop` frames each, the first at `offset` (before the start
/// where negative).
struct Tiling {
  Tiling(int batch, int time, int channels, int first, int hop_frames, int frames)
      : in_time(time),
        width(channels),
        offset(first),
        hop(hop_frames),
        per_utterance(ceil_div(frames, hop_frames)),
        count(batch * per_utterance) {}
  /// The rows of a tile, `zeros` where there are none; of `length` rows only, zeros after them.
  void rows(const float* x, int tile, int length, const float* zeros,
            std::array<const float*, kSpectrumSize>& out) const {
    const float* utterance = x + int64_t{1} * (tile / per_utterance) * in_time * width;
    const int first = offset + tile % per_utterance * hop;
    for (int j = 0; j < kSpectrumSize; ++j) {
      const int row = first + j;
      const bool real = j < length && row >= 0 && row < in_time;
      out[static_cast<size_t>(j)] = real ? utterance + int64_t{1} * row * width : zeros;
    }
  }
  int in_time;
  int width;
  int offset;
  int hop;
  int per_utterance;
  int count;
};

const float* zero_row(int channels) {
  constexpr int kMostChannels = 8192;
  alignas(64) static const std::array<float, kMostChannels> zeros = {};
  return channels <= kMostChannels ? zeros.data() : nullptr;
}

struct Weights {
  const float* w;
  int kernel;
  int rows;  ///< Of the matrix of one tap.
  int columns;
  bool flipped;  ///< Taps in reverse, matrices transposed: the gradient of the input.
};

/// y[t] (+)= sum_k in[t + k + offset] B_k, for t in [0, out_time) of each utterance.
void correlate(ComputeContext& context, const Weights& weights, int batch, int in_time, int offset,
               const float* in, int out_time, const float* bias, bool accumulate, float* out) {
  const GemmKernel& kernel = kernels::gemm_kernel(
      context.isa(),
      context.precision() == Precision::kBfloat16 ? Precision::kBfloat16 : Precision::kFloat32);
  const SpectralKernel& spectral = kernels::spectral_kernel(context.isa());
  const auto element = static_cast<int64_t>(kernels::operand_bytes(kernel.operand));
  const int inputs = weights.flipped ? weights.columns : weights.rows;
  const int outputs = weights.flipped ? weights.rows : weights.columns;
  const int hop = kSpectrumSize + 1 - weights.kernel;
  const Tiling tiling(batch, in_time, inputs, offset, hop, out_time);

  // Spectra of the weights, component by component [rows x columns], and their panels.
  const int64_t row_floats = round_up(weights.columns, spectral.lanes);
  const int64_t matrix_floats = weights.rows * row_floats + 16;
  auto* spectra = reinterpret_cast<float*>(
      context.scratch(kWeightSlot, bytes_of(kSpectrumSize * matrix_floats, sizeof(float))));
  context.parallel(ceil_div(weights.rows, 16), [&](int part) {
    std::array<const float*, kSpectrumSize> taps;
    for (int row = part * 16; row < std::min(weights.rows, part * 16 + 16); ++row) {
      for (int k = 0; k < kSpectrumSize; ++k) {
        const int tap = weights.flipped ? weights.kernel - 1 - k : k;
        taps[static_cast<size_t>(k)] =
            k < weights.kernel
                ? weights.w + (int64_t{1} * tap * weights.rows + row) * weights.columns
                : zero_row(weights.columns);
      }
      spectral.forward(taps.data(), weights.columns, 1.0F / kSpectrumSize,
                       spectra + row * row_floats, matrix_floats, weights.columns);
    }
  });
  const int panels = kernel.panels(outputs);
  const size_t panel_bytes = kernel.panel_bytes(2, inputs);
  std::byte* packed =
      context.scratch(kPanelSlot, static_cast<size_t>(kFrequencies * panels) * panel_bytes);
  context.parallel(kFrequencies * panels, [&](int part) {
    const Frequency frequency(part / panels);
    GemmSource source = {spectra + frequency.component * matrix_floats, matrix_floats, row_floats,
                         1};
    if (weights.flipped) std::swap(source.k_stride, source.n_stride);
    kernels::pack_panel(kernel, source, frequency.parts(), inputs, outputs,
                        part % panels * kernel.columns,
                        packed + static_cast<size_t>(part) * panel_bytes);
  });

  // Scratch of a lane: the spectrum of one tile; A, [frequency][tile][3 pieces]; results,
  // [component][tile][outputs].
  const int64_t piece = kernel.padded_run(inputs);
  const int64_t tile_floats = round_up(inputs, spectral.lanes) + 16;
  const int64_t a_frequency = kTilesAtOnce * 3 * piece * element;
  const int64_t result_row = round_up(outputs, spectral.lanes);
  const int64_t result_component = kTilesAtOnce * result_row + 16;
  const size_t tile_bytes = bytes_of(kSpectrumSize * tile_floats, sizeof(float));
  // Tiles of AMX read up to a block of rows beyond.
  const size_t a_bytes = bytes_of(kFrequencies * a_frequency + 32 * 3 * piece * element, 1);
  const size_t result_bytes = bytes_of(kSpectrumSize * result_component, sizeof(float));
  const size_t lane_bytes = tile_bytes + a_bytes + result_bytes;
  std::byte* scratch =
      context.scratch(kLaneSlot, lane_bytes * static_cast<size_t>(context.threads()));
  const float* zeros = zero_row(inputs);

  for_jobs(context, ceil_div(tiling.count, kTilesAtOnce), [&](int lane, int job) {
    std::byte* memory = scratch + static_cast<size_t>(lane) * lane_bytes;
    auto* spectrum = reinterpret_cast<float*>(memory);
    std::byte* a = memory + tile_bytes;
    auto* results = reinterpret_cast<float*>(a + a_bytes);
    const int first = job * kTilesAtOnce;
    const int tiles = std::min(kTilesAtOnce, tiling.count - first);
    for (int tile = 0; tile < tiles; ++tile) {
      std::array<const float*, kSpectrumSize> rows;
      tiling.rows(in, first + tile, kSpectrumSize, zeros, rows);
      spectral.forward(rows.data(), inputs, 1.0F, spectrum, tile_floats, int64_t{1} * hop * inputs);
      for (int f = 0; f < kFrequencies; ++f) {
        const Frequency frequency(f);
        std::byte* to = a + f * a_frequency + tile * 3 * piece * element;
        float* re = spectrum + frequency.component * tile_floats;
        const auto padding = static_cast<size_t>((piece - inputs) * element);
        const auto put = [&](int at, const float* values) {
          std::byte* start = to + at * piece * element;
          kernel.convert(values, inputs, start);
          if (padding > 0) std::memset(start + inputs * element, 0, padding);
        };
        put(0, re);
        if (!frequency.complex) continue;
        put(1, re + tile_floats);
        for (int c = 0; c < inputs; ++c) re[c] = -re[c];
        put(2, re);
      }
    }
    for (int f = 0; f < kFrequencies; ++f) {
      const Frequency frequency(f);
      for (int part = 0; part < frequency.parts(); ++part) {
        GemmCall call;
        call.n = outputs;
        call.panels = packed + static_cast<size_t>(f * panels) * panel_bytes;
        call.panel_bytes = panel_bytes;
        call.block.a = a + f * a_frequency + part * piece * element;
        call.block.a_row = 3 * piece * element;
        call.block.runs = 1;
        call.block.groups = static_cast<int>(piece) * frequency.parts() / kernel.unit;
        call.block.c = results + (frequency.component + part) * result_component;
        call.block.c_row = result_row;
        gemm(kernel, call, 0, tiles, 0, panels);
      }
    }
    for (int tile = 0; tile < tiles; ++tile) {
      const int start = (first + tile) % tiling.per_utterance * hop;
      float* to =
          out + (int64_t{1} * ((first + tile) / tiling.per_utterance) * out_time + start) * outputs;
      std::array<float*, kSpectrumSize> rows;
      for (int j = 0; j < kSpectrumSize; ++j) rows[static_cast<size_t>(j)] = to + j * outputs;
      spectral.inverse(results + tile * result_row, result_component, outputs, bias, accumulate,
                       rows.data(), std::min(hop, out_time - start), result_row);
    }
  });
}

/// All spectra of tiles [first, first + count), [component][tile][channels].
struct TileSpectra {
  float* values;
  int64_t row;
  int64_t component;
};
TileSpectra transform_tiles(ComputeContext& context, const SpectralKernel& spectral,
                            const Tiling& tiling, const float* x, int length, int first, int count,
                            float* values) {
  const int64_t row = round_up(tiling.width, spectral.lanes);
  const TileSpectra spectra = {values, row, count * row + 16};
  const float* zeros = zero_row(tiling.width);
  context.parallel(ceil_div(count, 8), [&](int part) {
    std::array<const float*, kSpectrumSize> rows;
    for (int tile = part * 8; tile < std::min(count, part * 8 + 8); ++tile) {
      tiling.rows(x, first + tile, length, zeros, rows);
      spectral.forward(rows.data(), tiling.width, 1.0F, values + tile * row, spectra.component,
                       int64_t{1} * tiling.hop * tiling.width);
    }
  });
  return spectra;
}

/// A [channel][piece][tile] of one frequency: Re X, Im X, -Re X with the tiles innermost.
void transpose_operands(const GemmKernel& kernel, const TileSpectra& spectra,
                        const Frequency& frequency, int channels, int tiles, int64_t piece,
                        std::byte* a) {
  constexpr int kBlock = 16;
  // A cache line more than a power of two, lest all channels fall on the same sets of the cache.
  constexpr int kRow = kTilesPerSum + 16;
  const auto element = static_cast<int64_t>(kernels::operand_bytes(kernel.operand));
  alignas(64) std::array<float, size_t{kBlock} * kRow> block;
  const auto put = [&](int channel, int p, const float* values) {
    std::byte* to = a + (channel * 3 + p) * piece * element;
    kernel.convert(values, tiles, to);
    std::memset(to + tiles * element, 0, static_cast<size_t>((piece - tiles) * element));
  };
  for (int part = 0; part < frequency.parts(); ++part) {
    const float* from = spectra.values + (frequency.component + part) * spectra.component;
    for (int first = 0; first < channels; first += kBlock) {
      const int width = std::min(kBlock, channels - first);
      for (int tile = 0; tile < tiles; ++tile) {
        const float* row = from + tile * spectra.row + first;
        for (int c = 0; c < width; ++c) block[static_cast<size_t>(c * kRow + tile)] = row[c];
      }
      for (int c = 0; c < width; ++c) {
        float* values = block.data() + c * kRow;
        put(first + c, part, values);
        if (part == 1 || !frequency.complex) continue;
        for (int tile = 0; tile < tiles; ++tile) values[tile] = -values[tile];
        put(first + c, 2, values);
      }
    }
  }
}

}  // namespace

bool conv1d_prefers_spectral(const ComputeContext& context, const Conv1dGeometry& g) {
  const bool narrow = context.precision() == Precision::kBfloat16;
  if (narrow && context.isa() == Isa::kAmx) return false;
  return g.groups == 1 && g.stride == 1 && g.dilation == 1 && g.kernel >= (narrow ? 7 : 5) &&
         g.kernel <= 24 && std::min(g.inputs, g.outputs) >= 48 &&
         std::max(g.inputs, g.outputs) <= 8192;
}

void conv1d_spectral_forward(ComputeContext& context, const Conv1dGeometry& g, int batch, int time,
                             const float* x, const float* w, const float* bias, float* y) {
  correlate(context, {w, g.kernel, g.inputs, g.outputs, false}, batch, time, -g.pad_left, x,
            g.out_time(time), bias, false, y);
}

void conv1d_spectral_backward_input(ComputeContext& context, const Conv1dGeometry& g, int batch,
                                    int time, const float* dy, const float* w, float* dx) {
  correlate(context, {w, g.kernel, g.inputs, g.outputs, true}, batch, g.out_time(time),
            g.pad_left - (g.kernel - 1), dy, time, nullptr, true, dx);
}

void conv1d_spectral_backward_weights(ComputeContext& context, const Conv1dGeometry& g, int batch,
                                      int time, const float* x, const float* dy, float* dw) {
  const GemmKernel& kernel = kernels::gemm_kernel(
      context.isa(),
      context.precision() == Precision::kBfloat16 ? Precision::kBfloat16 : Precision::kFloat32);
  const SpectralKernel& spectral = kernels::spectral_kernel(context.isa());
  const auto element = static_cast<int64_t>(kernels::operand_bytes(kernel.operand));
  const int out_time = g.out_time(time);
  const int hop = kSpectrumSize + 1 - g.kernel;
  const Tiling x_tiles(batch, time, g.inputs, -g.pad_left, hop, out_time);
  const Tiling dy_tiles(batch, out_time, g.outputs, 0, hop, out_time);

  const int most = std::min(kTilesPerSum, x_tiles.count);
  const int64_t x_floats = kSpectrumSize * (most * round_up(g.inputs, spectral.lanes) + 16);
  const int64_t dy_floats = kSpectrumSize * (most * round_up(g.outputs, spectral.lanes) + 16);
  const int64_t sum_row = round_up(g.outputs, spectral.lanes);
  const int64_t sum_component = g.inputs * sum_row + 16;
  auto* x_values = reinterpret_cast<float*>(
      context.scratch(kWeightSlot, bytes_of(x_floats + dy_floats, sizeof(float))));
  float* dy_values = x_values + x_floats;
  auto* sums = reinterpret_cast<float*>(
      context.scratch(kSumSlot, bytes_of(kSpectrumSize * sum_component, sizeof(float))));
  const int panels = kernel.panels(g.outputs);
  const int64_t largest_piece = kernel.padded_run(most);
  const size_t a_bytes =
      bytes_of((g.inputs + 32) * 3 * largest_piece, static_cast<size_t>(element));
  const size_t lane_bytes =
      a_bytes + static_cast<size_t>(panels) * kernel.panel_bytes(2, most) + 256;
  std::byte* scratch =
      context.scratch(kLaneSlot, lane_bytes * static_cast<size_t>(context.threads()));

  for (int first = 0; first < x_tiles.count; first += most) {
    const int tiles = std::min(most, x_tiles.count - first);
    const TileSpectra xs =
        transform_tiles(context, spectral, x_tiles, x, kSpectrumSize, first, tiles, x_values);
    const TileSpectra dys =
        transform_tiles(context, spectral, dy_tiles, dy, hop, first, tiles, dy_values);
    const int64_t piece = kernel.padded_run(tiles);
    const size_t panel_bytes = kernel.panel_bytes(2, tiles);
    for_jobs(context, kFrequencies, [&](int lane, int f) {
      const Frequency frequency(f);
      std::byte* a = scratch + static_cast<size_t>(lane) * lane_bytes;
      std::byte* packed = a + a_bytes;
      transpose_operands(kernel, xs, frequency, g.inputs, tiles, piece, a);
      const GemmSource source = {dys.values + frequency.component * dys.component, dys.component,
                                 dys.row, 1};
      for (int panel = 0; panel < panels; ++panel) {
        kernels::pack_panel(kernel, source, frequency.parts(), tiles, g.outputs,
                            panel * kernel.columns,
                            packed + static_cast<size_t>(panel) * panel_bytes);
      }
      for (int part = 0; part < frequency.parts(); ++part) {
        GemmCall call;
        call.n = g.outputs;
        call.panels = packed;
        call.panel_bytes = panel_bytes;
        call.block.a = a + part * piece * element;
        call.block.a_row = 3 * piece * element;
        call.block.runs = 1;
        call.block.groups = static_cast<int>(piece) * frequency.parts() / kernel.unit;
        call.block.c = sums + (frequency.component + part) * sum_component;
        call.block.c_row = sum_row;
        call.block.accumulate = first > 0;
        gemm(kernel, call, 0, g.inputs, 0, panels);
      }
    });
  }
  // Back to taps. The inverse is 32 times too large: sums are scaled on the way.
  context.parallel(ceil_div(g.inputs, 8), [&](int part) {
    std::array<float*, kSpectrumSize> taps;
    for (int i = part * 8; i < std::min(g.inputs, part * 8 + 8); ++i) {
      for (int component = 0; component < kSpectrumSize; ++component) {
        float* row = sums + component * sum_component + i * sum_row;
        for (int o = 0; o < g.outputs; ++o) row[o] *= 1.0F / kSpectrumSize;
      }
      for (int k = 0; k < g.kernel; ++k) {
        taps[static_cast<size_t>(k)] = dw + (int64_t{1} * k * g.inputs + i) * g.outputs;
      }
      spectral.inverse(sums + i * sum_row, sum_component, g.outputs, nullptr, true, taps.data(),
                       g.kernel, sum_row);
    }
  });
}

namespace kernels {

const SpectralKernel& spectral_kernel(Isa isa) {
  const SpectralKernel* kernel = nullptr;
  if (isa >= Isa::kAvx512) kernel = avx512_spectral_kernel();
  if (kernel == nullptr && isa >= Isa::kAvx2) kernel = avx2_spectral_kernel();
  return kernel != nullptr ? *kernel : *plain_spectral_kernel();
}

}  // namespace kernels
}  // namespace bivox
