#include "asr/convnet/network.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "convnet_fixture.h"
#include "dsp/core/error.h"

namespace bivox {
namespace {

TEST(ConvNetNetwork, GivesAnOutputForEveryThirdFrame) {
  const Network net = make_convnet(small_convnet(7));
  ASSERT_EQ(net.outputs().size(), 1U);
  EXPECT_EQ(net.node(net.outputs()[0]).channels, 7);
  EXPECT_EQ(net.out_frames(net.outputs()[0], 30), 10);
  EXPECT_EQ(net.out_frames(net.outputs()[0], 31), 11);
}

TEST(ConvNetNetwork, LookAheadKeepsItsBudget) {
  for (const int right : {2, 8, 17, 27, 100}) {
    ConvNetOptions options = small_convnet(7);
    options.blocks = 5;
    options.kernel = 5;
    options.right_frames = right;
    const Network net = make_convnet(options);
    const Network::Context context = net.context(net.outputs()[0]);
    EXPECT_LE(context.right, right);
    EXPECT_GT(context.right, std::min(right, 62) - 3) << "the budget is used";
    EXPECT_EQ(context.left + context.right, 124) << "what is not ahead is behind";
    EXPECT_EQ(net.out_frames(net.outputs()[0], 31), 11);
  }
}

TEST(ConvNetNetwork, PhonesAreASecondOutput) {
  ConvNetOptions options = small_convnet(7);
  options.phones = 4;
  Network training = make_convnet(options);
  training.initialize(3);
  ASSERT_EQ(training.outputs().size(), 2U);
  EXPECT_EQ(training.node(training.outputs()[1]).channels, 5);
  Network finished = make_convnet(small_convnet(7));
  EXPECT_EQ(copy_parameters(training, finished), 0);
  for (const auto& parameter : finished.parameters()) {
    const Parameter* source = training.find_parameter(parameter->name);
    ASSERT_NE(source, nullptr);
    EXPECT_TRUE(std::ranges::equal(source->value.values(), parameter->value.values()));
  }
  Network other = make_convnet(small_convnet(8));
  EXPECT_EQ(copy_parameters(training, other), 2) << "weights and bias of the other states";
}

TEST(ConvNetNetwork, CopiedTapsKeepTheirPlaceInTime) {
  Network whole = make_convnet(small_convnet(7));
  whole.initialize(3);
  // What looks ahead is made zero: then a network that cannot look ahead says the same.
  for (const NetworkNode& node : whole.nodes()) {
    if (node.op != Op::kConv1d || node.geometry.kernel != 3) continue;
    Tensor& weights = whole.parameter(node.parameters.front()).value;
    std::fill(weights.values().end() - weights.size() / 3, weights.values().end(), 0.0F);
  }
  ConvNetOptions options = small_convnet(7);
  options.right_frames = options.stem_kernel / 2;
  Network causal = make_convnet(options);
  EXPECT_EQ(copy_parameters(whole, causal), 0);
  ComputeContext context(1, Precision::kFloat32);
  const auto run = [&](Network& network) {
    Tape tape(context, false);
    const FeatureMatrix rows = random_rows(40, 12, 5);
    const Var input[] = {
        tape.constant(Tensor::from({1, 40, 12}, {rows.data(), static_cast<size_t>(rows.size())}))};
    const Tensor& output = network.forward(tape, input)[0].value();
    return std::vector<float>(output.values().begin(), output.values().end());
  };
  EXPECT_THAT(run(causal), testing::Pointwise(testing::FloatNear(1e-4F), run(whole)));
}

TEST(ConvNetNetwork, RefusesWhatMakesNoSense) {
  ConvNetOptions even = small_convnet(7);
  even.kernel = 4;
  EXPECT_THROW(make_convnet(even), Error);
  ConvNetOptions deaf = small_convnet(7);
  deaf.right_frames = 1;
  EXPECT_THROW(make_convnet(deaf), Error);
}

}  // namespace
}  // namespace bivox
