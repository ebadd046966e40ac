// Every loop on every instruction set of this processor, against plain arithmetic in double.
#include "models/nn/kernels/elementwise.h"

#include <hwy/targets.h>

#include "tests/models/nn/nn_test_tools.h"

namespace bivox {
namespace {

using nn_test::random_tensor;

// Runs a test for each instruction set that was compiled and that this processor has.
template <class F>
void for_each_target(F&& test) {
  for (const int64_t target : hwy::SupportedAndGeneratedTargets()) {
    SCOPED_TRACE(hwy::TargetName(target));
    hwy::SetSupportedTargetsForTest(target);
    test();
  }
  hwy::SetSupportedTargetsForTest(0);
}

double plain(elementwise::Map map, double x) {
  switch (map) {
    case elementwise::Map::kRelu:
      return std::max(0.0, x);
    case elementwise::Map::kTanh:
      return std::tanh(x);
    case elementwise::Map::kSigmoid:
      return 1.0 / (1.0 + std::exp(-x));
    case elementwise::Map::kExp:
      return std::exp(x);
  }
  return 0.0;
}

constexpr elementwise::Map kMaps[] = {elementwise::Map::kRelu, elementwise::Map::kTanh,
                                      elementwise::Map::kSigmoid, elementwise::Map::kExp};

TEST(Elementwise, MapsAreTheirFunctions) {
  ComputeContext context;
  for_each_target([&] {
    for (const elementwise::Map map : kMaps) {
      for (const int64_t n : {1, 7, 16, 33, 1000}) {
        Tensor x = random_tensor({n}, 1, 4.0F);
        if (n == 1000) {  // to the ends of the range
          for (int64_t i = 0; i < 100; ++i) x[i] = static_cast<float>(i) * 2.0F - 100.0F;
          x[100] = 0.0F;
          x[101] = 1e-20F;
          x[102] = -1e-20F;
        }
        Tensor y({n});
        elementwise::apply(context, map, n, x.data(), y.data());
        for (int64_t i = 0; i < n; ++i) {
          const double expected = plain(map, x[i]);
          if (expected > 3e38) continue;
          ASSERT_NEAR(y[i], expected, 6e-7 * std::fabs(expected) + 1e-37) << x[i];
        }
        Tensor dy = random_tensor({n}, 2);
        const Tensor direction = dy.clone();
        elementwise::apply_backward(context, map, n, y.data(), dy.data());
        for (int64_t i = 0; i < n; ++i) {
          double slope = 0.0;
          if (map == elementwise::Map::kRelu) slope = y[i] > 0.0F ? 1.0 : 0.0;
          if (map == elementwise::Map::kTanh) slope = 1.0 - double{y[i]} * y[i];
          if (map == elementwise::Map::kSigmoid) slope = y[i] * (1.0 - double{y[i]});
          if (map == elementwise::Map::kExp) slope = y[i];
          const double expected = slope * direction[i];
          if (std::fabs(expected) > 1e37) continue;
          ASSERT_NEAR(dy[i], expected, 2e-7 + 1e-6 * std::fabs(expected));
        }
      }
    }
  });
}

TEST(Elementwise, NotANumberIsHandedOn) {
  ComputeContext context;
  for_each_target([&] {
    for (const int64_t n : {1, 16}) {
      const Tensor x = Tensor::filled({n}, std::nanf(""));
      Tensor y({n});
      elementwise::apply(context, elementwise::Map::kRelu, n, x.data(), y.data());
      EXPECT_TRUE(std::isnan(y[0])) << n;
    }
  });
}

TEST(Elementwise, Arithmetic) {
  ComputeContext context;
  for_each_target([&] {
    for (const int64_t n : {1, 15, 16, 100}) {
      const Tensor a = random_tensor({n}, 1);
      const Tensor b = random_tensor({n}, 2);
      Tensor y({n});
      elementwise::add(context, n, a.data(), -1.0F, b.data(), y.data());
      for (int64_t i = 0; i < n; ++i) ASSERT_FLOAT_EQ(y[i], a[i] - b[i]);
      elementwise::multiply(context, n, a.data(), b.data(), y.data(), false);
      elementwise::multiply(context, n, a.data(), b.data(), y.data(), true);
      elementwise::scale(context, n, 0.25F, y.data(), y.data());
      elementwise::add_to(context, n, a.data(), y.data());
      for (int64_t i = 0; i < n; ++i) ASSERT_NEAR(y[i], a[i] + 0.5F * a[i] * b[i], 1e-6F);
      double total = 0.0;
      for (const float v : a.values()) total += v;
      EXPECT_NEAR(elementwise::sum(context, n, a.data()), total, 1e-5);
    }
  });
}

TEST(Elementwise, LogSoftmaxOfFarApartLogits) {
  ComputeContext context;
  for_each_target([&] {
    for (const int64_t width : {1, 5, 40}) {
      Tensor x = random_tensor({3, width}, 1, 3.0F);
      x[0] = 1000.0F;
      x[width] = -1000.0F;
      Tensor y({3, width});
      elementwise::log_softmax(context, 3, width, x.data(), y.data());
      for (int64_t r = 0; r < 3; ++r) {
        double top = -1e30;
        for (int64_t i = 0; i < width; ++i) top = std::max(top, double{x[r * width + i]});
        double total = 0.0;
        for (int64_t i = 0; i < width; ++i) total += std::exp(x[r * width + i] - top);
        for (int64_t i = 0; i < width; ++i) {
          const double expected = x[r * width + i] - top - std::log(total);
          ASSERT_NEAR(y[r * width + i], expected, 1e-6 * std::max(1.0, std::fabs(expected)));
        }
      }
    }
  });
}

TEST(Elementwise, MomentsOfManyBlocks) {
  ComputeContext context;
  const int lengths[] = {300, 0, 129};
  const auto blocks = row_blocks(3, 300, lengths);
  ASSERT_EQ(blocks.size(), 5U);
  Tensor x = random_tensor({900, 19}, 1);
  for (int64_t i = 0; i < x.size(); ++i) x[i] = x[i] * static_cast<float>(1 + i % 19) + 50.0F;
  for_each_target([&] {
    Tensor mean({19});
    Tensor deviations({19});
    const int64_t rows = elementwise::channel_moments(context, blocks, 19, x.data(), mean.values(),
                                                      deviations.values());
    EXPECT_EQ(rows, 429);
    for (int64_t c = 0; c < 19; ++c) {
      double total = 0.0;
      double squares = 0.0;
      for (int64_t r = 0; r < 900; ++r) {
        const bool real = r < 300 || (r >= 600 && r < 729);
        if (real) total += x[r * 19 + c];
      }
      for (int64_t r = 0; r < 900; ++r) {
        const bool real = r < 300 || (r >= 600 && r < 729);
        if (real) squares += std::pow(x[r * 19 + c] - total / 429, 2);
      }
      ASSERT_NEAR(mean[c], total / 429, 1e-5 * 50);
      ASSERT_NEAR(deviations[c], squares, 1e-5 * squares);
    }
  });
}

// The same bits on one thread and on three, forward and backward.
TEST(Elementwise, ResultsDoNotDependOnTheNumberOfThreads) {
  std::vector<std::vector<float>> results;
  for (const int threads : {1, 3}) {
    ComputeContext context(threads);
    Tape tape(context, true);
    Tensor mean({64});
    Tensor variance = Tensor::filled({64}, 1.0F);
    const int lengths[] = {1000, 617};
    const Var x = tape.input(random_tensor({2, 1000, 64}, 1));
    const Var gain = tape.input(random_tensor({64}, 2));
    const Var offset = tape.input(random_tensor({64}, 3));
    const Var n = batch_norm(x, gain, offset, {&mean, &variance}, lengths, true);
    const Var l = layer_norm(n, gain, offset);
    const Var y = log_softmax(gate(dropout(l, 0.1F)));
    tape.backward(sum(multiply(y, y)));
    results.emplace_back(y.value().values().begin(), y.value().values().end());
    for (const Var v : {x, gain, offset}) {
      const auto g = tape.gradient(v).values();
      results.back().insert(results.back().end(), g.begin(), g.end());
    }
  }
  EXPECT_EQ(results[0], results[1]);
}

TEST(Parallel, RangesCoverEverythingOnce) {
  ComputeContext context(3);
  for (const int64_t n : {0, 1, 15, 16, 47, 48, 1000}) {
    std::vector<int> seen(static_cast<size_t>(n), 0);
    parallel_range(context, n, 10, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) ++seen[static_cast<size_t>(i)];
    });
    EXPECT_THAT(seen, testing::Each(1)) << n;
  }
}

}  // namespace
}  // namespace bivox
