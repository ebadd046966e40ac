// Transforms against their definition; convolutions by transforms against the definition in
// double, with float32 nearly exactly, with bfloat16 as well as rounded operands do.
#include "models/nn/kernels/conv1d_spectral.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "models/nn/kernels/spectral_kernels.h"
#include "tests/models/nn/conv1d_reference.h"

namespace bivox {
namespace {

using testing::for_products;
using testing::operands;
using testing::random_values;

constexpr Isa kAllIsas[] = {Isa::kPlain, Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16, Isa::kAmx};

class Spectral : public ::testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (!isa_available(GetParam())) {
      GTEST_SKIP() << "this processor has no " << isa_name(GetParam());
    }
  }
};

TEST_P(Spectral, TransformIsTheDefinitionAndInverts) {
  const kernels::SpectralKernel& kernel = kernels::spectral_kernel(GetParam());
  for (const int channels : {1, 5, 16, 35}) {
    const std::vector<float> x = random_values(32 * channels, 1);
    std::array<const float*, 32> rows;
    for (size_t j = 0; j < 32; ++j) rows[j] = x.data() + j * static_cast<size_t>(channels);
    const int64_t stride = 48;
    std::vector<float> spectra(32 * 48);
    kernel.forward(rows.data(), channels, 0.5F, spectra.data(), stride, 0);
    for (int c = 0; c < channels; ++c) {
      for (int k = 0; k <= 16; ++k) {
        double re = 0.0;
        double im = 0.0;
        for (int j = 0; j < 32; ++j) {
          const double angle = -2.0 * std::numbers::pi * j * k / 32.0;
          re += 0.5 * x[static_cast<size_t>(j * channels + c)] * std::cos(angle);
          im += 0.5 * x[static_cast<size_t>(j * channels + c)] * std::sin(angle);
        }
        const int component = k == 0 ? 0 : k == 16 ? 1 : 2 * k;
        ASSERT_NEAR(spectra[static_cast<size_t>(component * stride + c)], re, 1e-5) << k;
        if (k != 0 && k != 16) {
          ASSERT_NEAR(spectra[static_cast<size_t>((component + 1) * stride + c)], im, 1e-5) << k;
        }
      }
    }
    const std::vector<float> bias = random_values(channels, 2);
    std::vector<float> back(32 * static_cast<size_t>(channels), 3.0F);
    std::array<float*, 32> out;
    for (size_t j = 0; j < 32; ++j) out[j] = back.data() + j * static_cast<size_t>(channels);
    kernel.inverse(spectra.data(), stride, channels, bias.data(), false, out.data(), 20, 0);
    kernel.inverse(spectra.data(), stride, channels, nullptr, true, out.data(), 21, 0);
    for (size_t i = 0; i < back.size(); ++i) {
      const size_t row = i / static_cast<size_t>(channels);
      const double once = 16.0 * x[i];
      const double want = row < 20    ? 2.0 * once + bias[i % static_cast<size_t>(channels)]
                          : row == 20 ? 3.0 + once
                                      : 3.0;
      ASSERT_NEAR(back[i], want, 1e-4) << i;
    }
  }
}

struct Case {
  Conv1dGeometry geometry;
  int batch;
  int time;
};

std::vector<Case> cases() {
  return {
      {{.inputs = 33, .outputs = 50, .kernel = 11, .pad_left = 5, .pad_right = 5}, 2, 60},
      {{.inputs = 51, .outputs = 24, .kernel = 5, .pad_left = 4}, 3, 28},
      {{.inputs = 32, .outputs = 16, .kernel = 8}, 1, 57},
      {{.inputs = 25, .outputs = 31, .kernel = 24, .pad_left = 12, .pad_right = 11}, 2, 31},
      {{.inputs = 48, .outputs = 48, .kernel = 9, .pad_left = 8}, 2, 1},
      {{.inputs = 48, .outputs = 49, .kernel = 7, .pad_left = 9, .pad_right = 14}, 1, 12},
      // More tiles than one thread takes at once.
      {{.inputs = 16, .outputs = 17, .kernel = 20, .pad_left = 10, .pad_right = 9}, 3, 350},
  };
}

struct Results {
  std::vector<float> y;
  std::vector<float> dx;
  std::vector<float> dw;
};

struct Data {
  explicit Data(const Case& c)
      : x(random_values(int64_t{c.batch} * c.time * c.geometry.inputs, 1)),
        w(random_values(c.geometry.num_weights(), 2)),
        bias(random_values(c.geometry.outputs, 3)),
        dy(random_values(int64_t{c.batch} * c.geometry.out_time(c.time) * c.geometry.outputs, 4)) {
    before.y = random_values(static_cast<int64_t>(dy.size()), 5);
    before.dx = random_values(static_cast<int64_t>(x.size()), 6);
    before.dw = random_values(static_cast<int64_t>(w.size()), 7);
  }
  std::vector<float> x, w, bias, dy;
  Results before;
};

Results run(const Case& c, const Data& data, ComputeContext& context) {
  Results r = data.before;
  conv1d_spectral_forward(context, c.geometry, c.batch, c.time, data.x.data(), data.w.data(),
                          data.bias.data(), r.y.data());
  conv1d_spectral_backward_input(context, c.geometry, c.batch, c.time, data.dy.data(),
                                 data.w.data(), r.dx.data());
  conv1d_spectral_backward_weights(context, c.geometry, c.batch, c.time, data.x.data(),
                                   data.dy.data(), r.dw.data());
  return r;
}

struct Exact {
  std::vector<double> y, dx, dw;
};
Exact definition(const Case& c, const Data& data, Precision precision) {
  const Conv1dGeometry& g = c.geometry;
  const std::vector<float> x = operands(data.x, precision);
  const std::vector<float> w = operands(data.w, precision);
  const std::vector<float> dy = operands(data.dy, precision);
  Exact e;
  for (size_t i = 0; i < dy.size(); ++i) {
    e.y.push_back(data.bias[i % static_cast<size_t>(g.outputs)]);
  }
  e.dx.assign(data.before.dx.begin(), data.before.dx.end());
  e.dw.assign(data.before.dw.begin(), data.before.dw.end());
  for_products(g, c.batch, c.time, [&](int b, int t, int s, int, int i, int o, int weight) {
    const auto at_y = static_cast<size_t>((b * g.out_time(c.time) + t) * g.outputs + o);
    const auto at_x = static_cast<size_t>((b * c.time + s) * g.inputs + i);
    const auto at_w = static_cast<size_t>(weight);
    e.y[at_y] += double{x[at_x]} * w[at_w];
    e.dx[at_x] += double{dy[at_y]} * w[at_w];
    e.dw[at_w] += double{x[at_x]} * dy[at_y];
  });
  return e;
}

template <class Values>
double distance(const Values& a, const std::vector<double>& b) {
  double sum = 0.0;
  for (size_t i = 0; i < b.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return std::sqrt(sum / static_cast<double>(b.size()));
}

TEST_P(Spectral, FloatIsTheDefinition) {
  ComputeContext context(1, Precision::kFloat32, GetParam());
  for (const Case& c : cases()) {
    SCOPED_TRACE(c.geometry.kernel);
    const Data data(c);
    const Exact exact = definition(c, data, Precision::kFloat32);
    const Results got = run(c, data, context);
    // Sums of up to 1100 normal products: 33 in size.
    for (size_t i = 0; i < got.y.size(); ++i) ASSERT_NEAR(got.y[i], exact.y[i], 2e-4) << i;
    for (size_t i = 0; i < got.dx.size(); ++i) ASSERT_NEAR(got.dx[i], exact.dx[i], 2e-4) << i;
    for (size_t i = 0; i < got.dw.size(); ++i) ASSERT_NEAR(got.dw[i], exact.dw[i], 2e-4) << i;
    EXPECT_LT(distance(got.y, exact.y), 1e-5);
    EXPECT_LT(distance(got.dx, exact.dx), 1e-5);
    EXPECT_LT(distance(got.dw, exact.dw), 1e-5);
  }
}

TEST_P(Spectral, Bfloat16ErrsLikeRoundedOperands) {
  ComputeContext context(1, Precision::kBfloat16, GetParam());
  for (const Case& c : cases()) {
    if (c.time < 28) continue;  // too few values to compare errors
    SCOPED_TRACE(c.geometry.kernel);
    const Data data(c);
    const Exact exact = definition(c, data, Precision::kFloat32);
    const Exact rounded = definition(c, data, Precision::kBfloat16);
    const Results got = run(c, data, context);
    EXPECT_LT(distance(got.y, exact.y), 1.3 * distance(rounded.y, exact.y));
    EXPECT_LT(distance(got.dx, exact.dx), 1.3 * distance(rounded.dx, exact.dx));
    EXPECT_LT(distance(got.dw, exact.dw), 1.3 * distance(rounded.dw, exact.dw));
    // It does round.
    EXPECT_GT(distance(got.y, exact.y), 0.3 * distance(rounded.y, exact.y));
  }
}

TEST_P(Spectral, ResultsDependNeitherOnThreadsNorOnTheBatch) {
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16}) {
    ComputeContext one(1, precision, GetParam());
    ComputeContext three(3, precision, GetParam());
    const Case c = {
        {.inputs = 48, .outputs = 64, .kernel = 11, .pad_left = 5, .pad_right = 5}, 5, 400};
    const Data data(c);
    const Results a = run(c, data, one);
    const Results b = run(c, data, three);
    ASSERT_EQ(a.y, b.y);
    ASSERT_EQ(a.dx, b.dx);
    ASSERT_EQ(a.dw, b.dw);
    // The fourth utterance alone.
    std::vector<float> y(static_cast<size_t>(400 * 64));
    conv1d_spectral_forward(one, c.geometry, 1, 400, data.x.data() + 3 * 400 * 48, data.w.data(),
                            data.bias.data(), y.data());
    ASSERT_TRUE(std::equal(y.begin(), y.end(), a.y.begin() + 3 * 400 * 64));
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, Spectral, ::testing::ValuesIn(kAllIsas),
                         [](const auto& isa) { return std::string(isa_name(isa.param)); });

}  // namespace
}  // namespace bivox
