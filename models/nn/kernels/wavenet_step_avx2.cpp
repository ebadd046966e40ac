// AVX2 with FMA: bfloat16 as floats, int8 as pairs of 16 bits (vpmaddwd; vpmaddubsw would
// saturate).
#include "models/nn/kernels/wavenet_step.h"

#if defined(__x86_64__)
#include <hwy/base.h>
#include <immintrin.h>

HWY_PUSH_ATTRIBUTES("avx2,fma")
namespace bivox::kernels::wavenet_avx2 {
#include "models/nn/kernels/wavenet_step-inl.h"

struct Floats {
  using Vec = __m256;
  static constexpr int kLanes = 8;
  static Vec set(float x) { return _mm256_set1_ps(x); }
  static Vec load(const float* p) { return _mm256_loadu_ps(p); }
  static void store(float* p, Vec v) { _mm256_storeu_ps(p, v); }
  static Vec add(Vec a, Vec b) { return _mm256_add_ps(a, b); }
  static Vec subtract(Vec a, Vec b) { return _mm256_sub_ps(a, b); }
  static Vec multiply(Vec a, Vec b) { return _mm256_mul_ps(a, b); }
  static Vec divide(Vec a, Vec b) { return _mm256_div_ps(a, b); }
  static Vec fma(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
  static Vec min(Vec a, Vec b) { return _mm256_min_ps(a, b); }
  static Vec max(Vec a, Vec b) { return _mm256_max_ps(a, b); }
  static Vec round(Vec a) {
    return _mm256_round_ps(a, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
  }
  static Vec times_power_of_2(Vec a, Vec n) {
    const __m256i exponent = _mm256_add_epi32(_mm256_cvtps_epi32(n), _mm256_set1_epi32(127));
    return _mm256_mul_ps(a, _mm256_castsi256_ps(_mm256_slli_epi32(exponent, 23)));
  }
  static Vec rectified(const float* x, bool relu) {
    return relu ? max(load(x), _mm256_setzero_ps()) : load(x);
  }
  static __m256i load_bytes(const std::byte* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
};

struct Float32 : Floats {
  using Acc = __m256;
  static constexpr int kUnit = 1;
  static constexpr size_t kWeightBytes = 4;
  static constexpr size_t kOperandBytes = 4;
  static Acc start(const int32_t*, int) { return _mm256_setzero_ps(); }
  static __m256 broadcast(const std::byte* x) {
    float value;
    __builtin_memcpy(&value, x, sizeof(value));
    return _mm256_set1_ps(value);
  }
  static Acc dot(Acc sum, __m256 x, const std::byte* w) {
    return _mm256_fmadd_ps(x, _mm256_castsi256_ps(load_bytes(w)), sum);
  }
  static Vec value(Acc sum, float, const float*, int, Vec to) { return add(to, sum); }
  static float convert(const float* x, int count, bool relu, std::byte* out) {
    for (int i = 0; i < count; i += kLanes) {
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + size_t{4} * static_cast<size_t>(i)),
                          _mm256_castps_si256(rectified(x + i, relu)));
    }
    return 1.0F;
  }
  static float convert_gated(const float* x, int count, std::byte* out) {
    return convert(x, count, false, out);
  }
};

// Pairs of bfloat16 as floats: the first of a pair is the lower half.
struct Bfloat16 : Floats {
  using Acc = __m256;
  static constexpr int kUnit = 2;
  static constexpr size_t kWeightBytes = 2;
  static constexpr size_t kOperandBytes = 2;
  struct Pair {
    __m256 first;
    __m256 second;
  };
  static Acc start(const int32_t*, int) { return _mm256_setzero_ps(); }
  static Pair widen(__m256i pairs) {
    return {_mm256_castsi256_ps(_mm256_slli_epi32(pairs, 16)),
            _mm256_castsi256_ps(_mm256_and_si256(pairs, _mm256_set1_epi32(-65536)))};
  }
  static Pair broadcast(const std::byte* x) {
    int pair;
    __builtin_memcpy(&pair, x, sizeof(pair));
    return widen(_mm256_set1_epi32(pair));
  }
  static Acc dot(Acc sum, Pair x, const std::byte* w) {
    const Pair weights = widen(load_bytes(w));
    return fma(x.second, weights.second, fma(x.first, weights.first, sum));
  }
  static Vec value(Acc sum, float, const float*, int, Vec to) { return add(to, sum); }
  // To nearest, ties to even; rows hold no NaN.
  static float convert(const float* x, int count, bool relu, std::byte* out) {
    for (int i = 0; i < count; i += kLanes) {
      const __m256i bits = _mm256_castps_si256(rectified(x + i, relu));
      const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(bits, 16), _mm256_set1_epi32(1));
      const __m256i rounded = _mm256_srli_epi32(
          _mm256_add_epi32(bits, _mm256_add_epi32(odd, _mm256_set1_epi32(0x7FFF))), 16);
      const __m128i narrow =
          _mm_packus_epi32(_mm256_castsi256_si128(rounded), _mm256_extracti128_si256(rounded, 1));
      _mm_storeu_si128(reinterpret_cast<__m128i*>(out + size_t{2} * static_cast<size_t>(i)),
                       narrow);
    }
    return 1.0F;
  }
  static float convert_gated(const float* x, int count, std::byte* out) {
    return convert(x, count, false, out);
  }
};

struct Int8 : Floats {
  using Acc = __m256i;
  static constexpr int kUnit = 2;
  static constexpr size_t kWeightBytes = 1;
  static constexpr size_t kOperandBytes = 1;
  static Acc start(const int32_t* offsets, int first) {
    return load_bytes(reinterpret_cast<const std::byte*>(offsets + first));
  }
  static __m256i broadcast(const std::byte* x) {
    int16_t pair;
    __builtin_memcpy(&pair, x, sizeof(pair));
    return _mm256_cvtepi8_epi16(_mm_set1_epi16(pair));
  }
  static Acc dot(Acc sum, __m256i x, const std::byte* w) {
    const __m256i weights =
        _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(w)));
    return _mm256_add_epi32(sum, _mm256_madd_epi16(x, weights));
  }
  static Vec value(Acc sum, float scale, const float* scales, int first, Vec to) {
    const __m256 factor = _mm256_mul_ps(_mm256_set1_ps(scale), load(scales + first));
    return _mm256_fmadd_ps(_mm256_cvtepi32_ps(sum), factor, to);
  }
  static void quantize(const float* x, int count, bool relu, float inverse, std::byte* out) {
    const __m256 factor = _mm256_set1_ps(inverse);
    for (int i = 0; i < count; i += kLanes) {
      const __m256i q = _mm256_cvtps_epi32(_mm256_mul_ps(rectified(x + i, relu), factor));
      const __m128i words =
          _mm_packs_epi32(_mm256_castsi256_si128(q), _mm256_extracti128_si256(q, 1));
      _mm_storel_epi64(reinterpret_cast<__m128i*>(out + i), _mm_packs_epi16(words, words));
    }
  }
  static float convert(const float* x, int count, bool relu, std::byte* out) {
    __m256 most = _mm256_setzero_ps();
    const __m256 magnitude = _mm256_castsi256_ps(_mm256_set1_epi32(0x7FFFFFFF));
    for (int i = 0; i < count; i += kLanes) {
      most = _mm256_max_ps(most, _mm256_and_ps(rectified(x + i, relu), magnitude));
    }
    float lanes[kLanes];
    store(lanes, most);
    float largest = 0.0F;
    for (const float lane : lanes) largest = lane > largest ? lane : largest;
    quantize(x, count, relu, largest > 0.0F ? 127.0F / largest : 0.0F, out);
    return largest / 127.0F;
  }
  static float convert_gated(const float* x, int count, std::byte* out) {
    quantize(x, count, false, 127.0F, out);
    return 1.0F / 127.0F;
  }
};

}  // namespace bivox::kernels::wavenet_avx2
HWY_POP_ATTRIBUTES

namespace bivox::kernels {

const WaveNetKernels* wavenet_avx2_kernels(Precision precision) {
  static const WaveNetKernels table[] = {wavenet_avx2::kernels_of<wavenet_avx2::Float32>(0),
                                         wavenet_avx2::kernels_of<wavenet_avx2::Bfloat16>(0),
                                         wavenet_avx2::kernels_of<wavenet_avx2::Int8>(0)};
  return &table[static_cast<size_t>(precision)];
}

}  // namespace bivox::kernels
#else
namespace bivox::kernels {
const WaveNetKernels* wavenet_avx2_kernels(Precision) { return nullptr; }
}  // namespace bivox::kernels
#endif
