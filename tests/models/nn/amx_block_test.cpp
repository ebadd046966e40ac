// The AMX micro-kernel on tiles in plain C++ (semantics of the Intel SDM, volume 2), so that the
// layout of operands is checked on any processor; on the processor's tiles where it has them.
#include "models/nn/kernels/amx_block.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <vector>

#include "tests/models/nn/conv1d_reference.h"

namespace bivox::kernels {
namespace {

using bivox::testing::operands;
using bivox::testing::random_values;

/// Eight tiles of at most 16 rows of 64 bytes, shaped by the configuration.
class EmulatedTiles {
 public:
  void configure(const amx::TileConfig& config) {
    ASSERT_EQ(config.palette, 1);
    ASSERT_EQ(config.start_row, 0);
    for (const uint8_t byte : config.reserved) ASSERT_EQ(byte, 0);
    for (int i = 0; i < 16; ++i) {
      // Palette 1 has eight tiles; larger entries fault.
      ASSERT_LE(config.rows[i], i < 8 ? 16 : 0);
      ASSERT_LE(config.row_bytes[i], i < 8 ? 64 : 0);
    }
    config_ = config;
  }
  template <int kTile>
  void zero() {
    tiles_[kTile] = {};
  }
  template <int kTile>
  void load(const void* base, int64_t stride) {
    tiles_[kTile] = {};
    for (int row = 0; row < config_.rows[kTile]; ++row) {
      std::memcpy(tiles_[kTile].data() + row * 64,
                  static_cast<const std::byte*>(base) + row * stride, config_.row_bytes[kTile]);
    }
  }
  template <int kTile>
  void store(void* base, int64_t stride) {
    for (int row = 0; row < config_.rows[kTile]; ++row) {
      std::memcpy(static_cast<std::byte*>(base) + row * stride, tiles_[kTile].data() + row * 64,
                  config_.row_bytes[kTile]);
    }
  }
  /// TDPBF16PS: for m, for k, for n, the even product first, denormals and rounding aside.
  template <int kC, int kA, int kB>
  void multiply() {
    const int depth = config_.row_bytes[kA] / 4;
    ASSERT_EQ(depth, config_.rows[kB]);
    for (int m = 0; m < config_.rows[kC]; ++m) {
      for (int k = 0; k < depth; ++k) {
        for (int n = 0; n < config_.row_bytes[kC] / 4; ++n) {
          float& sum = *value<float>(kC, m, n);
          sum += widen(*value<uint16_t>(kA, m, 2 * k)) * widen(*value<uint16_t>(kB, k, 2 * n));
          sum +=
              widen(*value<uint16_t>(kA, m, 2 * k + 1)) * widen(*value<uint16_t>(kB, k, 2 * n + 1));
        }
      }
    }
  }

 private:
  template <class T>
  T* value(int tile, int row, int column) {
    return reinterpret_cast<T*>(tiles_[static_cast<size_t>(tile)].data() + row * 64) + column;
  }
  static float widen(uint16_t bits) {
    return __builtin_bit_cast(float, static_cast<uint32_t>(bits) << 16);
  }

  using Tile = std::array<std::byte, 1024>;
  amx::TileConfig config_;
  alignas(64) std::array<Tile, 8> tiles_ = {};
};

void emulated_block(int rows, const GemmBlock& call) {
  EmulatedTiles tiles;
  amx::amx_block(tiles, rows, call);
}

void round_all(const float* x, int64_t count, std::byte* out) {
  for (int64_t i = 0; i < count; ++i) reinterpret_cast<uint16_t*>(out)[i] = to_bfloat16(x[i]);
}

/// A convolution: overlapping rows, several runs, a last panel that is not full.
void check(const GemmKernel& kernel) {
  for (const int rows : {1, 3, 15, 16, 17, 31, 32, 70}) {
    for (const int columns : {1, 16, 17, 32, 50}) {
      const int runs = 3;
      const int length = 40;  // padded to 64
      const int a_row = 24;   // rows overlap
      const int a_run = 8;
      const int padded_rows = (rows + 31) / 32 * 32;
      const std::vector<float> a = random_values(padded_rows * a_row + runs * a_run + 64, 1);
      const std::vector<float> b = random_values(runs * length * columns, 2);
      const std::vector<float> bias = random_values(columns, 3);
      const std::vector<float> add = random_values(rows * columns, 4);
      std::vector<std::byte> a_operands(a.size() * 2);
      kernel.convert(a.data(), static_cast<int64_t>(a.size()), a_operands.data());
      const size_t panel_bytes = kernel.panel_bytes(runs, length);
      std::vector<std::byte> panels(panel_bytes * static_cast<size_t>(kernel.panels(columns)));
      for (int p = 0; p < kernel.panels(columns); ++p) {
        pack_panel(kernel, {b.data(), int64_t{length} * columns, columns, 1}, runs, length, columns,
                   p * kernel.columns, panels.data() + static_cast<size_t>(p) * panel_bytes);
      }
      std::vector<float> c = random_values(rows * columns, 5);
      const std::vector<float> before = c;
      GemmCall call;
      call.block.a = a_operands.data();
      call.block.a_row = a_row * 2;
      call.block.a_run = a_run * 2;
      call.block.runs = runs;
      call.block.groups = kernel.padded_run(length) / kernel.unit;
      call.block.c = c.data();
      call.block.c_row = columns;
      call.block.accumulate = rows % 2 == 0;
      call.block.relu = columns % 2 == 0;
      call.block.bias = bias.data();
      call.block.add = add.data();
      call.block.add_row = columns;
      call.n = columns;
      call.panels = panels.data();
      call.panel_bytes = panel_bytes;
      gemm(kernel, call, 0, rows, 0, kernel.panels(columns));

      const std::vector<float> ar = operands(a, Precision::kBfloat16);
      const std::vector<float> br = operands(b, Precision::kBfloat16);
      for (int m = 0; m < rows; ++m) {
        for (int n = 0; n < columns; ++n) {
          const auto at = static_cast<size_t>(m * columns + n);
          double expected = double{bias[static_cast<size_t>(n)]} + add[at];
          if (call.block.accumulate) expected += before[at];
          for (int run = 0; run < runs; ++run) {
            for (int k = 0; k < length; ++k) {
              expected += double{ar[static_cast<size_t>(m * a_row + run * a_run + k)]} *
                          br[static_cast<size_t>((run * length + k) * columns + n)];
            }
          }
          if (call.block.relu) expected = std::max(expected, 0.0);
          ASSERT_NEAR(c[at], expected, 1e-4) << rows << "x" << columns << " at " << m << "," << n;
        }
      }
    }
  }
}

TEST(AmxBlock, EmulatedTilesGiveTheProduct) {
  check({Operand::kBfloat16, 32, 32, 2, 32, emulated_block, round_all, nullptr});
}

TEST(AmxBlock, HardwareTilesGiveTheProduct) {
  if (!isa_available(Isa::kAmx)) GTEST_SKIP() << "this processor has no AMX";
  check(gemm_kernel(Isa::kAmx, Precision::kBfloat16));
}

}  // namespace
}  // namespace bivox::kernels
