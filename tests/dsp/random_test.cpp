#include "dsp/core/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <vector>

namespace bivox {
namespace {

TEST(Random, IsSplitMix64) {
  // The reference implementation's first outputs for seed 1234567 (Vigna, splitmix64.c).
  Random random(1234567);
  EXPECT_EQ(random.next(), 6457827717110365317ULL);
  EXPECT_EQ(random.next(), 3203168211198807973ULL);
  EXPECT_EQ(random.next(), 9817491932198370423ULL);
}

TEST(Random, HasTheMomentsItPromises) {
  Random random(3);
  constexpr int kCount = 200000;
  double mean = 0.0;
  double square = 0.0;
  double gauss_mean = 0.0;
  double gauss_square = 0.0;
  for (int i = 0; i < kCount; ++i) {
    const double u = random.uniform(-1.0, 1.0);
    ASSERT_GE(u, -1.0);
    ASSERT_LT(u, 1.0);
    mean += u / kCount;
    square += u * u / kCount;
    const double g = random.gaussian();
    gauss_mean += g / kCount;
    gauss_square += g * g / kCount;
  }
  EXPECT_NEAR(mean, 0.0, 0.01);
  EXPECT_NEAR(square, 1.0 / 3.0, 0.01);
  EXPECT_NEAR(gauss_mean, 0.0, 0.02);
  EXPECT_NEAR(gauss_square, 1.0, 0.02);
}

TEST(Random, ShufflesEveryItemEverywhere) {
  Random random(5);
  std::vector<int> counts(16);
  for (int round = 0; round < 8000; ++round) {
    std::vector<int> items(4);
    std::iota(items.begin(), items.end(), 0);
    random.shuffle(std::span<int>(items));
    for (size_t i = 0; i < 4; ++i) ++counts[i * 4 + static_cast<size_t>(items[i])];
  }
  for (const int count : counts) EXPECT_NEAR(count, 2000, 200);
}

TEST(Random, MixedSeedsDiffer) {
  std::set<uint64_t> seeds;
  for (uint64_t a = 0; a < 20; ++a) {
    for (uint64_t b = 0; b < 20; ++b) seeds.insert(mix_seeds(a, b, 1));
  }
  EXPECT_EQ(seeds.size(), 400U);
  EXPECT_NE(mix_seeds(1, 2), mix_seeds(2, 1));
}

}  // namespace
}  // namespace bivox
