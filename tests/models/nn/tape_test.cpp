#include "models/nn/tape.h"

#include "tests/models/nn/nn_test_tools.h"

namespace bivox {
namespace {

using nn_test::random_tensor;

TEST(Tape, ParameterUsedTwiceGetsBothGradients) {
  ComputeContext context;
  Tape tape(context, true);
  const float start[] = {3.0F};
  Parameter p("p", Tensor::from({1}, start));
  const Var once = tape.parameter(p);
  const Var again = tape.parameter(p);
  tape.backward(sum(multiply(multiply(once, again), once)));  // p^3
  EXPECT_FLOAT_EQ(p.gradient[0], 27.0F);
}

TEST(Tape, ParameterGradientsAddUpOverSteps) {
  ComputeContext context;
  Tape tape(context, true);
  Parameter p("p", Tensor::filled({2}, 1.0F));
  for (int step = 0; step < 3; ++step) {
    tape.backward(sum(scale(tape.parameter(p), 2.0F)));
    tape.reset();
  }
  EXPECT_FLOAT_EQ(p.gradient[1], 6.0F);
}

// x reaches the loss along two ways of different lengths.
TEST(Tape, DiamondGraph) {
  nn_test::check_gradients(
      [] {
        std::vector<Tensor> x;
        x.push_back(random_tensor({1, 4, 3}, 1));
        return x;
      }(),
      [](Tape&, std::span<const Var> in) {
        const Var side = tanh(in[0]);
        const Var deep = sigmoid(scale(side, 2.0F));
        const Var ends[] = {in[0], side, multiply(side, deep)};
        return add(ends);
      });
}

TEST(Tape, FrozenParametersGetNoGradient) {
  ComputeContext context;
  Tape tape(context, true);
  Parameter p("p", Tensor::filled({2}, 1.0F));
  Parameter frozen("frozen", Tensor::filled({2}, 5.0F));
  frozen.trainable = false;
  tape.backward(sum(multiply(tape.parameter(p), tape.parameter(frozen))));
  EXPECT_FLOAT_EQ(p.gradient[0], 5.0F);
  EXPECT_FLOAT_EQ(frozen.gradient[0], 0.0F);
}

TEST(Tape, InputsKeepTheirGradientAndOthersAreFreed) {
  ComputeContext context;
  Tape tape(context);
  const Var x = tape.input(Tensor::filled({1, 2, 2}, 2.0F));
  const Var unused = tape.input(Tensor::filled({1, 2, 2}, 2.0F));
  const Var y = multiply(x, x);
  const Var loss = sum(y);
  tape.backward(loss, 0.5F);
  EXPECT_THAT(tape.gradient(x).values(), testing::Each(2.0F));
  EXPECT_THAT(tape.gradient(unused).values(), testing::Each(0.0F));
  EXPECT_THAT(tape.gradient(y).values(), testing::Each(0.0F));  // freed: made anew, of zeros
}

TEST(Tape, ConstantsNeedNoGradient) {
  ComputeContext context;
  Tape tape(context);
  const Var x = tape.constant(Tensor::filled({1, 2, 2}, 2.0F));
  const Var y = tanh(x);
  EXPECT_FALSE(tape.needs_gradient(y));
  EXPECT_TRUE(tape.needs_gradient(tape.input(Tensor({1}))));
}

TEST(Tape, ValuesKeepTheirPlaceAsTheTapeGrows) {
  ComputeContext context;
  Tape tape(context);
  const Var x = tape.constant(Tensor::filled({1, 1, 1}, 2.0F));
  const Tensor& value = x.value();
  Var y = x;
  for (int i = 0; i < 100; ++i) y = scale(y, 1.0F);
  EXPECT_EQ(&value, &x.value());
  EXPECT_EQ(value.item(), 2.0F);
}

TEST(Tape, ResetGivesTheMemoryOfAStepToTheNext) {
  drop_tensor_cache();
  ComputeContext context;
  Tape tape(context, true);
  size_t held = 0;
  for (int step = 0; step < 3; ++step) {
    const Var x = tape.input(random_tensor({4, 100, 64}, 1));
    tape.backward(sum(tanh(multiply(x, x))));
    tape.reset();
    if (step > 0) {
      EXPECT_EQ(tensor_cache_bytes(), held);
    }
    held = tensor_cache_bytes();
  }
  EXPECT_GT(held, size_t{4 * 100 * 64 * 4});
}

TEST(Tape, LossIsAScalar) {
  ComputeContext context;
  Tape tape(context);
  EXPECT_THROW(tape.backward(tape.input(Tensor({2}))), std::logic_error);
}

TEST(Tape, RefusesVarsOfAnotherTape) {
  ComputeContext context;
  Tape one(context);
  Tape other(context);
  const Var x = one.input(Tensor({1, 1, 1}));
  const Var y = other.input(Tensor({1, 1, 1}));
  EXPECT_THROW(subtract(x, y), std::logic_error);
}

}  // namespace
}  // namespace bivox
