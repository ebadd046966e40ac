// The matrix product below convolutions, linear layers and their gradients.
//
//   C[m, n] (+)= sum_run sum_k A[m, run, k] B[run, k, n],   A[m, run, k] = a[m a_row + run a_run +
//   k]
//
// Rows of A may overlap, so a convolution over time is such a product without unfolding its input:
// with m a frame, run a tap and k a channel, a_row = stride * inputs and a_run = dilation * inputs
// (for dilation 1 all taps are one run). Gradients are the same product of other operands
// (conv1d.cpp). Only B is packed: into panels as wide as the accumulators of a micro-kernel, so it
// is read front to back.
//
// Blocking after Goto & van de Geijn, "Anatomy of high-performance matrix multiplication", ACM TOMS
// 34(3), 2008, without splitting the sum: a panel (180 KiB for bfloat16, 11 taps of 256 channels)
// stays in the second-level cache while rows pass. Every element of C is summed by one thread in
// the order of (run, k): results do not depend on how rows and panels are split.
//
// Why own kernels: see conv1d.h. Thread rule: pure functions. Test:
// tests/models/nn/conv1d_test.cpp, amx_block_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/io/narrow_floats.h"
#include "models/nn/kernels/compute.h"

/// Before loops over accumulators: left as loops, the accumulators would live in memory.
#if defined(__clang__)
#define BIVOX_UNROLL _Pragma("unroll")
#else
#define BIVOX_UNROLL _Pragma("GCC unroll 32")
#endif

namespace bivox::kernels {

/// How a float becomes an operand.
enum class Operand {
  kFloat,
  kRoundedFloat,  ///< A float that is a bfloat16: products of float kernels are exact.
  kBfloat16,
  kInt16,      ///< An int8 value in 16 bits, for multiply-add of pairs.
  kUint8Int8,  ///< A in [0, 255] (the int8 value + 128), B in [-127, 127].
};
constexpr size_t operand_bytes(Operand operand) {
  switch (operand) {
    case Operand::kFloat:
    case Operand::kRoundedFloat:
      return 4;
    case Operand::kBfloat16:
    case Operand::kInt16:
      return 2;
    case Operand::kUint8Int8:
      return 1;
  }
  return 0;
}

/// One block of C, at most GemmKernel::rows x GemmKernel::columns. Strides of A in bytes.
struct GemmBlock {
  const std::byte* a = nullptr;
  int64_t a_row = 0;
  int64_t a_run = 0;
  const std::byte* b = nullptr;  ///< A panel: [run][group][column][unit].
  int runs = 1;
  int groups = 0;  ///< Of `unit` k a run.
  float* c = nullptr;
  int64_t c_row = 0;
  int columns = 0;          ///< Of the panel that exist in C.
  bool accumulate = false;  ///< C += instead of C =.
  bool relu = false;
  const float* bias = nullptr;  ///< [columns] or null.
  const float* add = nullptr;   ///< Rows like C's, or null.
  int64_t add_row = 0;
  // Integer operands: float value of a product = row scale x column scale x integer.
  const float* row_scales =
      nullptr;  ///< Of (row, run): [row * row_scale_row + run * row_scale_run].
  int64_t row_scale_row = 0;
  int64_t row_scale_run = 0;
  const float* column_scales = nullptr;  ///< [panel width]
  const int32_t* offsets = nullptr;      ///< [run x panel width]: what sums start from.
};

/// A micro-kernel and what it wants.
struct GemmKernel {
  Operand operand = Operand::kFloat;
  int rows = 1;          ///< Most rows of a block.
  int columns = 1;       ///< Width of a panel.
  int unit = 1;          ///< Consecutive k multiplied by one instruction.
  int run_multiple = 1;  ///< A run is padded to this many k (zeros in B).
  void (*block)(int rows, const GemmBlock& block) = nullptr;
  /// count floats to operands (kFloat, kRoundedFloat, kBfloat16 only).
  void (*convert)(const float* x, int64_t count, std::byte* out) = nullptr;
  /// One row to integers with scale max|x| / 127, which is returned (kInt16, kUint8Int8 only).
  float (*quantize)(const float* x, int64_t count, std::byte* out) = nullptr;

  int padded_run(int length) const {
    return (length + run_multiple - 1) / run_multiple * run_multiple;
  }
  int panels(int n) const { return (n + columns - 1) / columns; }
  size_t panel_bytes(int runs, int run_length) const {
    return static_cast<size_t>(runs) * static_cast<size_t>(padded_run(run_length)) *
           static_cast<size_t>(columns) * operand_bytes(operand);
  }
};
const GemmKernel& gemm_kernel(Isa isa, Precision precision);

/// B[run, k, n] = b[run * run_stride + k * k_stride + n * n_stride].
struct GemmSource {
  const float* b = nullptr;
  int64_t run_stride = 0;
  int64_t k_stride = 0;
  int64_t n_stride = 1;
};
/// Packs the panel that starts at column `first` of n (operands made by `convert`).
void pack_panel(const GemmKernel& kernel, const GemmSource& source, int runs, int run_length, int n,
                int first, std::byte* panel);

/// Rows [0, rows) by panels [first_panel, last_panel) of C: `block` describes the first row and the
/// first column; panel p lies at panels + p * panel_bytes.
struct GemmCall {
  GemmBlock block;
  int rows = 0;
  int n = 0;
  const std::byte* panels = nullptr;
  size_t panel_bytes = 0;
};
void gemm(const GemmKernel& kernel, const GemmCall& call, int first_row, int last_row,
          int first_panel, int last_panel);

/// bfloat16 to nearest even; NaN stays NaN.
inline uint16_t to_bfloat16(float x) { return bfloat16_from_float(x); }
inline float round_to_bfloat16(float x) { return float_from_bfloat16(bfloat16_from_float(x)); }

/// Whether vdpbf16ps is faster than float products of rounded operands: so on AMD since Zen 4
/// (measured: twice as fast); of Intel's processors it is taken that only AMX makes bfloat16 pay
/// (measured on Sapphire Rapids: vdpbf16ps half as fast as float).
bool bfloat16_products_pay();

// The tables of instruction sets, null where this build has none of it.
const GemmKernel* plain_kernel(Precision precision);
const GemmKernel* avx2_kernel(Precision precision);
const GemmKernel* avx512_kernel(Precision precision);
const GemmKernel* avx512_bf16_kernel();
const GemmKernel* amx_kernel();

}  // namespace bivox::kernels
