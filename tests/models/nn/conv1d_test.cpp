// Every instruction set against the definition in double, over kernels, dilations, strides, groups,
// paddings and odd channel counts; threads against one thread, bit by bit.
#include "models/nn/kernels/conv1d.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/models/nn/conv1d_reference.h"

namespace bivox {
namespace {

using testing::for_products;
using testing::operands;
using testing::random_values;

constexpr Isa kAllIsas[] = {Isa::kPlain, Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16, Isa::kAmx};

struct Case {
  Conv1dGeometry geometry;
  int batch;
  int time;
};

std::string text(const Case& c) {
  const Conv1dGeometry& g = c.geometry;
  return std::to_string(g.inputs) + "->" + std::to_string(g.outputs) + " k" +
         std::to_string(g.kernel) + " s" + std::to_string(g.stride) + " d" +
         std::to_string(g.dilation) + " pad " + std::to_string(g.pad_left) + "," +
         std::to_string(g.pad_right) + " groups " + std::to_string(g.groups) + " batch " +
         std::to_string(c.batch) + " time " + std::to_string(c.time);
}

std::vector<Case> cases() {
  std::vector<Case> result;
  // Kernels 1 to 11, centred and causal.
  for (int kernel = 1; kernel <= 11; ++kernel) {
    result.push_back({{.inputs = 16,
                       .outputs = 40,
                       .kernel = kernel,
                       .pad_left = kernel / 2,
                       .pad_right = (kernel - 1) / 2},
                      2,
                      23});
    result.push_back(
        {{.inputs = 7, .outputs = 5, .kernel = kernel, .pad_left = kernel - 1}, 1, 14});
  }
  // Dilations and strides, alone and together; neither padding nor fitting lengths.
  for (const int dilation : {1, 2, 3, 8}) {
    for (const int stride : {1, 2, 3, 4}) {
      for (const int kernel : {1, 2, 3, 5}) {
        const int reach = dilation * (kernel - 1);
        result.push_back({{.inputs = 9,
                           .outputs = 18,
                           .kernel = kernel,
                           .stride = stride,
                           .dilation = dilation,
                           .pad_left = reach / 2,
                           .pad_right = reach - reach / 2},
                          2,
                          37});
        result.push_back({{.inputs = 32,
                           .outputs = 33,
                           .kernel = kernel,
                           .stride = stride,
                           .dilation = dilation,
                           .pad_left = reach},
                          1,
                          20});
        result.push_back(
            {{.inputs = 4, .outputs = 16, .kernel = kernel, .stride = stride, .dilation = dilation},
             3,
             34});
      }
    }
  }
  // Padding wider than the kernel, an output shorter than a block, one frame, one channel.
  result.push_back({{.inputs = 3, .outputs = 2, .kernel = 2, .pad_left = 4, .pad_right = 5}, 2, 6});
  result.push_back({{.inputs = 1, .outputs = 1, .kernel = 3, .pad_left = 1, .pad_right = 1}, 2, 9});
  result.push_back({{.inputs = 64, .outputs = 48}, 5, 1});
  result.push_back({{.inputs = 80, .outputs = 1, .kernel = 3, .pad_left = 2}, 1, 1});
  result.push_back({{.inputs = 5, .outputs = 6, .kernel = 9}, 1, 4});  // no output at all
  // Several parts of rows and of panels.
  result.push_back(
      {{.inputs = 24, .outputs = 200, .kernel = 3, .pad_left = 1, .pad_right = 1}, 2, 411});
  // Groups: wide enough for products, narrow, depthwise, with a multiplier.
  result.push_back({{.inputs = 32, .outputs = 48, .kernel = 3, .pad_left = 2, .groups = 2}, 2, 21});
  result.push_back({{.inputs = 27,
                     .outputs = 27,
                     .kernel = 5,
                     .stride = 2,
                     .dilation = 2,
                     .pad_left = 4,
                     .pad_right = 4,
                     .groups = 3},
                    2,
                    30});
  result.push_back(
      {{.inputs = 12, .outputs = 24, .kernel = 3, .pad_left = 1, .pad_right = 1, .groups = 4},
       2,
       15});
  result.push_back({{.inputs = 70,
                     .outputs = 70,
                     .kernel = 7,
                     .stride = 2,
                     .pad_left = 3,
                     .pad_right = 3,
                     .groups = 70},
                    2,
                    33});
  result.push_back(
      {{.inputs = 6, .outputs = 12, .kernel = 3, .dilation = 2, .pad_left = 4, .groups = 6},
       1,
       17});
  return result;
}

/// What all three passes give, with what was in the gradients before.
struct Results {
  std::vector<float> y;
  std::vector<float> dx;
  std::vector<float> dw;
  std::vector<float> dbias;
};

struct Data {
  explicit Data(const Case& c) {
    const Conv1dGeometry& g = c.geometry;
    const int64_t out_rows = int64_t{c.batch} * g.out_time(c.time);
    x = random_values(int64_t{c.batch} * c.time * g.inputs, 1);
    w = random_values(g.num_weights(), 2);
    bias = random_values(g.outputs, 3);
    dy = random_values(out_rows * g.outputs, 4);
    before.y = random_values(out_rows * g.outputs, 5);
    before.dx = random_values(static_cast<int64_t>(x.size()), 6);
    before.dw = random_values(g.num_weights(), 7);
    before.dbias = random_values(g.outputs, 8);
  }
  std::vector<float> x, w, bias, dy;
  Results before;
};

Results run(const Case& c, const Data& data, ComputeContext& context) {
  Results r = data.before;
  conv1d_forward(context, c.geometry, c.batch, c.time, data.x.data(), data.w.data(),
                 data.bias.data(), r.y.data());
  conv1d_backward_input(context, c.geometry, c.batch, c.time, data.dy.data(), data.w.data(),
                        r.dx.data());
  conv1d_backward_weights(context, c.geometry, c.batch, c.time, data.x.data(), data.dy.data(),
                          r.dw.data(), r.dbias.data());
  return r;
}

/// The definition, and for each value the sum of the sizes of its terms: what rounding errors are
/// relative to.
struct Expected {
  std::vector<double> value;
  std::vector<double> size;
  explicit Expected(const std::vector<float>& start) {
    for (const float v : start) {
      value.push_back(v);
      size.push_back(std::abs(v));
    }
  }
  void add(size_t i, double term) {
    value[i] += term;
    size[i] += std::abs(term);
  }
};

void expect_close(const std::vector<float>& got, const Expected& expected, const char* what) {
  ASSERT_EQ(got.size(), expected.value.size());
  for (size_t i = 0; i < got.size(); ++i) {
    // Sums of some hundred terms in float; a wrong operand would be off by 4e-3.
    ASSERT_NEAR(got[i], expected.value[i], 1e-6 * expected.size[i] + 1e-6) << what << " at " << i;
  }
}

void check(const Case& c, Precision precision, Isa isa) {
  const Conv1dGeometry& g = c.geometry;
  const Data data(c);
  const std::vector<float> x = operands(data.x, precision);
  const std::vector<float> w = operands(data.w, precision);
  const std::vector<float> dy = operands(data.dy, precision);
  Expected y(std::vector<float>(data.before.y.size(), 0.0F));
  Expected dx(data.before.dx);
  Expected dw(data.before.dw);
  Expected dbias(data.before.dbias);
  for (size_t i = 0; i < data.dy.size(); ++i) {
    const size_t o = i % static_cast<size_t>(g.outputs);
    y.add(i, data.bias[o]);
    dbias.add(o, data.dy[i]);
  }
  for_products(g, c.batch, c.time, [&](int b, int t, int s, int, int i, int o, int weight) {
    const auto at_y = static_cast<size_t>((b * g.out_time(c.time) + t) * g.outputs + o);
    const auto at_x = static_cast<size_t>((b * c.time + s) * g.inputs + i);
    const auto at_w = static_cast<size_t>(weight);
    y.add(at_y, double{x[at_x]} * w[at_w]);
    dx.add(at_x, double{dy[at_y]} * w[at_w]);
    dw.add(at_w, double{x[at_x]} * dy[at_y]);
  });
  ComputeContext context(1, precision, isa);
  const Results got = run(c, data, context);
  expect_close(got.y, y, "y");
  expect_close(got.dx, dx, "dx");
  expect_close(got.dw, dw, "dw");
  expect_close(got.dbias, dbias, "dbias");
}

class Conv1d : public ::testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (!isa_available(GetParam())) {
      GTEST_SKIP() << "this processor has no " << isa_name(GetParam());
    }
  }
};

TEST_P(Conv1d, FloatIsTheDefinition) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(text(c));
    check(c, Precision::kFloat32, GetParam());
    if (HasFatalFailure()) return;
  }
}

TEST_P(Conv1d, Bfloat16IsTheDefinitionOnRoundedOperands) {
  for (const Case& c : cases()) {
    SCOPED_TRACE(text(c));
    check(c, Precision::kBfloat16, GetParam());
    if (HasFatalFailure()) return;
  }
}

TEST_P(Conv1d, ResultsDoNotDependOnTheNumberOfThreads) {
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16}) {
    ComputeContext one(1, precision, GetParam());
    ComputeContext three(3, precision, GetParam());
    for (const Case& c : cases()) {
      SCOPED_TRACE(text(c));
      const Data data(c);
      const Results a = run(c, data, one);
      const Results b = run(c, data, three);
      ASSERT_EQ(a.y, b.y);
      ASSERT_EQ(a.dx, b.dx);
      ASSERT_EQ(a.dw, b.dw);
      ASSERT_EQ(a.dbias, b.dbias);
    }
  }
}

TEST_P(Conv1d, BiasesMayBeAbsent) {
  const Case c = {{.inputs = 8, .outputs = 8, .kernel = 3, .pad_left = 2}, 1, 12};
  const Data data(c);
  ComputeContext context(1, Precision::kFloat32, GetParam());
  std::vector<float> y = data.before.y;
  conv1d_forward(context, c.geometry, 1, 12, data.x.data(), data.w.data(), nullptr, y.data());
  const Results with = run(c, data, context);
  for (size_t i = 0; i < y.size(); ++i) ASSERT_NEAR(y[i] + data.bias[i % 8], with.y[i], 1e-5);
  std::vector<float> dw = data.before.dw;
  conv1d_backward_weights(context, c.geometry, 1, 12, data.x.data(), data.dy.data(), dw.data(),
                          nullptr);
  EXPECT_EQ(dw, with.dw);
}

INSTANTIATE_TEST_SUITE_P(Isas, Conv1d, ::testing::ValuesIn(kAllIsas),
                         [](const auto& isa) { return std::string(isa_name(isa.param)); });

}  // namespace
}  // namespace bivox
