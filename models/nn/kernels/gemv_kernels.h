// The micro-kernels below gemv.h: one vector times one panel of packed weights.
//
// Panels hold up to max_vectors * lanes outputs; [group of `unit` inputs][output][unit], narrow
// types as they are in memory and widened on loading where the processor has no products of them.
// Thread rule: pure functions. Test: tests/models/nn/gemv_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "models/nn/kernels/compute.h"
#include "models/nn/kernels/gemm.h"

namespace bivox::kernels {

/// `block` describes what is done with the sums: c, columns, accumulate, bias; for integers
/// column_scales, and in row_scales[0] the scale of x. Its `a` is x, `b` the panel, `groups` their
/// length in units.
struct GemvKernel {
  Operand x_operand = Operand::kFloat;  ///< What the vector is converted to.
  int weight_bytes = 4;                 ///< 4 float, 2 bfloat16, 1 int8.
  int lanes = 1;
  int max_vectors = 1;
  int unit = 1;
  void (*panel)(const GemmBlock& block) = nullptr;
  void (*convert)(const float* x, int64_t count, std::byte* out) = nullptr;
  float (*quantize)(const float* x, int64_t count, std::byte* out) = nullptr;
};
const GemvKernel& gemv_kernel(Isa isa, Precision precision);

const GemvKernel* plain_gemv_kernel(Precision precision);
const GemvKernel* avx2_gemv_kernel(Precision precision);
const GemvKernel* avx512_gemv_kernel(Precision precision);
const GemvKernel* avx512_bf16_gemv_kernel();

}  // namespace bivox::kernels
