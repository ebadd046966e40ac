// Packed convolutions against the definition on rounded operands, for every instruction set and
// precision; frames alone, in chunks and at once, bit by bit; no allocation.
#include "models/nn/kernels/packed_conv1d.h"

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

using testing::for_products;
using testing::operands;
using testing::random_values;

constexpr Isa kAllIsas[] = {Isa::kPlain, Isa::kAvx2, Isa::kAvx512, Isa::kAvx512Bf16, Isa::kAmx};
constexpr Precision kPrecisions[] = {Precision::kFloat32, Precision::kBfloat16, Precision::kInt8};

std::vector<Conv1dGeometry> geometries() {
  std::vector<Conv1dGeometry> result = {
      {.inputs = 1, .outputs = 1},
      {.inputs = 64, .outputs = 48},
      {.inputs = 33, .outputs = 17, .kernel = 2, .dilation = 4},
      {.inputs = 80, .outputs = 40, .kernel = 5, .stride = 2},
      {.inputs = 30, .outputs = 70, .kernel = 3, .stride = 3, .dilation = 2},
      {.inputs = 32, .outputs = 48, .kernel = 3, .groups = 2},
      {.inputs = 21, .outputs = 21, .kernel = 5, .groups = 21},
      {.inputs = 6, .outputs = 12, .kernel = 3, .dilation = 2, .groups = 3},
  };
  for (int kernel = 1; kernel <= 11; ++kernel) {
    result.push_back({.inputs = 16, .outputs = 35, .kernel = kernel});
  }
  return result;
}

std::string text(const Conv1dGeometry& g) {
  return std::to_string(g.inputs) + "->" + std::to_string(g.outputs) + " k" +
         std::to_string(g.kernel) + " s" + std::to_string(g.stride) + " d" +
         std::to_string(g.dilation) + " groups " + std::to_string(g.groups);
}

/// Rows or columns of `values` to the nearest multiples of their largest magnitude / 127.
std::vector<float> rounded_to_int8(std::vector<float> values, size_t count, size_t step,
                                   size_t pieces, size_t piece_step) {
  for (size_t p = 0; p < pieces; ++p) {
    float largest = 0.0F;
    for (size_t i = 0; i < count; ++i) {
      largest = std::max(largest, std::abs(values[p * piece_step + i * step]));
    }
    const float scale = largest / 127.0F;
    for (size_t i = 0; i < count; ++i) {
      float& value = values[p * piece_step + i * step];
      value = scale > 0.0F ? std::nearbyint(value / scale) * scale : 0.0F;
    }
  }
  return values;
}

/// Moves values off the middle between two multiples, where float arithmetic may go either way.
std::vector<float> without_ties(std::vector<float> values, size_t count, size_t step, size_t pieces,
                                size_t piece_step) {
  for (size_t p = 0; p < pieces; ++p) {
    float largest = 0.0F;
    for (size_t i = 0; i < count; ++i) {
      largest = std::max(largest, std::abs(values[p * piece_step + i * step]));
    }
    for (size_t i = 0; i < count; ++i) {
      float& value = values[p * piece_step + i * step];
      const float multiple = value / largest * 127.0F;
      if (std::abs(std::abs(multiple - std::trunc(multiple)) - 0.5F) < 1e-3F) value *= 0.999F;
    }
  }
  return values;
}

struct Example {
  Example(const Conv1dGeometry& geometry, int num_frames, Precision precision, Isa isa, bool relu)
      : g(geometry),
        frames(num_frames),
        w(without_ties(random_values(g.num_weights(), 2),
                       static_cast<size_t>(g.num_weights() / g.outputs),
                       static_cast<size_t>(g.outputs), static_cast<size_t>(g.outputs), 1)),
        bias(random_values(g.outputs, 3)),
        conv(g, w, bias, {.precision = precision, .relu = relu, .isa = isa}),
        x(without_ties(random_values(int64_t{1} * conv.input_rows(frames) * g.inputs, 1),
                       static_cast<size_t>(g.inputs), 1,
                       static_cast<size_t>(conv.input_rows(frames)),
                       static_cast<size_t>(g.inputs))),
        add(random_values(int64_t{1} * frames * g.outputs, 4)) {}

  /// Frames [first, first + count) written to y.
  void run(ComputeContext& context, int first, int count, float* y) const {
    std::vector<std::byte> bytes(conv.scratch_bytes(count) + 64, std::byte{0xff});
    void* aligned = bytes.data();
    size_t space = bytes.size();
    std::align(64, conv.scratch_bytes(count), aligned, space);
    conv.run(context, {.x = x.data() + int64_t{1} * first * g.stride * g.inputs,
                       .y = y + int64_t{1} * first * g.outputs,
                       .frames = count,
                       .add = add.data() + int64_t{1} * first * g.outputs,
                       .scratch = static_cast<std::byte*>(aligned)});
  }

  Conv1dGeometry g;
  int frames;
  std::vector<float> w;
  std::vector<float> bias;
  PackedConv1d conv;
  std::vector<float> x;
  std::vector<float> add;
};

class PackedConv : public ::testing::TestWithParam<Isa> {
 protected:
  void SetUp() override {
    if (!isa_available(GetParam())) {
      GTEST_SKIP() << "this processor has no " << isa_name(GetParam());
    }
  }
};

TEST_P(PackedConv, IsTheDefinitionOnRoundedOperands) {
  for (const Precision precision : kPrecisions) {
    for (const Conv1dGeometry& g : geometries()) {
      for (const bool relu : {false, true}) {
        SCOPED_TRACE(text(g) + " " + std::string(precision_name(precision)));
        const int frames = 29;
        const Example example(g, frames, precision, GetParam(), relu);
        ComputeContext context(1, precision, GetParam());
        std::vector<float> y(example.add.size(), 1e9F);
        example.run(context, 0, frames, y.data());

        std::vector<float> x = operands(example.x, precision);
        std::vector<float> w = operands(example.w, precision);
        const bool narrow_groups = g.groups > 1 && g.inputs / g.groups < 8;  // float, not int8
        if (precision == Precision::kInt8 && !narrow_groups) {
          const auto inputs = static_cast<size_t>(g.inputs);
          const auto outputs = static_cast<size_t>(g.outputs);
          x = rounded_to_int8(x, inputs, 1, x.size() / inputs, inputs);
          w = rounded_to_int8(w, w.size() / outputs, outputs, outputs, 1);
        }
        std::vector<double> expected(y.size());
        for (size_t i = 0; i < y.size(); ++i) {
          expected[i] = double{example.add[i]} + example.bias[i % static_cast<size_t>(g.outputs)];
        }
        for_products(g, 1, example.conv.input_rows(frames),
                     [&](int, int t, int s, int, int i, int o, int weight) {
                       expected[static_cast<size_t>(t * g.outputs + o)] +=
                           double{x[static_cast<size_t>(s * g.inputs + i)]} *
                           w[static_cast<size_t>(weight)];
                     });
        for (size_t i = 0; i < y.size(); ++i) {
          const double want = relu ? std::max(0.0, expected[i]) : expected[i];
          ASSERT_NEAR(y[i], want, 2e-4) << i;
        }
      }
    }
  }
}

TEST_P(PackedConv, ChunksAndThreadsGiveTheSameBits) {
  for (const Precision precision : kPrecisions) {
    ComputeContext one(1, precision, GetParam());
    ComputeContext three(3, precision, GetParam());
    for (const Conv1dGeometry& g : geometries()) {
      SCOPED_TRACE(text(g) + " " + std::string(precision_name(precision)));
      const int frames = 50;
      const Example example(g, frames, precision, GetParam(), true);
      std::vector<float> whole(example.add.size());
      std::vector<float> threaded(example.add.size());
      std::vector<float> chunked(example.add.size());
      example.run(one, 0, frames, whole.data());
      example.run(three, 0, frames, threaded.data());
      const std::array<int, 6> sizes = {1, 2, 7, 13, 1, 26};
      int first = 0;
      for (const int size : sizes) {
        example.run(one, first, size, chunked.data());
        first += size;
      }
      ASSERT_EQ(first, frames);
      ASSERT_EQ(whole, threaded);
      ASSERT_EQ(whole, chunked);
    }
  }
}

TEST_P(PackedConv, RowsMayBePartsOfWiderOnes) {
  for (const Precision precision : kPrecisions) {
    const Conv1dGeometry g = {.inputs = 20, .outputs = 24, .kernel = 3};
    const Example example(g, 15, precision, GetParam(), false);
    ComputeContext context(1, precision, GetParam());
    std::vector<float> expected(example.add.size());
    example.run(context, 0, 15, expected.data());
    // The same rows inside of wider ones, and `add` in the place of y.
    const int x_stride = 31;
    const int y_stride = 40;
    std::vector<float> x(static_cast<size_t>(17 * x_stride), 1e30F);
    std::vector<float> y(static_cast<size_t>(15 * y_stride), -5.0F);
    for (int row = 0; row < 17; ++row) {
      std::copy_n(example.x.data() + row * 20, 20, x.data() + row * x_stride);
    }
    for (int row = 0; row < 15; ++row) {
      std::copy_n(example.add.data() + row * 24, 24, y.data() + row * y_stride);
    }
    alignas(64) static std::array<std::byte, 16384> scratch;
    ASSERT_LE(example.conv.scratch_bytes(15), scratch.size());
    example.conv.run(context, {.x = x.data(),
                               .y = y.data(),
                               .frames = 15,
                               .add = y.data(),
                               .x_stride = x_stride,
                               .y_stride = y_stride,
                               .add_stride = y_stride,
                               .scratch = scratch.data()});
    for (int row = 0; row < 15; ++row) {
      for (int o = 0; o < y_stride; ++o) {
        const float want = o < 24 ? expected[static_cast<size_t>(row * 24 + o)] : -5.0F;
        ASSERT_EQ(y[static_cast<size_t>(row * y_stride + o)], want);
      }
    }
  }
}

TEST_P(PackedConv, RunningAllocatesNothing) {
  if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer has its own allocator";
  for (const Precision precision : kPrecisions) {
    for (const int threads : {1, 2}) {
      ComputeContext context(threads, precision, GetParam());
      const Conv1dGeometry g = {.inputs = 24, .outputs = 64, .kernel = 3};
      const Example example(g, 300, precision, GetParam(), true);
      std::vector<float> y(example.add.size());
      std::vector<std::byte> bytes(example.conv.scratch_bytes(300) + 64);
      void* aligned = bytes.data();
      size_t space = bytes.size();
      std::align(64, example.conv.scratch_bytes(300), aligned, space);
      const auto before = allocations_so_far();
      example.conv.run(context, {.x = example.x.data(),
                                 .y = y.data(),
                                 .frames = 300,
                                 .scratch = static_cast<std::byte*>(aligned)});
      EXPECT_EQ(allocations_so_far(), before);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Isas, PackedConv, ::testing::ValuesIn(kAllIsas),
                         [](const auto& isa) { return std::string(isa_name(isa.param)); });

}  // namespace
}  // namespace bivox
