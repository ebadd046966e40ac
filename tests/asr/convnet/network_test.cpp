#include "asr/convnet/network.h"

#include <gtest/gtest.h>

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
