// AVX-512: float, bfloat16 (products of pairs by vdpbf16ps where the processor has it, else as
// floats) and int8 (VNNI, else pairs of 16 bits by vpmaddwd). The 128 gates of a layer are 8
// vectors, skip and residual sums 12: they stay in registers while the weights pass.
#include "models/nn/kernels/wavenet_step.h"

#if defined(__x86_64__)
#include <hwy/base.h>
#include <immintrin.h>

#if defined(__GNUC__) && !defined(__clang__)
// GCC 12 takes the undefined operands of its own header for a fault of ours.
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#pragma GCC diagnostic ignored "-Wuninitialized"
#endif

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,fma,avx2")
namespace bivox::kernels::wavenet_avx512 {
#include "models/nn/kernels/wavenet_step-inl.h"

struct Floats {
  using Vec = __m512;
  static constexpr int kLanes = 16;
  static Vec set(float x) { return _mm512_set1_ps(x); }
  static Vec load(const float* p) { return _mm512_loadu_ps(p); }
  static void store(float* p, Vec v) { _mm512_storeu_ps(p, v); }
  static Vec add(Vec a, Vec b) { return _mm512_add_ps(a, b); }
  static Vec subtract(Vec a, Vec b) { return _mm512_sub_ps(a, b); }
  static Vec multiply(Vec a, Vec b) { return _mm512_mul_ps(a, b); }
  static Vec divide(Vec a, Vec b) { return _mm512_div_ps(a, b); }
  static Vec fma(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
  static Vec min(Vec a, Vec b) { return _mm512_min_ps(a, b); }
  static Vec max(Vec a, Vec b) { return _mm512_max_ps(a, b); }
  static Vec round(Vec a) {
    return _mm512_roundscale_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Vec times_power_of_2(Vec a, Vec n) { return _mm512_scalef_ps(a, n); }
  static Vec rectified(const float* x, bool relu) {
    return relu ? max(load(x), _mm512_setzero_ps()) : load(x);
  }
};

struct Float32 : Floats {
  using Acc = __m512;
  static constexpr int kUnit = 1;
  static constexpr size_t kWeightBytes = 4;
  static constexpr size_t kOperandBytes = 4;
  static Acc start(const int32_t*, int) { return _mm512_setzero_ps(); }
  static __m512 broadcast(const std::byte* x) {
    float value;
    __builtin_memcpy(&value, x, sizeof(value));
    return _mm512_set1_ps(value);
  }
  static Acc dot(Acc sum, __m512 x, const std::byte* w) {
    return _mm512_fmadd_ps(x, _mm512_loadu_ps(w), sum);
  }
  static Vec value(Acc sum, float, const float*, int, Vec to) { return add(to, sum); }
  static float convert(const float* x, int count, bool relu, std::byte* out) {
    for (int i = 0; i < count; i += kLanes) {
      _mm512_storeu_ps(out + size_t{4} * static_cast<size_t>(i), rectified(x + i, relu));
    }
    return 1.0F;
  }
  static float convert_gated(const float* x, int count, std::byte* out) {
    return convert(x, count, false, out);
  }
};

// Pairs of bfloat16 as floats: the first of a pair is the lower half.
struct WidenedBfloat16 : Floats {
  using Acc = __m512;
  static constexpr int kUnit = 2;
  static constexpr size_t kWeightBytes = 2;
  static constexpr size_t kOperandBytes = 2;
  struct Pair {
    __m512 first;
    __m512 second;
  };
  static Acc start(const int32_t*, int) { return _mm512_setzero_ps(); }
  static Pair widen(__m512i pairs) {
    return {_mm512_castsi512_ps(_mm512_slli_epi32(pairs, 16)),
            _mm512_castsi512_ps(_mm512_and_si512(pairs, _mm512_set1_epi32(-65536)))};
  }
  static Pair broadcast(const std::byte* x) {
    int pair;
    __builtin_memcpy(&pair, x, sizeof(pair));
    return widen(_mm512_set1_epi32(pair));
  }
  static Acc dot(Acc sum, Pair x, const std::byte* w) {
    const Pair weights = widen(_mm512_loadu_si512(w));
    return fma(x.second, weights.second, fma(x.first, weights.first, sum));
  }
  static Vec value(Acc sum, float, const float*, int, Vec to) { return add(to, sum); }
  // To nearest, ties to even; rows hold no NaN.
  static float convert(const float* x, int count, bool relu, std::byte* out) {
    for (int i = 0; i < count; i += kLanes) {
      const __m512i bits = _mm512_castps_si512(rectified(x + i, relu));
      const __m512i odd = _mm512_and_si512(_mm512_srli_epi32(bits, 16), _mm512_set1_epi32(1));
      const __m512i rounded =
          _mm512_add_epi32(bits, _mm512_add_epi32(odd, _mm512_set1_epi32(0x7FFF)));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + size_t{2} * static_cast<size_t>(i)),
                          _mm512_cvtepi32_epi16(_mm512_srli_epi32(rounded, 16)));
    }
    return 1.0F;
  }
  static float convert_gated(const float* x, int count, std::byte* out) {
    return convert(x, count, false, out);
  }
};

// Rows as int8 (kBias 0) or, for VNNI, as unsigned bytes around 128.
template <int kBias>
struct Quantized : Floats {
  static void quantize(const float* x, int count, bool relu, float inverse, std::byte* out) {
    const __m512 factor = _mm512_set1_ps(inverse);
    for (int i = 0; i < count; i += kLanes) {
      const __m512i q = _mm512_cvtps_epi32(_mm512_mul_ps(rectified(x + i, relu), factor));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + i),
                       _mm512_cvtepi32_epi8(_mm512_add_epi32(q, _mm512_set1_epi32(kBias))));
    }
  }
  static float convert(const float* x, int count, bool relu, std::byte* out) {
    __m512 most = _mm512_setzero_ps();
    for (int i = 0; i < count; i += kLanes) {
      most = _mm512_max_ps(most, _mm512_abs_ps(rectified(x + i, relu)));
    }
    const float largest = _mm512_reduce_max_ps(most);
    quantize(x, count, relu, largest > 0.0F ? 127.0F / largest : 0.0F, out);
    return largest / 127.0F;
  }
  static float convert_gated(const float* x, int count, std::byte* out) {
    quantize(x, count, false, 127.0F, out);
    return 1.0F / 127.0F;
  }
  using Acc = __m512i;
  static constexpr size_t kWeightBytes = 1;
  static constexpr size_t kOperandBytes = 1;
  static Acc start(const int32_t* offsets, int first) {
    return _mm512_loadu_si512(offsets + first);
  }
  static Vec value(Acc sum, float scale, const float* scales, int first, Vec to) {
    const __m512 factor = _mm512_mul_ps(_mm512_set1_ps(scale), _mm512_loadu_ps(scales + first));
    return _mm512_fmadd_ps(_mm512_cvtepi32_ps(sum), factor, to);
  }
};

struct Int8Pairs : Quantized<0> {
  static constexpr int kUnit = 2;
  static __m512i broadcast(const std::byte* x) {
    int16_t pair;
    __builtin_memcpy(&pair, x, sizeof(pair));
    return _mm512_cvtepi8_epi16(_mm256_set1_epi16(pair));
  }
  static Acc dot(Acc sum, __m512i x, const std::byte* w) {
    const __m512i weights =
        _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(w)));
    return _mm512_add_epi32(sum, _mm512_madd_epi16(x, weights));
  }
};

}  // namespace bivox::kernels::wavenet_avx512
HWY_POP_ATTRIBUTES

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512bf16,fma,avx2")
namespace bivox::kernels::wavenet_avx512_bf16 {
#include "models/nn/kernels/wavenet_step-inl.h"

struct Bfloat16 : wavenet_avx512::WidenedBfloat16 {
  static __m512bh broadcast(const std::byte* x) {
    int pair;
    __builtin_memcpy(&pair, x, sizeof(pair));
    return reinterpret_cast<__m512bh>(_mm512_set1_epi32(pair));
  }
  static Acc dot(Acc sum, __m512bh x, const std::byte* w) {
    return _mm512_dpbf16_ps(sum, x, reinterpret_cast<__m512bh>(_mm512_loadu_si512(w)));
  }
};

WaveNetKernels table() { return kernels_of<Bfloat16>(0); }

}  // namespace bivox::kernels::wavenet_avx512_bf16
HWY_POP_ATTRIBUTES

HWY_PUSH_ATTRIBUTES("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,fma,avx2")
namespace bivox::kernels::wavenet_avx512_vnni {
#include "models/nn/kernels/wavenet_step-inl.h"

struct Int8 : wavenet_avx512::Quantized<128> {
  static constexpr int kUnit = 4;
  static __m512i broadcast(const std::byte* x) {
    int four;
    __builtin_memcpy(&four, x, sizeof(four));
    return _mm512_set1_epi32(four);
  }
  static Acc dot(Acc sum, __m512i x, const std::byte* w) {
    return _mm512_dpbusd_epi32(sum, x, _mm512_loadu_si512(w));
  }
};

WaveNetKernels table() { return kernels_of<Int8>(128); }

}  // namespace bivox::kernels::wavenet_avx512_vnni
HWY_POP_ATTRIBUTES

namespace bivox::kernels {

const WaveNetKernels* wavenet_avx512_kernels(Precision precision, bool bfloat16_products) {
  static const WaveNetKernels floats = wavenet_avx512::kernels_of<wavenet_avx512::Float32>(0);
  static const WaveNetKernels widened =
      wavenet_avx512::kernels_of<wavenet_avx512::WidenedBfloat16>(0);
  static const WaveNetKernels products = wavenet_avx512_bf16::table();
  static const WaveNetKernels pairs = wavenet_avx512::kernels_of<wavenet_avx512::Int8Pairs>(0);
  static const WaveNetKernels fours = wavenet_avx512_vnni::table();
  switch (precision) {
    case Precision::kFloat32:
      return &floats;
    case Precision::kBfloat16:
      return bfloat16_products ? &products : &widened;
    case Precision::kInt8:
      return __builtin_cpu_supports("avx512vnni") != 0 ? &fours : &pairs;
  }
  return nullptr;
}

}  // namespace bivox::kernels
#else
namespace bivox::kernels {
const WaveNetKernels* wavenet_avx512_kernels(Precision, bool) { return nullptr; }
}  // namespace bivox::kernels
#endif
