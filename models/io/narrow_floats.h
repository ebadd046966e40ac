// bfloat16 and IEEE half floats as bit patterns: conversions, nothing else.
//
// bfloat16 is the upper half of a float32: 8 exponent bits, 7 fraction bits. To bfloat16 we round
// to nearest, ties to even, as vcvtneps2bf16 does; NaNs stay NaNs (quiet), infinities infinities.
// Unlike the instruction, subnormal values are rounded and not flushed to zero.
// Thread rule: pure functions. Test: tests/models/io/narrow_floats_test.cpp.
#pragma once

#include <bit>
#include <cstdint>

namespace bivox {

inline uint16_t bfloat16_from_float(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  if ((bits & 0x7FFFFFFFU) > 0x7F800000U) return static_cast<uint16_t>((bits >> 16) | 0x40U);
  return static_cast<uint16_t>((bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16);
}

inline float float_from_bfloat16(uint16_t bits) {
  return std::bit_cast<float>(static_cast<uint32_t>(bits) << 16);
}

/// IEEE 754 binary16, rounded to nearest, ties to even; too large is infinite, NaNs stay NaNs.
inline uint16_t half_from_float(float value) {
  const auto bits = std::bit_cast<uint32_t>(value);
  const auto sign = static_cast<uint16_t>((bits >> 16) & 0x8000U);
  const uint32_t magnitude = bits & 0x7FFFFFFFU;
  if (magnitude > 0x7F800000U) return static_cast<uint16_t>(sign | 0x7E00U);
  if (magnitude >= 0x47800000U) return static_cast<uint16_t>(sign | 0x7C00U);
  if (magnitude < 0x38800000U) {  // subnormal: adding 0.5 leaves the bits, rounded, at the end
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - 0x3F000000U));
  }
  const uint32_t rebiased = magnitude - 0x38000000U;
  return static_cast<uint16_t>(sign | ((rebiased + 0xFFFU + ((rebiased >> 13) & 1U)) >> 13));
}

inline float float_from_half(uint16_t bits) {
  const uint32_t sign = (bits & 0x8000U) << 16;
  const uint32_t exponent = (bits >> 10) & 0x1FU;
  const uint32_t fraction = bits & 0x3FFU;
  if (exponent == 0x1FU) return std::bit_cast<float>(sign | 0x7F800000U | (fraction << 13));
  if (exponent != 0) {
    return std::bit_cast<float>(sign | ((exponent + 112U) << 23) | (fraction << 13));
  }
  const float magnitude = static_cast<float>(fraction) * 0x1p-24F;  // zero or subnormal
  return sign != 0 ? -magnitude : magnitude;
}

}  // namespace bivox
