// The portable form: one lane, any processor. Int8 sums are exact, so they equal those of the
// others.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "models/io/narrow_floats.h"
#include "models/nn/kernels/wavenet_step.h"

namespace bivox::kernels {
namespace wavenet_plain {
#include "models/nn/kernels/wavenet_step-inl.h"

struct Floats {
  using Vec = float;
  static constexpr int kLanes = 1;
  static Vec set(float x) { return x; }
  static Vec load(const float* p) { return *p; }
  static void store(float* p, Vec v) { *p = v; }
  static Vec add(Vec a, Vec b) { return a + b; }
  static Vec subtract(Vec a, Vec b) { return a - b; }
  static Vec multiply(Vec a, Vec b) { return a * b; }
  static Vec divide(Vec a, Vec b) { return a / b; }
  static Vec fma(Vec a, Vec b, Vec c) { return a * b + c; }
  static Vec min(Vec a, Vec b) { return std::min(a, b); }
  static Vec max(Vec a, Vec b) { return std::max(a, b); }
  static Vec round(Vec a) { return std::nearbyint(a); }
  static Vec times_power_of_2(Vec a, Vec n) { return std::ldexp(a, static_cast<int>(n)); }
};

struct Float32 : Floats {
  using Acc = float;
  static constexpr int kUnit = 1;
  static constexpr size_t kWeightBytes = 4;
  static constexpr size_t kOperandBytes = 4;
  static Acc start(const int32_t*, int) { return 0.0F; }
  static float broadcast(const std::byte* x) {
    float value;
    std::memcpy(&value, x, sizeof(value));
    return value;
  }
  static Acc dot(Acc sum, float x, const std::byte* w) { return sum + x * broadcast(w); }
  static Vec value(Acc sum, float, const float*, int, Vec to) { return to + sum; }
  static float convert(const float* x, int count, bool relu, std::byte* out) {
    for (int i = 0; i < count; ++i) {
      const float value = relu ? std::max(0.0F, x[i]) : x[i];
      std::memcpy(out + static_cast<size_t>(i) * sizeof(value), &value, sizeof(value));
    }
    return 1.0F;
  }
  static float convert_gated(const float* x, int count, std::byte* out) {
    return convert(x, count, false, out);
  }
};

struct Bfloat16 : Float32 {
  static constexpr size_t kWeightBytes = 2;
  static constexpr size_t kOperandBytes = 2;
  static float broadcast(const std::byte* x) {
    uint16_t bits;
    std::memcpy(&bits, x, sizeof(bits));
    return float_from_bfloat16(bits);
  }
  static Acc dot(Acc sum, float x, const std::byte* w) { return sum + x * broadcast(w); }
  static float convert(const float* x, int count, bool relu, std::byte* out) {
    for (int i = 0; i < count; ++i) {
      const uint16_t bits = bfloat16_from_float(relu ? std::max(0.0F, x[i]) : x[i]);
      std::memcpy(out + static_cast<size_t>(i) * sizeof(bits), &bits, sizeof(bits));
    }
    return 1.0F;
  }
  static float convert_gated(const float* x, int count, std::byte* out) {
    return convert(x, count, false, out);
  }
};

struct Int8 : Floats {
  using Acc = int32_t;
  static constexpr int kUnit = 1;
  static constexpr size_t kWeightBytes = 1;
  static constexpr size_t kOperandBytes = 1;
  static Acc start(const int32_t* offsets, int first) { return offsets[first]; }
  static int32_t broadcast(const std::byte* x) { return static_cast<int8_t>(*x); }
  static Acc dot(Acc sum, int32_t x, const std::byte* w) { return sum + x * broadcast(w); }
  static Vec value(Acc sum, float scale, const float* scales, int first, Vec to) {
    return to + static_cast<float>(sum) * (scale * scales[first]);
  }
  static void quantize(const float* x, int count, bool relu, float inverse, std::byte* out) {
    for (int i = 0; i < count; ++i) {
      const float value = relu ? std::max(0.0F, x[i]) : x[i];
      out[i] = static_cast<std::byte>(static_cast<int8_t>(std::nearbyint(value * inverse)));
    }
  }
  static float convert(const float* x, int count, bool relu, std::byte* out) {
    float largest = 0.0F;
    for (int i = 0; i < count; ++i) {
      largest = std::max(largest, relu ? x[i] : std::abs(x[i]));
    }
    quantize(x, count, relu, largest > 0.0F ? 127.0F / largest : 0.0F, out);
    return largest / 127.0F;
  }
  static float convert_gated(const float* x, int count, std::byte* out) {
    quantize(x, count, false, 127.0F, out);
    return 1.0F / 127.0F;
  }
};

}  // namespace wavenet_plain

const WaveNetKernels& wavenet_plain_kernels(Precision precision) {
  static const WaveNetKernels table[] = {wavenet_plain::kernels_of<wavenet_plain::Float32>(0),
                                         wavenet_plain::kernels_of<wavenet_plain::Bfloat16>(0),
                                         wavenet_plain::kernels_of<wavenet_plain::Int8>(0)};
  return table[static_cast<size_t>(precision)];
}

const WaveNetKernels& wavenet_kernels(Isa isa, Precision precision) {
  const WaveNetKernels* kernels = nullptr;
  if (isa >= Isa::kAvx512) kernels = wavenet_avx512_kernels(precision, isa >= Isa::kAvx512Bf16);
  if (kernels == nullptr && isa >= Isa::kAvx2) kernels = wavenet_avx2_kernels(precision);
  return kernels != nullptr ? *kernels : wavenet_plain_kernels(precision);
}

}  // namespace bivox::kernels
