#include "models/nn/kernels/gemm.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace bivox::kernels {

bool bfloat16_products_pay() {
#if defined(__x86_64__)
  return __builtin_cpu_is("amd") != 0;
#else
  return false;
#endif
}

const GemmKernel& gemm_kernel(Isa isa, Precision precision) {
  const GemmKernel* kernel = nullptr;
  if (precision == Precision::kBfloat16) {
    if (isa == Isa::kAmx) kernel = amx_kernel();
    if (isa == Isa::kAvx512Bf16 && bfloat16_products_pay()) kernel = avx512_bf16_kernel();
  }
  if (kernel == nullptr && isa >= Isa::kAvx512) kernel = avx512_kernel(precision);
  if (kernel == nullptr && isa >= Isa::kAvx2) kernel = avx2_kernel(precision);
  return kernel != nullptr ? *kernel : *plain_kernel(precision);
}

void pack_panel(const GemmKernel& kernel, const GemmSource& source, int runs, int run_length, int n,
                int first, std::byte* panel) {
  const int width = kernel.columns;
  const int valid = std::min(width, n - first);
  const int unit = kernel.unit;
  const int padded = kernel.padded_run(run_length);
  const size_t bytes = operand_bytes(kernel.operand);
  const size_t row_bytes = static_cast<size_t>(width) * bytes;
  constexpr int kDepth = 16;  // k gathered at a time when B lies transposed
  constexpr int kWidest = 32;
  alignas(64) std::array<float, size_t{kDepth} * kWidest> gathered;
  alignas(64) std::array<uint16_t, size_t{2} * kWidest> pair;
  for (int run = 0; run < runs; ++run) {
    const float* from = source.b + run * source.run_stride + first * source.n_stride;
    std::byte* to = panel + static_cast<size_t>(run) * static_cast<size_t>(padded) * row_bytes;
    for (int k = 0; k < padded; k += kDepth) {
      const int depth = std::min(kDepth, padded - k);
      const int real = std::clamp(run_length - k, 0, depth);
      const float* rows = from + k * source.k_stride;
      int64_t row_stride = source.k_stride;
      if (source.n_stride != 1 || valid < width || real < depth) {
        gathered.fill(0.0F);
        if (source.n_stride == 1) {
          for (int j = 0; j < real; ++j) {
            std::copy_n(rows + j * row_stride, valid, gathered.data() + j * width);
          }
        } else {
          for (int c = 0; c < valid; ++c) {
            const float* column = rows + c * source.n_stride;
            for (int j = 0; j < real; ++j)
              gathered[static_cast<size_t>(j * width + c)] = column[j * row_stride];
          }
        }
        rows = gathered.data();
        row_stride = width;
      }
      if (unit == 1) {
        for (int j = 0; j < depth; ++j) {
          kernel.convert(rows + j * row_stride, width, to);
          to += row_bytes;
        }
        continue;
      }
      // bfloat16: two rows interleaved.
      for (int j = 0; j < depth; j += 2) {
        kernel.convert(rows + j * row_stride, width, reinterpret_cast<std::byte*>(pair.data()));
        kernel.convert(rows + (j + 1) * row_stride, width,
                       reinterpret_cast<std::byte*>(pair.data() + kWidest));
        auto* out = reinterpret_cast<uint32_t*>(to);
        for (int c = 0; c < width; ++c) {
          out[c] = static_cast<uint32_t>(pair[static_cast<size_t>(c)]) |
                   static_cast<uint32_t>(pair[static_cast<size_t>(kWidest + c)]) << 16;
        }
        to += 2 * row_bytes;
      }
    }
  }
}

void gemm(const GemmKernel& kernel, const GemmCall& call, int first_row, int last_row,
          int first_panel, int last_panel) {
  // Blocks of nearly equal height: a last one of one row would waste a pass over the panel.
  const int blocks = (last_row - first_row + kernel.rows - 1) / kernel.rows;
  const bool whole_blocks = kernel.rows >= 32;  // tiles: any height costs the same
  for (int p = first_panel; p < last_panel; ++p) {
    const int column = p * kernel.columns;
    GemmBlock block = call.block;
    block.b = call.panels + static_cast<size_t>(p) * call.panel_bytes;
    block.columns = std::min(kernel.columns, call.n - column);
    if (block.bias != nullptr) block.bias += column;
    if (block.column_scales != nullptr) block.column_scales += column;
    if (block.offsets != nullptr) block.offsets += static_cast<int64_t>(column) * block.runs;
    int row = first_row;
    for (int i = 0; i < blocks; ++i) {
      const int left = last_row - row;
      const int height =
          whole_blocks ? std::min(kernel.rows, left) : (left + blocks - i - 1) / (blocks - i);
      GemmBlock one = block;
      one.a += row * block.a_row;
      one.c += row * block.c_row + column;
      if (one.add != nullptr) one.add += row * block.add_row + column;
      if (one.row_scales != nullptr) one.row_scales += row * block.row_scale_row;
      kernel.block(height, one);
      row += height;
    }
  }
}

}  // namespace bivox::kernels
