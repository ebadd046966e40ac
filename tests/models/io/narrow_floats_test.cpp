#include "models/io/narrow_floats.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace bivox {
namespace {

TEST(NarrowFloats, RoundsToTheNearestBfloat16) {
  // Exhaustive over upper halves: both neighbours of a value, and the tie between them.
  for (uint32_t high = 0; high < 0x7F7FU; ++high) {
    const auto even = static_cast<uint16_t>((high & 1U) == 0 ? high : high + 1);
    const auto from = [&](uint32_t low) {
      return bfloat16_from_float(std::bit_cast<float>((high << 16) | low));
    };
    ASSERT_EQ(from(0), high);
    ASSERT_EQ(from(0x7FFF), high);
    ASSERT_EQ(from(0x8000), even);
    ASSERT_EQ(from(0x8001), high + 1);
  }
  EXPECT_EQ(bfloat16_from_float(-1.0F), 0xBF80U);
  EXPECT_EQ(bfloat16_from_float(std::numeric_limits<float>::max()), 0x7F80U);  // to infinity
}

TEST(NarrowFloats, KeepsInfinitiesAndNans) {
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(float_from_bfloat16(bfloat16_from_float(-infinity)), -infinity);
  // A NaN whose payload lies in the lower half only must not become an infinity.
  EXPECT_TRUE(
      std::isnan(float_from_bfloat16(bfloat16_from_float(std::bit_cast<float>(0x7F800001U)))));
  EXPECT_TRUE(
      std::isnan(float_from_bfloat16(bfloat16_from_float(std::bit_cast<float>(0xFFFFFFFFU)))));
}

TEST(NarrowFloats, ReadsHalfFloats) {
  EXPECT_EQ(float_from_half(0x3C00), 1.0F);
  EXPECT_EQ(float_from_half(0xC000), -2.0F);
  EXPECT_EQ(float_from_half(0x7BFF), 65504.0F);
  EXPECT_EQ(float_from_half(0x0400), 0x1p-14F);
  EXPECT_EQ(float_from_half(0x0001), 0x1p-24F);
  EXPECT_EQ(float_from_half(0x83FF), -1023.0F * 0x1p-24F);
  EXPECT_TRUE(std::signbit(float_from_half(0x8000)));
  EXPECT_EQ(float_from_half(0x7C00), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(float_from_half(0x7C01)));
}

TEST(NarrowFloats, RoundsToTheNearestHalf) {
  // Exhaustive: every half comes back, and the tie between neighbours goes to the even one.
  for (uint32_t bits = 0; bits < 0x7C00U; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = float_from_half(half);
    ASSERT_EQ(half_from_float(value), half);
    ASSERT_EQ(half_from_float(-value), half | 0x8000U);
    if (bits == 0x7BFFU) break;
    const float tie = 0.5F * value + 0.5F * float_from_half(static_cast<uint16_t>(bits + 1));
    ASSERT_EQ(half_from_float(tie), (bits & 1U) == 0 ? bits : bits + 1);
    ASSERT_EQ(half_from_float(std::nextafter(tie, 0.0F)), bits);
    ASSERT_EQ(half_from_float(std::nextafter(tie, 1e9F)), bits + 1);
  }
  EXPECT_EQ(half_from_float(65519.0F), 0x7BFFU);
  EXPECT_EQ(half_from_float(65520.0F), 0x7C00U);
  EXPECT_EQ(half_from_float(1e30F), 0x7C00U);
  EXPECT_TRUE(std::isnan(float_from_half(half_from_float(std::nanf("")))));
}

}  // namespace
}  // namespace bivox
