// Matrix-vector products against their definition on rounded operands.
#include "models/nn/kernels/gemv.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "tests/models/nn/allocation_counter.h"
#include "tests/models/nn/conv1d_reference.h"

namespace bivox {
namespace {

using testing::operands;
using testing::random_values;

constexpr Isa kAllIsas[] = {Isa::kPlain, Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16, Isa::kAmx};
constexpr Precision kPrecisions[] = {Precision::kFloat32, Precision::kBfloat16, Precision::kInt8};

class Gemv : public ::testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (!isa_available(GetParam())) {
      GTEST_SKIP() << "this processor has no " << isa_name(GetParam());
    }
  }
};

/// Values that are multiples of a scale already, the largest 127 of it: int8 rounds nothing.
std::vector<float> multiples(int64_t count, int64_t step, uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<float> values(static_cast<size_t>(count));
  for (float& v : values) v = static_cast<float>(static_cast<int>(random() % 255) - 127);
  for (int64_t i = 0; i < step; ++i) values[static_cast<size_t>(i)] = 127.0F;
  return values;
}

TEST_P(Gemv, IsTheDefinition) {
  for (const Precision precision : kPrecisions) {
    for (const int inputs : {1, 2, 3, 7, 64, 130}) {
      for (const int outputs : {1, 5, 16, 31, 40, 64, 100, 128, 129, 300}) {
        SCOPED_TRACE(std::to_string(inputs) + "->" + std::to_string(outputs) + " " +
                     std::string(precision_name(precision)));
        const bool integer = precision == Precision::kInt8;
        const int64_t count = int64_t{inputs} * outputs;
        const std::vector<float> w =
            integer ? multiples(count, outputs, 1) : random_values(count, 1);
        const std::vector<float> x = integer ? multiples(inputs, 1, 2) : random_values(inputs, 2);
        const std::vector<float> bias = random_values(outputs, 3);
        const PackedGemv gemv(inputs, outputs, w, bias, precision, GetParam());
        std::vector<float> y(static_cast<size_t>(outputs), 7.0F);
        gemv.run(x.data(), y.data());
        std::vector<float> sum(static_cast<size_t>(outputs), 7.0F);
        gemv.run_add(x.data(), sum.data());
        const std::vector<float> wr = operands(w, precision);
        const std::vector<float> xr = operands(x, precision);
        for (size_t o = 0; o < y.size(); ++o) {
          double expected = bias[o];
          double size = std::abs(expected);
          for (size_t i = 0; i < x.size(); ++i) {
            const double term = double{xr[i]} * wr[i * y.size() + o];
            expected += term;
            size += std::abs(term);
          }
          ASSERT_NEAR(y[o], expected, 1e-6 * size) << o;
          ASSERT_NEAR(sum[o], expected + 7.0, 1e-6 * (size + 7.0)) << o;
        }
      }
    }
  }
}

TEST_P(Gemv, Int8ErrsByHalfAStepAnOperand) {
  const int inputs = 128;
  const int outputs = 96;
  const std::vector<float> w = random_values(inputs * outputs, 1);
  const std::vector<float> x = random_values(inputs, 2);
  const PackedGemv exact(inputs, outputs, w, {}, Precision::kFloat32, GetParam());
  const PackedGemv rounded(inputs, outputs, w, {}, Precision::kInt8, GetParam());
  std::vector<float> a(outputs);
  std::vector<float> b(outputs);
  exact.run(x.data(), a.data());
  rounded.run(x.data(), b.data());
  double error = 0.0;
  double power = 0.0;
  for (size_t o = 0; o < a.size(); ++o) {
    error += std::pow(a[o] - b[o], 2);
    power += std::pow(a[o], 2);
  }
  // Uniform errors of 1/127 of the largest of about 128 normal values (2.6) on both sides:
  // sqrt(2 / 12) * 2.6 / 127 = 0.8 %.
  EXPECT_LT(std::sqrt(error / power), 0.015);
  EXPECT_GT(std::sqrt(error / power), 0.001);
}

TEST_P(Gemv, PiecesAreOneVector) {
  for (const Precision precision : kPrecisions) {
    const int inputs = 66;
    const int outputs = 70;
    const std::vector<float> w = random_values(inputs * outputs, 1);
    const std::vector<float> x = random_values(inputs, 2);
    const PackedGemv gemv(inputs, outputs, w, {}, precision, GetParam());
    std::vector<float> whole(outputs);
    std::vector<float> pieces(outputs);
    gemv.run(x.data(), whole.data());
    const std::array<const float*, 3> parts = {x.data(), x.data() + 22, x.data() + 44};
    const auto before = allocations_so_far();
    gemv.run(parts, pieces.data());
    EXPECT_EQ(allocations_so_far(), before);
    EXPECT_EQ(whole, pieces);
  }
}

TEST_P(Gemv, NarrowWeightsTakeLessMemory) {
  const std::vector<float> w = random_values(64 * 128, 1);
  const auto bytes = [&](Precision precision) {
    return PackedGemv(64, 128, w, {}, precision, GetParam()).weight_bytes();
  };
  EXPECT_EQ(bytes(Precision::kFloat32), 64U * 128U * 4U);
  EXPECT_EQ(bytes(Precision::kBfloat16), 64U * 128U * 2U);
  EXPECT_EQ(bytes(Precision::kInt8), 64U * 128U);
}

INSTANTIATE_TEST_SUITE_P(Isas, Gemv, ::testing::ValuesIn(kAllIsas),
                         [](const auto& isa) { return std::string(isa_name(isa.param)); });

}  // namespace
}  // namespace bivox
