// RealFft against a direct sum in double; the same test holds both backends to the same results.
#include "dsp/features/fft.h"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>
#include <vector>

#include "dsp/core/error.h"

namespace bivox {
namespace {

std::vector<float> noise(int n) {
  std::mt19937 random(7);
  std::uniform_real_distribution<float> uniform(-1.0F, 1.0F);
  std::vector<float> x(static_cast<size_t>(n));
  for (float& v : x) v = uniform(random);
  return x;
}

class RealFftSizes : public testing::TestWithParam<int> {};

TEST_P(RealFftSizes, EqualsDirectSum) {
  const int n = GetParam();
  const std::vector<float> x = noise(n);
  RealFft fft(n);
  std::vector<std::complex<float>> spectrum(static_cast<size_t>(fft.bins()));
  fft.forward(x.data(), spectrum.data());
  for (int k = 0; k < fft.bins(); ++k) {
    std::complex<double> sum = 0.0;
    for (int i = 0; i < n; ++i) {
      sum += static_cast<double>(x[static_cast<size_t>(i)]) *
             std::polar(1.0, -2.0 * std::numbers::pi * (static_cast<int64_t>(i) * k % n) / n);
    }
    const std::complex<double> found = spectrum[static_cast<size_t>(k)];
    EXPECT_NEAR(std::abs(found - sum), 0.0, 2e-6 * std::sqrt(n) * 4.0) << "bin " << k;
  }
}

TEST_P(RealFftSizes, InverseGivesTheSignalBack) {
  const int n = GetParam();
  const std::vector<float> x = noise(n);
  RealFft fft(n);
  std::vector<std::complex<float>> spectrum(static_cast<size_t>(fft.bins()));
  std::vector<float> back(x.size());
  fft.forward(x.data(), spectrum.data());
  fft.inverse(spectrum.data(), back.data());
  for (size_t i = 0; i < x.size(); ++i) EXPECT_NEAR(back[i], x[i], 1e-5);
}

INSTANTIATE_TEST_SUITE_P(Sizes, RealFftSizes,
                         testing::Values(2, 4, 6, 30, 64, 400, 410, 512, 2048));

TEST(RealFft, BatchRowsEqualSingleTransforms) {
  constexpr int kSize = 512;
  constexpr int kRows = 5;
  RealFft batch(kSize, kRows);
  RealFft single(kSize);
  const std::vector<float> x = noise(kSize * kRows);
  for (int r = 0; r < kRows; ++r) {
    std::copy_n(x.data() + r * kSize, kSize, batch.batch_input() + r * batch.input_stride());
  }
  batch.forward_batch(kRows);
  std::vector<std::complex<float>> expected(static_cast<size_t>(single.bins()));
  for (int r = 0; r < kRows; ++r) {
    single.forward(x.data() + r * kSize, expected.data());
    const std::complex<float>* found = batch.batch_output() + r * batch.output_stride();
    for (int k = 0; k < single.bins(); ++k) EXPECT_EQ(found[k], expected[static_cast<size_t>(k)]);
  }
}

TEST(RealFft, RefusesOddSizes) {
  EXPECT_THROW(RealFft(511), Error);
  EXPECT_THROW(RealFft(0), Error);
  EXPECT_THROW(RealFft(-4), Error);
}

}  // namespace
}  // namespace bivox
