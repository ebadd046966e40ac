// AVX-512: float, bfloat16 (vdpbf16ps) and int8 (VNNI). 12 x 32 accumulators fill 24 of the 32
// registers and hide the latency of the products. Zen 4 works at one 512-bit product a cycle, so
// bfloat16 doubles the speed of float. Before Granite Rapids, Intel's vdpbf16ps takes several
// cycles and is slower than float products of rounded operands: gemm.cpp chooses by vendor.
#include "models/nn/kernels/gemm.h"
#include "models/nn/kernels/spectral_kernels.h"

#if defined(__x86_64__)
#include <hwy/base.h>
#include <immintrin.h>

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the undefined operands of its own header for a fault of ours.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,fma,avx2")
namespace bivox::kernels::avx512 {
#include "models/nn/kernels/gemm_micro-inl.h"
#include "models/nn/kernels/spectral_micro-inl.h"

struct Floats {
  using Vec = __m512;
  static constexpr int kLanes = 16;
  static Vec zero() { return _mm512_setzero_ps(); }
  static Vec load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, Vec v) { _mm512_storeu_ps(p, v); }
  static __mmask16 mask(int n) { return static_cast<__mmask16>((1U << n) - 1U); }
  static Vec load_some(const float* p, int n) { return _mm512_maskz_loadu_ps(mask(n), p); }
  static void store_some(float* p, Vec v, int n) { _mm512_mask_storeu_ps(p, mask(n), v); }
  static Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
  static Vec multiply(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
  static Vec relu(Vec a) { return _mm512_max_ps(a, _mm512_setzero_ps()); }
};

struct FloatProducts : Floats {
  using Wide = __m512;
  static constexpr int kBytes = 4;
  static Wide load_b(const std::byte* p) { return _mm512_loadu_ps(p); }
  static __m512 broadcast_a(const std::byte* p) {
    return _mm512_set1_ps(*reinterpret_cast<const float*>(p));
  }
  static Vec dot(Vec sum, __m512 a, Wide b) { return _mm512_fmadd_ps(a, b, sum); }
};

void float_kernel(int rows, const GemmBlock& call) {
  dispatch<FloatProducts, FloatBlocks<FloatProducts, 2>::Of, 12, 2>(rows, call);
}

}  // namespace bivox::kernels::avx512
HWY_POP_ATTRIBUTES

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma,avx2")
namespace bivox::kernels::avx512_bf16 {
#include "models/nn/kernels/gemm_micro-inl.h"

struct Products : avx512::Floats {
  using Wide = __m512bh;
  static constexpr int kBytes = 4;
  static Wide load_b(const std::byte* p) {
    return reinterpret_cast<__m512bh>(_mm512_loadu_si512(p));
  }
  static __m512bh broadcast_a(const std::byte* p) {
    int pair;
    __builtin_memcpy(&pair, p, sizeof(pair));
    return reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
  }
  static Vec dot(Vec sum, __m512bh a, Wide b) { return _mm512_dpbf16_ps(sum, a, b); }
};

void kernel(int rows, const GemmBlock& call) {
  dispatch<Products, FloatBlocks<Products, 2>::Of, 12, 2>(rows, call);
}

}  // namespace bivox::kernels::avx512_bf16
HWY_POP_ATTRIBUTES

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,avx2")
namespace bivox::kernels::avx512_vnni {
#include "models/nn/kernels/gemm_micro-inl.h"

struct Products : avx512::Floats {
  using Wide = __m512i;
  using Sum = __m512i;
  static constexpr int kBytes = 4;
  static Wide load_b(const std::byte* p) { return _mm512_loadu_si512(p); }
  static Sum start(const int32_t* p) { return _mm512_loadu_si512(p); }
  static __m512i broadcast_a(const std::byte* p) {
    int four;
    __builtin_memcpy(&four, p, sizeof(four));
    return _mm512_set1_epi32(four);
  }
  static Sum dot(Sum sum, __m512i a, Wide b) { return _mm512_dpbusd_epi32(sum, a, b); }
  static Vec scale_add(Vec total, float scale, Sum sum) {
    return _mm512_fmadd_ps(_mm512_set1_ps(scale), _mm512_cvtepi32_ps(sum), total);
  }
};

void kernel(int rows, const GemmBlock& call) {
  dispatch<Products, IntegerBlocks<Products, 2>::Of, 6, 2>(rows, call);
}

}  // namespace bivox::kernels::avx512_vnni
HWY_POP_ATTRIBUTES

namespace bivox::kernels {

const GemmKernel* avx512_kernel(Precision precision) {
  static const GemmKernel floats = {
      Operand::kFloat, 12, 32, 1, 1, avx512::float_kernel, avx512::convert_to_float, nullptr};
  static const GemmKernel rounded = {
      Operand::kRoundedFloat,     12,     32, 1, 1, avx512::float_kernel,
      avx512::convert_to_rounded, nullptr};
  static const GemmKernel integers = {Operand::kUint8Int8,
                                      6,
                                      32,
                                      4,
                                      4,
                                      avx512_vnni::kernel,
                                      nullptr,
                                      avx512::quantize_row<uint8_t, 128>};
  switch (precision) {
    case Precision::kFloat32:
      return &floats;
    case Precision::kBfloat16:
      return &rounded;
    case Precision::kInt8:
      return __builtin_cpu_supports("avx512vnni") != 0 ? &integers : avx2_kernel(precision);
  }
  return nullptr;
}

const SpectralKernel* avx512_spectral_kernel() {
  static const SpectralKernel kernel = {16, avx512::spectra_of_rows<avx512::Floats>,
                                        avx512::rows_of_spectra<avx512::Floats>};
  return &kernel;
}

const GemmKernel* avx512_bf16_kernel() {
  static const GemmKernel kernel = {
      Operand::kBfloat16, 12, 32, 2, 2, avx512_bf16::kernel, avx512::convert_to_bfloat16, nullptr};
  return &kernel;
}

}  // namespace bivox::kernels

#else

namespace bivox::kernels {
const GemmKernel* avx512_kernel(Precision) { return nullptr; }
const GemmKernel* avx512_bf16_kernel() { return nullptr; }
const SpectralKernel* avx512_spectral_kernel() { return nullptr; }
}  // namespace bivox::kernels

#endif
