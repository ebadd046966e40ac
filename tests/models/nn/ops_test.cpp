#include "models/nn/ops.h"

#include "tests/models/nn/nn_test_tools.h"

namespace bivox {
namespace {

using nn_test::check_gradients;
using nn_test::random_tensor;

std::vector<Tensor> tensors(std::initializer_list<Shape> shapes) {
  std::vector<Tensor> result;
  uint32_t seed = 1;
  for (const Shape& shape : shapes) result.push_back(random_tensor(shape, seed++));
  return result;
}

// Away from the kink of relu, where a difference quotient means nothing.
Tensor away_from_zero(const Shape& shape, uint32_t seed) {
  Tensor x = random_tensor(shape, seed);
  for (float& v : x.values()) v += v > 0.0F ? 0.1F : -0.1F;
  return x;
}

struct ConvCase {
  Conv1dGeometry geometry;
  int batch = 2;
  int time = 9;
  bool bias = true;
};

class ConvGradient : public testing::TestWithParam<ConvCase> {};

TEST_P(ConvGradient, MatchesFiniteDifferences) {
  const auto& [g, batch, time, bias] = GetParam();
  std::vector<Tensor> values =
      tensors({{batch, time, g.inputs}, {g.kernel, g.inputs / g.groups, g.outputs}});
  if (bias) values.push_back(random_tensor({g.outputs}, 3));
  check_gradients(std::move(values), [&](Tape&, std::span<const Var> in) {
    return conv1d(in[0], in[1], bias ? in[2] : Var(), g);
  });
}

INSTANTIATE_TEST_SUITE_P(
    Geometries, ConvGradient,
    testing::Values(ConvCase{{3, 4}}, ConvCase{{3, 5, 3, 1, 1, 1, 1}},
                    ConvCase{{2, 4, 3, 2, 1, 1, 1}}, ConvCase{{2, 3, 3, 1, 2, 4, 0}},
                    ConvCase{{4, 6, 3, 1, 1, 1, 1, 2}}, ConvCase{{4, 4, 5, 1, 1, 2, 2, 4}, 1, 7},
                    ConvCase{{6, 3, 2, 3, 2, 0, 1, 3}, 3, 8}, ConvCase{{3, 4}, 2, 5, false}));

TEST(OpsGradient, ConvWithLengths) {
  const int lengths[] = {5, 2};
  const Conv1dGeometry g{3, 4, 3, 1, 1, 1, 1};
  check_gradients(tensors({{2, 5, 3}, {3, 3, 4}, {4}}), [&](Tape&, std::span<const Var> in) {
    return conv1d(in[0], in[1], in[2], g, lengths);
  });
}

TEST(Ops, ConvWithLengthsZeroesFramesBeyond) {
  ComputeContext context;
  Tape tape(context);
  const int lengths[] = {5, 2};
  const Conv1dGeometry g{3, 4, 3, 1, 1, 1, 1};
  const Var x = tape.constant(random_tensor({2, 5, 3}, 1));
  const Var w = tape.constant(random_tensor({3, 3, 4}, 2));
  const Var b = tape.constant(random_tensor({4}, 3));
  const Var masked = conv1d(x, w, b, g, lengths);
  const Var plain = mask_frames(conv1d(x, w, b, g), lengths);
  EXPECT_THAT(masked.value().values(), testing::ElementsAreArray(plain.value().values()));
  EXPECT_EQ(masked.value()[(5 + 2) * 4], 0.0F);
  EXPECT_NE(masked.value()[(5 + 1) * 4], 0.0F);
}

TEST(OpsGradient, ConvTranspose) {
  for (const auto& [kernel, stride] : {std::pair{4, 2}, {3, 2}, {3, 3}, {7, 2}, {1, 1}}) {
    check_gradients(tensors({{2, 4, 3}, {kernel, 3, 5}, {5}}),
                    [k = kernel, s = stride](Tape&, std::span<const Var> in) {
                      return conv_transpose(in[0], in[1], in[2], k, s);
                    });
  }
}

// The definition, term by term.
TEST(Ops, ConvTransposeIsItsDefinition) {
  for (const auto& [kernel, stride] : {std::pair{4, 2}, {3, 2}, {5, 3}, {7, 2}, {1, 1}}) {
    ComputeContext context;
    Tape tape(context);
    const Var x = tape.constant(random_tensor({2, 6, 3}, 1));
    const Var w = tape.constant(random_tensor({kernel, 3, 4}, 2));
    const Var b = tape.constant(random_tensor({4}, 3));
    const int time = 6 * stride;
    Tensor expected({2, time, 4});
    for (int64_t i = 0; i < expected.size(); ++i) expected[i] = b.value()[i % 4];
    const int pad = (kernel - stride) / 2;
    for (int n = 0; n < 2; ++n) {
      for (int t = 0; t < 6; ++t) {
        for (int k = 0; k < kernel; ++k) {
          const int to = t * stride + k - pad;
          if (to < 0 || to >= time) continue;
          for (int i = 0; i < 3; ++i) {
            for (int o = 0; o < 4; ++o) {
              expected[(n * time + to) * 4 + o] +=
                  x.value()[(n * 6 + t) * 3 + i] * w.value()[(k * 3 + i) * 4 + o];
            }
          }
        }
      }
    }
    const Var y = conv_transpose(x, w, b, kernel, stride);
    ASSERT_EQ(y.shape(), expected.shape());
    nn_test::expect_close(y.value(), expected, 1e-5F, "conv_transpose");
  }
}

TEST(OpsGradient, Maps) {
  for (const auto op : {&tanh, &sigmoid}) {
    check_gradients(tensors({{2, 5, 7}}),
                    [op](Tape&, std::span<const Var> in) { return op(in[0]); });
  }
  std::vector<Tensor> values;
  values.push_back(away_from_zero({2, 5, 7}, 4));
  check_gradients(std::move(values), [](Tape&, std::span<const Var> in) { return relu(in[0]); });
}

TEST(OpsGradient, Gates) {
  for (const auto op : {&gate, &glu}) {
    check_gradients(tensors({{2, 3, 38}}),
                    [op](Tape&, std::span<const Var> in) { return op(in[0]); });
  }
}

TEST(OpsGradient, LogSoftmax) {
  check_gradients(tensors({{2, 3, 19}}),
                  [](Tape&, std::span<const Var> in) { return log_softmax(in[0]); });
}

TEST(OpsGradient, Dropout) {
  check_gradients(tensors({{2, 5, 21}}),
                  [](Tape&, std::span<const Var> in) { return dropout(in[0], 0.4F); });
}

TEST(Ops, DropoutKeepsTheMeanAndIsTheIdentityOutsideOfTraining) {
  ComputeContext context;
  Tape tape(context, true);
  const Var x = tape.constant(Tensor::filled({1, 1000, 100}, 1.0F));
  const Var y = dropout(x, 0.3F);
  double total = 0.0;
  int zeros = 0;
  for (const float v : y.value().values()) {
    total += v;
    zeros += v == 0.0F ? 1 : 0;
    ASSERT_TRUE(v == 0.0F || std::fabs(v - 1.0F / 0.7F) < 1e-6F);
  }
  EXPECT_NEAR(total / 1e5, 1.0, 0.01);  // 4.8 standard deviations
  EXPECT_NEAR(zeros / 1e5, 0.3, 0.007);
  EXPECT_NE(dropout(x, 0.3F).value()[0] + dropout(x, 0.3F).value()[1] +
                dropout(x, 0.3F).value()[2] + dropout(x, 0.3F).value()[3],
            0.0F);  // other masks every time: all four zero twice is not a fault of one seed
  tape.set_training(false);
  EXPECT_EQ(dropout(x, 0.3F).index(), x.index());
}

TEST(Ops, DropoutMasksFollowTheSeed) {
  ComputeContext one(1);
  ComputeContext two(2);
  std::vector<std::vector<float>> results;
  for (ComputeContext* context : {&one, &two, &one}) {
    Tape tape(*context, true);
    tape.set_random_seed(results.size() == 2 ? 6 : 5);
    const Var y = dropout(tape.constant(Tensor::filled({1, 1000, 101}, 1.0F)), 0.5F);
    results.emplace_back(y.value().values().begin(), y.value().values().end());
  }
  EXPECT_EQ(results[0], results[1]);  // whatever the number of threads
  size_t equal = 0;
  for (size_t i = 0; i < results[0].size(); ++i) equal += results[0][i] == results[2][i] ? 1 : 0;
  EXPECT_NEAR(static_cast<double>(equal) / static_cast<double>(results[0].size()), 0.5, 0.01);
}

TEST(OpsGradient, Arithmetic) {
  check_gradients(tensors({{2, 3, 5}, {2, 3, 5}, {2, 3, 5}}),
                  [](Tape&, std::span<const Var> in) { return add(in); });
  check_gradients(tensors({{2, 3, 5}}), [](Tape&, std::span<const Var> in) {
    const Var both[] = {in[0], in[0]};
    return add(both);
  });
  check_gradients(tensors({{2, 3, 5}, {2, 3, 5}}),
                  [](Tape&, std::span<const Var> in) { return subtract(in[0], in[1]); });
  check_gradients(tensors({{2, 3, 5}, {2, 3, 5}}),
                  [](Tape&, std::span<const Var> in) { return multiply(in[0], in[1]); });
  check_gradients(tensors({{2, 3, 5}}),
                  [](Tape&, std::span<const Var> in) { return multiply(in[0], in[0]); });
  check_gradients(tensors({{2, 3, 5}}),
                  [](Tape&, std::span<const Var> in) { return scale(in[0], -1.5F); });
  check_gradients(tensors({{2, 3, 5}}), [](Tape&, std::span<const Var> in) { return sum(in[0]); });
}

TEST(OpsGradient, ConcatAndSlice) {
  check_gradients(tensors({{2, 3, 5}, {2, 3, 1}, {2, 3, 4}}),
                  [](Tape&, std::span<const Var> in) { return concat(in); });
  check_gradients(tensors({{2, 3, 5}}),
                  [](Tape&, std::span<const Var> in) { return slice(in[0], 1, 3); });
}

TEST(Ops, SliceUndoesConcat) {
  ComputeContext context;
  Tape tape(context);
  const Var parts[] = {tape.constant(random_tensor({2, 3, 5}, 1)),
                       tape.constant(random_tensor({2, 3, 2}, 2))};
  const Var whole = concat(parts);
  EXPECT_THAT(slice(whole, 0, 5).value().values(),
              testing::ElementsAreArray(parts[0].value().values()));
  EXPECT_THAT(slice(whole, 5, 2).value().values(),
              testing::ElementsAreArray(parts[1].value().values()));
}

TEST(OpsGradient, FrameOperations) {
  check_gradients(tensors({{2, 3, 5}}),
                  [](Tape&, std::span<const Var> in) { return repeat_frames(in[0], 3); });
  const int lengths[] = {1, 3};
  check_gradients(tensors({{2, 3, 5}}),
                  [&](Tape&, std::span<const Var> in) { return mask_frames(in[0], lengths); });
  const int first[] = {2, 0, 1};
  const int second[] = {1, 4};
  const std::span<const int> durations[] = {first, second};
  check_gradients(tensors({{2, 3, 5}}), [&](Tape&, std::span<const Var> in) {
    return regulate_length(in[0], durations);
  });
}

TEST(Ops, RegulateLengthRepeatsEachFrame) {
  ComputeContext context;
  Tape tape(context);
  const float frames[] = {1, 2, 3, 4, 5, 6};
  const int first[] = {2, 0, 1};
  const int second[] = {1, 4};
  const std::span<const int> durations[] = {first, second};
  const Var y = regulate_length(tape.constant(Tensor::from({2, 3, 1}, frames)), durations);
  EXPECT_EQ(y.shape(), Shape({2, 5, 1}));
  EXPECT_THAT(y.value().values(), testing::ElementsAre(1, 1, 3, 0, 0, 4, 5, 5, 5, 5));
}

TEST(OpsGradient, Embedding) {
  const float indices[] = {0, 2, 2, 1, 3, 2};
  check_gradients(tensors({{4, 5}}), [&](Tape& tape, std::span<const Var> in) {
    return embedding(tape.constant(Tensor::from({2, 3, 1}, indices)), in[0]);
  });
}

TEST(Ops, EmbeddingRefusesRowsThatAreNotThere) {
  ComputeContext context;
  Tape tape(context);
  const Var table = tape.constant(random_tensor({4, 5}, 1));
  for (const float index : {-1.0F, 4.0F}) {
    EXPECT_THROW(embedding(tape.constant(Tensor::filled({1, 1, 1}, index)), table),
                 std::logic_error);
  }
}

class BatchNormGradient : public testing::TestWithParam<std::tuple<bool, bool, bool>> {};

TEST_P(BatchNormGradient, MatchesFiniteDifferences) {
  const auto [training, masked, rectify] = GetParam();
  Tensor mean = random_tensor({6}, 10, 0.3F);
  Tensor variance = Tensor::filled({6}, 1.7F);
  const std::vector<int> lengths = masked ? std::vector<int>{5, 2} : std::vector<int>{};
  nn_test::GradientCheck check;
  check.training = training;
  check.step = rectify ? 2e-3F : 1e-2F;  // fewer rectifiers turn within a small step
  check.tolerance = rectify ? 1e-2F : 4e-3F;
  std::vector<Tensor> values = tensors({{2, 5, 6}, {6}, {6}});
  if (rectify) {
    for (float& v : values[2].values()) v = v > 0.0F ? v + 0.5F : v - 0.5F;
  }
  check_gradients(
      std::move(values),
      [&](Tape&, std::span<const Var> in) {
        Tensor m = mean.clone();
        Tensor v = variance.clone();
        return batch_norm(in[0], in[1], in[2], {&m, &v}, lengths, rectify);
      },
      check);
}

INSTANTIATE_TEST_SUITE_P(Kinds, BatchNormGradient,
                         testing::Combine(testing::Bool(), testing::Bool(), testing::Bool()));

TEST(Ops, BatchNormRectifiedIsReluOfBatchNorm) {
  ComputeContext context;
  Tape tape(context, true);
  const int lengths[] = {50, 20};
  Tensor mean({33});
  Tensor variance = Tensor::filled({33}, 1.0F);
  const BatchNormStatistics statistics{&mean, &variance, 0.0F};
  Tensor direction = random_tensor({2, 50, 33}, 9);
  std::vector<Tensor> results;
  for (const bool fused : {false, true}) {
    const Var x = tape.input(random_tensor({2, 50, 33}, 1));
    const Var gain = tape.input(random_tensor({33}, 2));
    const Var offset = tape.input(random_tensor({33}, 3));
    const Var y = fused ? batch_norm(x, gain, offset, statistics, lengths, true)
                        : relu(batch_norm(x, gain, offset, statistics, lengths));
    tape.backward(sum(multiply(y, tape.constant(direction.clone()))));
    results.push_back(y.value().clone());
    for (const Var v : {x, gain, offset}) results.push_back(tape.gradient(v).clone());
  }
  for (size_t i = 0; i < 4; ++i) nn_test::expect_close(results[4 + i], results[i], 1e-5F, "fused");
}

TEST(Ops, BatchNormNormalisesRealFramesFarFromZero) {
  ComputeContext context;
  Tape tape(context, true);
  Tensor data = random_tensor({2, 200, 3}, 1);
  for (float& v : data.values()) v += 1000.0F;
  const int lengths[] = {200, 90};
  for (int64_t i = (200 + 90) * 3; i < data.size(); ++i) data[i] = 1e6F;  // must not be looked at
  Tensor mean({3});
  Tensor variance = Tensor::filled({3}, 1.0F);
  const Var y = batch_norm(tape.constant(std::move(data)), tape.constant(Tensor::filled({3}, 1.0F)),
                           tape.constant(Tensor({3})), {&mean, &variance, 1.0F}, lengths);
  double total = 0.0;
  double squares = 0.0;
  for (int64_t r = 0; r < 290; ++r) {
    total += y.value()[r * 3];
    squares += y.value()[r * 3] * y.value()[r * 3];
  }
  EXPECT_NEAR(total / 290, 0.0, 1e-3);
  EXPECT_NEAR(squares / 290, 1.0, 1e-3);
  EXPECT_NEAR(mean[0], 1000.0F, 0.3F);
  EXPECT_NEAR(variance[0], 1.0F, 0.3F);
  EXPECT_EQ(y.value()[y.value().size() - 1], 0.0F);
}

TEST(OpsGradient, LayerNorm) {
  check_gradients(tensors({{2, 5, 21}, {21}, {21}}),
                  [](Tape&, std::span<const Var> in) { return layer_norm(in[0], in[1], in[2]); });
}

}  // namespace
}  // namespace bivox
