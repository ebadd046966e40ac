// The AMX micro-kernel over a policy of tile instructions: the processor's (gemm_amx.cpp), or plain
// C++ with the same semantics (the test), so that the layout of data is checked on any machine.
//
// C [32 x 32] lives in tiles 0-3 (two by two), A [32 x 32 bfloat16] in tiles 4 and 5, B in 6 and 7.
// TDPBF16PS: C[m, n] += sum_k A[m, 2k] B[k, 2n] + A[m, 2k + 1] B[k, 2n + 1], so a row of a B tile
// holds pairs (k, k + 1) of 16 columns: the packed panels of gemm.h as they are. Rows of A are
// loaded with any stride, so they may overlap. Rows beyond `rows` are loaded from A's buffer all
// the same, whose owner leaves room for them, and their results are dropped.
//
// Source: Intel 64 and IA-32 Architectures Software Developer's Manual, volume 2, LDTILECFG,
// TILELOADD, TDPBF16PS, TILESTORED. Test: tests/models/nn/amx_block_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/nn/kernels/gemm.h"

namespace bivox::kernels::amx {

/// Operand of LDTILECFG.
struct alignas(64) TileConfig {
  uint8_t palette = 1;
  uint8_t start_row = 0;
  uint8_t reserved[14] = {};
  uint16_t row_bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
  uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
};
static_assert(sizeof(TileConfig) == 64);

constexpr int kBlockRows = 32;
constexpr int kBlockColumns = 32;
constexpr int kTileBytes = 64;  ///< Of a row: 16 floats or 32 bfloat16.

template <class Tiles>
void amx_block(Tiles& tiles, int rows, const GemmBlock& call) {
  constexpr int64_t kPanelRow = int64_t{kBlockColumns} * 4;  // pairs of one k for all columns
  static const TileConfig kConfig;
  tiles.configure(kConfig);
  tiles.template zero<0>();
  tiles.template zero<1>();
  tiles.template zero<2>();
  tiles.template zero<3>();
  const std::byte* b = call.b;
  const bool two_high = rows > 16;
  for (int run = 0; run < call.runs; ++run) {
    const std::byte* a = call.a + run * call.a_run;
    for (int group = 0; group < call.groups; group += 16) {
      tiles.template load<6>(b, kPanelRow);
      tiles.template load<7>(b + kTileBytes, kPanelRow);
      tiles.template load<4>(a, call.a_row);
      tiles.template multiply<0, 4, 6>();
      tiles.template multiply<1, 4, 7>();
      if (two_high) {
        tiles.template load<5>(a + 16 * call.a_row, call.a_row);
        tiles.template multiply<2, 5, 6>();
        tiles.template multiply<3, 5, 7>();
      }
      b += 16 * kPanelRow;
      a += kTileBytes;
    }
  }
  alignas(64) float sums[kBlockRows][kBlockColumns];
  constexpr int64_t kSumRow = int64_t{kBlockColumns} * 4;
  tiles.template store<0>(&sums[0][0], kSumRow);
  tiles.template store<1>(&sums[0][16], kSumRow);
  if (two_high) {
    tiles.template store<2>(&sums[16][0], kSumRow);
    tiles.template store<3>(&sums[16][16], kSumRow);
  }
  for (int r = 0; r < rows; ++r) {
    float* c = call.c + r * call.c_row;
    const float* add = call.add == nullptr ? nullptr : call.add + r * call.add_row;
    for (int n = 0; n < call.columns; ++n) {
      float sum = sums[r][n];
      if (call.bias != nullptr) sum += call.bias[n];
      if (call.accumulate) sum += c[n];
      if (add != nullptr) sum += add[n];
      c[n] = call.relu && !(sum > 0.0F) ? 0.0F : sum;
    }
  }
}

}  // namespace bivox::kernels::amx
