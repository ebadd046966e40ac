// Convolutions written as their definitions, in double, for tests of the fast ones.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "models/nn/kernels/conv1d.h"

namespace bivox::testing {

/// Nearest bfloat16, ties to even, by comparing with the two neighbours: independent of the bit
/// arithmetic that is tested.
inline float nearest_bfloat16(float x) {
  const auto bits = std::bit_cast<uint32_t>(x);
  const float below = std::bit_cast<float>(bits & 0xffff0000U);  // towards zero
  const float above = std::bit_cast<float>((bits & 0xffff0000U) + 0x10000U);
  const double to_below = std::abs(double{x} - double{below});
  const double to_above = std::abs(double{above} - double{x});
  if (to_below != to_above) return to_below < to_above ? below : above;
  return (bits & 0x10000U) == 0 ? below : above;
}

inline std::vector<float> operands(const std::vector<float>& values, Precision precision) {
  std::vector<float> result = values;
  if (precision == Precision::kBfloat16) {
    for (float& value : result) value = nearest_bfloat16(value);
  }
  return result;
}

inline std::vector<float> random_values(int64_t count, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(static_cast<size_t>(count));
  for (float& value : values) value = normal(random);
  return values;
}

/// Calls f(b, t, s, k, i, o, index of the weight) for every product of the convolution; i is the
/// channel of the input.
template <class F>
void for_products(const Conv1dGeometry& g, int batch, int time, F f) {
  const int in_group = g.inputs / g.groups;
  const int out_group = g.outputs / g.groups;
  for (int b = 0; b < batch; ++b) {
    for (int t = 0; t < g.out_time(time); ++t) {
      for (int k = 0; k < g.kernel; ++k) {
        const int s = t * g.stride + k * g.dilation - g.pad_left;
        if (s < 0 || s >= time) continue;
        for (int i = 0; i < in_group; ++i) {
          for (int o = 0; o < g.outputs; ++o) {
            f(b, t, s, k, o / out_group * in_group + i, o, (k * in_group + i) * g.outputs + o);
          }
        }
      }
    }
  }
}

}  // namespace bivox::testing
