// AVX2 and FMA: float products (bfloat16 operands are rounded floats), and int8 as pairs of 16-bit
// integers, whose multiply-add cannot overflow. 6 x 16 accumulators fill 12 of the 16 registers.
#include "models/nn/kernels/gemm.h"
#include "models/nn/kernels/spectral_kernels.h"

#if defined(__x86_64__)
#include <hwy/base.h>
#include <immintrin.h>

HWY_PUSH_ATTRIBUTES("avx2,fma")
namespace bivox::kernels::avx2 {
#include "models/nn/kernels/gemm_micro-inl.h"
#include "models/nn/kernels/spectral_micro-inl.h"

struct Floats {
  using Vec = __m256;
  static constexpr int kLanes = 8;
  static Vec zero() { return _mm256_setzero_ps(); }
  static Vec load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, Vec v) { _mm256_storeu_ps(p, v); }
  static __m256i mask(int n) {
    return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
  }
  static Vec load_some(const float* p, int n) { return _mm256_maskload_ps(p, mask(n)); }
  static void store_some(float* p, Vec v, int n) { _mm256_maskstore_ps(p, mask(n), v); }
  static Vec add(Vec a, Vec b) { return _mm256_add_ps(a, b); }
  static Vec multiply(Vec a, Vec b) { return _mm256_mul_ps(a, b); }
  static Vec relu(Vec a) { return _mm256_max_ps(a, _mm256_setzero_ps()); }
};

struct FloatProducts : Floats {
  using Wide = __m256;
  static constexpr int kBytes = 4;
  static Wide load_b(const std::byte* p) {
    return _mm256_loadu_ps(reinterpret_cast<const float*>(p));
  }
  static __m256 broadcast_a(const std::byte* p) {
    return _mm256_broadcast_ss(reinterpret_cast<const float*>(p));
  }
  static Vec dot(Vec sum, __m256 a, Wide b) { return _mm256_fmadd_ps(a, b, sum); }
};

struct IntegerProducts : Floats {
  using Wide = __m256i;
  using Sum = __m256i;
  static constexpr int kBytes = 4;
  static Wide load_b(const std::byte* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static Sum start(const int32_t* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static __m256i broadcast_a(const std::byte* p) {
    int pair;
    __builtin_memcpy(&pair, p, sizeof(pair));
    return _mm256_set1_epi32(pair);
  }
  static Sum dot(Sum sum, __m256i a, Wide b) {
    return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b));
  }
  static Vec scale_add(Vec total, float scale, Sum sum) {
    return _mm256_fmadd_ps(_mm256_set1_ps(scale), _mm256_cvtepi32_ps(sum), total);
  }
};

void float_kernel(int rows, const GemmBlock& call) {
  dispatch<FloatProducts, FloatBlocks<FloatProducts, 2>::Of, 6, 2>(rows, call);
}
void integer_kernel(int rows, const GemmBlock& call) {
  dispatch<IntegerProducts, IntegerBlocks<IntegerProducts, 2>::Of, 3, 2>(rows, call);
}

}  // namespace bivox::kernels::avx2
HWY_POP_ATTRIBUTES

namespace bivox::kernels {

const GemmKernel* avx2_kernel(Precision precision) {
  static const GemmKernel floats = {Operand::kFloat,        6,      16, 1, 1, avx2::float_kernel,
                                    avx2::convert_to_float, nullptr};
  static const GemmKernel rounded = {Operand::kRoundedFloat,   6,      16, 1, 1, avx2::float_kernel,
                                     avx2::convert_to_rounded, nullptr};
  static const GemmKernel integers = {
      Operand::kInt16, 3, 16, 2, 2, avx2::integer_kernel, nullptr, avx2::quantize_row<int16_t, 0>};
  switch (precision) {
    case Precision::kFloat32:
      return &floats;
    case Precision::kBfloat16:
      return &rounded;
    case Precision::kInt8:
      return &integers;
  }
  return nullptr;
}

const SpectralKernel* avx2_spectral_kernel() {
  static const SpectralKernel kernel = {8, avx2::spectra_of_rows<avx2::Floats>,
                                        avx2::rows_of_spectra<avx2::Floats>};
  return &kernel;
}

}  // namespace bivox::kernels

#else

namespace bivox::kernels {
const GemmKernel* avx2_kernel(Precision) { return nullptr; }
const SpectralKernel* avx2_spectral_kernel() { return nullptr; }
}  // namespace bivox::kernels

#endif
