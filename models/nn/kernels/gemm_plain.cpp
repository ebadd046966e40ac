// The portable micro-kernels: four floats a vector in the compiler's own vector type, which becomes
// SSE2 on any x86-64 and NEON on any aarch64.
#include "models/nn/kernels/gemm.h"
#include "models/nn/kernels/spectral_kernels.h"

namespace bivox::kernels::plain {
#include "models/nn/kernels/gemm_micro-inl.h"
#include "models/nn/kernels/spectral_micro-inl.h"

using Float4 = float __attribute__((vector_size(16)));
using Int4 = int32_t __attribute__((vector_size(16)));

struct Floats {
  using Vec = Float4;
  static constexpr int kLanes = 4;
  static Vec zero() { return Vec{}; }
  static Vec load(const float* p) {
    Vec v;
    __builtin_memcpy(&v, p, sizeof(v));
    return v;
  }
  static void store(float* p, Vec v) { __builtin_memcpy(p, &v, sizeof(v)); }
  static Vec load_some(const float* p, int n) {
    Vec v = {};
    for (int i = 0; i < n; ++i) v[i] = p[i];
    return v;
  }
  static void store_some(float* p, Vec v, int n) {
    for (int i = 0; i < n; ++i) p[i] = v[i];
  }
  static Vec add(Vec a, Vec b) { return a + b; }
  static Vec multiply(Vec a, Vec b) { return a * b; }
  static Vec relu(Vec a) { return a > 0.0F ? a : Vec{}; }
};

struct FloatProducts : Floats {
  using Wide = Float4;
  static constexpr int kBytes = 4;
  static Wide load_b(const std::byte* p) { return load(reinterpret_cast<const float*>(p)); }
  static Float4 broadcast_a(const std::byte* p) {
    const float x = *reinterpret_cast<const float*>(p);
    return Float4{x, x, x, x};
  }
  static Vec dot(Vec sum, Float4 a, Wide b) { return sum + a * b; }
};

/// Pairs of 16-bit integers, the form that compilers turn into a multiply-add of pairs.
struct IntegerProducts : Floats {
  using Wide = Int4;  // four pairs
  using Sum = Int4;
  static constexpr int kBytes = 4;
  static Wide load_b(const std::byte* p) {
    Wide v;
    __builtin_memcpy(&v, p, sizeof(v));
    return v;
  }
  static Sum start(const int32_t* p) {
    Sum v;
    __builtin_memcpy(&v, p, sizeof(v));
    return v;
  }
  static Int4 broadcast_a(const std::byte* p) {
    int32_t x;
    __builtin_memcpy(&x, p, sizeof(x));
    return Int4{x, x, x, x};
  }
  static Int4 low(Int4 pairs) { return (pairs << 16) >> 16; }
  static Int4 high(Int4 pairs) { return pairs >> 16; }
  static Sum dot(Sum sum, Int4 a, Wide b) { return sum + low(a) * low(b) + high(a) * high(b); }
  static Vec scale_add(Vec total, float scale, Sum sum) {
    return total + scale * __builtin_convertvector(sum, Float4);
  }
};

// NEON has 32 registers, SSE2 has 16.
#if defined(__aarch64__)
constexpr int kRows = 10;
#else
constexpr int kRows = 5;
#endif

void float_kernel(int rows, const GemmBlock& call) {
  dispatch<FloatProducts, FloatBlocks<FloatProducts, 2>::Of, kRows, 2>(rows, call);
}
void integer_kernel(int rows, const GemmBlock& call) {
  dispatch<IntegerProducts, IntegerBlocks<IntegerProducts, 2>::Of, 2, 2>(rows, call);
}

}  // namespace bivox::kernels::plain

namespace bivox::kernels {

const GemmKernel* plain_kernel(Precision precision) {
  static const GemmKernel floats = {
      Operand::kFloat,         plain::kRows, 8, 1, 1, plain::float_kernel,
      plain::convert_to_float, nullptr};
  static const GemmKernel rounded = {
      Operand::kRoundedFloat,    plain::kRows, 8, 1, 1, plain::float_kernel,
      plain::convert_to_rounded, nullptr};
  static const GemmKernel integers = {
      Operand::kInt16, 2, 8, 2, 2, plain::integer_kernel, nullptr, plain::quantize_row<int16_t, 0>};
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

const SpectralKernel* plain_spectral_kernel() {
  static const SpectralKernel kernel = {4, plain::spectra_of_rows<plain::Floats>,
                                        plain::rows_of_spectra<plain::Floats>};
  return &kernel;
}

}  // namespace bivox::kernels
