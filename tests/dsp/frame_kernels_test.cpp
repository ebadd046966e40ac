// Every kernel against a plain loop in double.
#include "dsp/features/frame_kernels.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <vector>

#include "dsp/features/aligned_buffer.h"

namespace bivox::kernels {
namespace {

std::vector<float> noise(size_t n, float low = -1.0F, float high = 1.0F) {
  std::mt19937 random(3);
  std::uniform_real_distribution<float> uniform(low, high);
  std::vector<float> x(n);
  for (float& v : x) v = uniform(random);
  return x;
}

TEST(FrameKernels, ShapeFrameEqualsItsDefinition) {
  const std::vector<float> x = noise(411, -3000.0F, 5000.0F);
  const std::vector<float> window = noise(410, 0.0F, 1.0F);
  for (const bool remove_dc : {false, true}) {
    for (const auto prior : {PreEmphasisPrior::kStream, PreEmphasisPrior::kFrame}) {
      FrameShaping shaping{remove_dc, 0.97F, prior, FrameEnergy::kRaw};
      std::vector<float> out(512, 9.0F);
      const float energy = shape_frame(x.data() + 1, 410, window.data(), shaping, out.data(), 512);
      double mean = 0.0;
      if (remove_dc) {
        for (int i = 0; i < 410; ++i) mean += x[static_cast<size_t>(i) + 1] / 410.0;
      }
      double expected_energy = 0.0;
      for (int i = 0; i < 410; ++i) {
        const double now = x[static_cast<size_t>(i) + 1] - mean;
        double before = x[static_cast<size_t>(i)] - mean;
        if (i == 0 && prior == PreEmphasisPrior::kFrame) before = now;
        expected_energy += now * now;
        EXPECT_NEAR(out[static_cast<size_t>(i)],
                    (now - 0.97F * before) * window[static_cast<size_t>(i)], 2e-3);
      }
      EXPECT_NEAR(energy / expected_energy, 1.0, 1e-4);
      for (size_t i = 410; i < 512; ++i) EXPECT_EQ(out[i], 0.0F);
      shaping.energy = FrameEnergy::kWindowed;
      const float windowed =
          shape_frame(x.data() + 1, 410, window.data(), shaping, out.data(), 512);
      double sum = 0.0;
      for (const float v : out) sum += static_cast<double>(v) * v;
      EXPECT_NEAR(windowed / sum, 1.0, 1e-4);
    }
  }
}

TEST(FrameKernels, ScaleSamplesCleansAndRounds) {
  std::vector<float> x(37, 0.25F);
  x[3] = std::numeric_limits<float>::quiet_NaN();
  x[20] = std::numeric_limits<float>::infinity();
  x[36] = -std::numeric_limits<float>::infinity();
  x[0] = 0.00005F;
  x[1] = 1.5F;
  x[35] = -1.5F;
  std::vector<float> out(x.size());
  scale_samples(x, 32768.0F, true, out.data());
  EXPECT_EQ(out[0], 2.0F);
  EXPECT_EQ(out[1], 32767.0F);
  EXPECT_EQ(out[2], 8192.0F);
  EXPECT_EQ(out[35], -32768.0F);
  for (const size_t i : {3, 20, 36}) EXPECT_EQ(out[i], 0.0F);
  scale_samples(x, 2.0F, false, out.data());
  EXPECT_EQ(out[1], 3.0F);
  EXPECT_EQ(out[34], 0.5F);
}

TEST(FrameKernels, PowerSpectrum) {
  const std::vector<float> x = noise(2 * 257);
  std::vector<std::complex<float>> spectrum(257);
  for (size_t k = 0; k < 257; ++k) spectrum[k] = {x[2 * k], x[2 * k + 1]};
  std::vector<float> power(257);
  std::vector<float> magnitude(257);
  power_spectrum(spectrum.data(), 257, false, power.data());
  power_spectrum(spectrum.data(), 257, true, magnitude.data());
  for (size_t k = 0; k < 257; ++k) {
    EXPECT_NEAR(power[k], std::norm(std::complex<double>(spectrum[k])), 1e-6);
    EXPECT_NEAR(magnitude[k], std::abs(std::complex<double>(spectrum[k])), 1e-6);
  }
}

TEST(FrameKernels, MelBlockIsASparseProduct) {
  const std::vector<MelFilter> filters = make_mel_filterbank({});
  const int stride = AlignedBuffer::padded(257);
  AlignedBuffer power(static_cast<size_t>(stride) * kBlock);
  AlignedBuffer scratch(power.size());
  const std::vector<float> values = noise(power.size(), 0.0F, 100.0F);
  std::copy(values.begin(), values.end(), power.data());
  std::vector<float> out(filters.size() * kBlock);
  mel_block(filters, power.data(), stride, 257, scratch.data(), out.data());
  for (size_t f = 0; f < kBlock; ++f) {
    for (size_t m = 0; m < filters.size(); ++m) {
      double sum = 0.0;
      for (size_t k = 0; k < filters[m].weights.size(); ++k) {
        sum +=
            static_cast<double>(filters[m].weights[k]) *
            power[f * static_cast<size_t>(stride) + static_cast<size_t>(filters[m].first_bin) + k];
      }
      EXPECT_NEAR(out[f * filters.size() + m], sum, 1e-5 * sum + 1e-6);
    }
  }
}

TEST(FrameKernels, LogFloors) {
  AlignedBuffer x(32);
  for (size_t i = 0; i < 32; ++i) x[i] = std::ldexp(1.1F, static_cast<int>(i) * 3 - 30);
  x[5] = 0.0F;
  AlignedBuffer added(32);
  std::copy_n(x.data(), 32, added.data());
  AlignedBuffer floored(32);
  std::copy_n(x.data(), 32, floored.data());
  log_in_place(floored.data(), 32, LogFloor::kMax, 1e-4F);
  log_in_place(added.data(), 32, LogFloor::kAdd, 1e-4F);
  for (size_t i = 0; i < 32; ++i) {
    EXPECT_NEAR(floored[i], std::log(std::max(static_cast<double>(x[i]), 1e-4)), 1e-5);
    EXPECT_NEAR(added[i], std::log(static_cast<double>(x[i]) + 1e-4), 1e-5);
  }
}

TEST(FrameKernels, MultiplyRow) {
  AlignedBuffer matrix(static_cast<size_t>(25) * 16);
  const std::vector<float> values = noise(matrix.size());
  std::copy(values.begin(), values.end(), matrix.data());
  const std::vector<float> in = noise(25);
  AlignedBuffer out(16);
  multiply_row(in.data(), 25, matrix.data(), 16, out.data());
  for (size_t c = 0; c < 16; ++c) {
    double sum = 0.0;
    for (size_t m = 0; m < 25; ++m) sum += static_cast<double>(in[m]) * matrix[m * 16 + c];
    EXPECT_NEAR(out[c], sum, 1e-5);
  }
}

TEST(FrameKernels, Dot) {
  const std::vector<float> a = noise(103);
  const std::vector<float> b(a.rbegin(), a.rend());
  for (const int n : {0, 1, 7, 64, 103}) {
    double sum = 0.0;
    for (size_t i = 0; i < static_cast<size_t>(n); ++i) sum += static_cast<double>(a[i]) * b[i];
    EXPECT_NEAR(dot(a.data(), b.data(), n), sum, 1e-5);
  }
}

}  // namespace
}  // namespace bivox::kernels
