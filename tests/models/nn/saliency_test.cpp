#include "models/nn/saliency.h"

#include "dsp/core/error.h"
#include "tests/models/nn/nn_test_tools.h"

namespace bivox {
namespace {

using nn_test::random_tensor;

Network small_network() {
  Network net;
  const NodeId x = net.input("x", 4);
  const NodeId c = net.conv1d("c", x, {4, 6, 3, 1, 1, 1, 1});
  const NodeId n = net.batch_norm("n", c);
  const NodeId t = net.tanh("t", n);
  net.output(net.conv1d("y", t, {6, 5, 3, 1, 1, 1, 1}));
  net.initialize(3);
  return net;
}

TEST(Saliency, IsTheSlopeOfTheLogPosterior) {
  Network net = small_network();
  ComputeContext context;
  Tensor x = random_tensor({9, 4}, 1);
  SaliencyOptions options;
  options.frame = 4;
  options.channel = 2;
  const Tensor found = saliency(context, net, x, options);
  ASSERT_EQ(found.shape(), x.shape());
  const auto log_posterior = [&] {
    Tape tape(context);
    const Var in[] = {tape.constant(Tensor::from({1, 9, 4}, x.values()))};
    return log_softmax(net.forward(tape, in)[0]).value()[4 * 5 + 2];
  };
  for (int64_t i = 0; i < x.size(); ++i) {
    const float kept = x[i];
    x[i] = kept + 1e-2F;
    const float above = log_posterior();
    x[i] = kept - 1e-2F;
    const float below = log_posterior();
    x[i] = kept;
    EXPECT_NEAR(found[i], (above - below) / 2e-2F, 1e-3F);
    const int64_t frame = i / 4;
    if (frame < 2 || frame > 6) {
      EXPECT_EQ(found[i], 0.0F) << "outside of the receptive field";
    }
  }
}

TEST(Saliency, LeavesTheNetworkAsItWas) {
  Network net = small_network();
  std::vector<Tensor> before;
  for (const auto& p : net.parameters()) before.push_back(p->value.clone());
  ComputeContext context;
  SaliencyOptions options;
  options.samples = 3;
  saliency(context, net, random_tensor({9, 4}, 1), options);
  for (size_t i = 0; i < before.size(); ++i) {
    const Parameter& p = *net.parameters()[i];
    EXPECT_THAT(p.value.values(), testing::ElementsAreArray(before[i].values())) << p.name;
    EXPECT_THAT(p.gradient.values(), testing::Each(0.0F)) << p.name;
  }
}

// Of a linear network the gradient is its weights, whatever the noise, and times the input it adds
// up to the output.
TEST(Saliency, OfALinearNetwork) {
  Network net;
  const NodeId x = net.input("x", 4);
  net.output(net.linear("y", x, 3, false));
  net.initialize(1);
  ComputeContext context;
  const Tensor input = random_tensor({5, 4}, 1);
  SaliencyOptions options;
  options.frame = 2;
  options.channel = 1;
  options.log_posterior = false;
  options.samples = 4;
  const Tensor gradient = saliency(context, net, input, options);
  const Tensor& w = net.find_parameter("y.weight")->value;
  for (int64_t t = 0; t < 5; ++t) {
    for (int64_t c = 0; c < 4; ++c) {
      EXPECT_NEAR(gradient[t * 4 + c], t == 2 ? w[c * 3 + 1] : 0.0F, 1e-6F);
    }
  }
  options.times_input = true;
  const Tensor shares = saliency(context, net, input, options);
  float total = 0.0F;
  for (const float v : shares.values()) total += v;
  float y = 0.0F;
  for (int64_t c = 0; c < 4; ++c) y += input[2 * 4 + c] * w[c * 3 + 1];
  EXPECT_NEAR(total, y, 1e-5F);
}

TEST(Saliency, SmoothGradAveragesOverNoise) {
  Network net = small_network();
  ComputeContext context;
  const Tensor x = random_tensor({9, 4}, 1);
  SaliencyOptions options;
  options.frame = 4;
  options.samples = 200;
  const Tensor one = saliency(context, net, x, options);
  const Tensor again = saliency(context, net, x, options);
  EXPECT_THAT(one.values(), testing::ElementsAreArray(again.values()));
  options.noise_seed = 2;
  const Tensor other = saliency(context, net, x, options);
  options.samples = 2;
  const Tensor rough = saliency(context, net, x, options);
  double close = 0.0;
  double far = 0.0;
  for (int64_t i = 0; i < x.size(); ++i) {
    close += (one[i] - other[i]) * (one[i] - other[i]);
    far += (one[i] - rough[i]) * (one[i] - rough[i]);
  }
  EXPECT_GT(far, 5.0 * close);  // the variance of a mean falls with the samples
}

TEST(Saliency, RefusesFramesAndChannelsThatAreNotThere) {
  Network net = small_network();
  ComputeContext context;
  const Tensor x = random_tensor({9, 4}, 1);
  for (const auto& [frame, channel] : {std::pair{9, 0}, {-1, 0}, {0, 5}, {0, -1}}) {
    SaliencyOptions options;
    options.frame = frame;
    options.channel = channel;
    EXPECT_THROW(saliency(context, net, x, options), Error);
  }
}

}  // namespace
}  // namespace bivox
