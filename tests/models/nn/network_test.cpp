#include "models/nn/network.h"

#include "dsp/core/error.h"
#include "tests/models/nn/nn_test_tools.h"

namespace bivox {
namespace {

using nn_test::random_tensor;
using testing::HasSubstr;

Conv1dGeometry same(int inputs, int outputs, int kernel, int stride = 1, int dilation = 1) {
  const int reach = dilation * (kernel - 1);
  return {inputs, outputs, kernel, stride, dilation, reach / 2, reach - reach / 2};
}

// Everything that looks across time or adds a constant to frames that are not real.
Network every_op(float dropout = 0.1F) {
  Network net;
  const NodeId x = net.input("x", 6);
  const NodeId c1 = net.conv1d("c1", x, same(6, 8, 5));
  const NodeId n1 = net.batch_norm("n1", c1);
  const NodeId r1 = net.relu("r1", n1);
  const NodeId d1 = net.dropout("d1", r1, dropout);
  const NodeId c2 = net.conv1d("c2", d1, same(8, 8, 3, 1, 2), false);
  const NodeId t2 = net.tanh("t2", c2);
  const NodeId a2 = net.add("a2", {t2, r1});
  const NodeId c3 = net.conv1d("c3", a2, same(8, 16, 3, 2));
  const NodeId g3 = net.gate("g3", c3);
  const NodeId l3 = net.layer_norm("l3", g3);
  const NodeId up = net.conv_transpose("up", l3, 8, 4, 2);
  const NodeId s4 = net.sigmoid("s4", up);
  const NodeId c4 = net.conv1d("c4", s4, same(8, 12, 3));
  const NodeId u4 = net.glu("u4", c4);
  const NodeId rep = net.repeat("rep", u4, 2);
  const NodeId cut = net.slice("cut", rep, 1, 4);
  const NodeId both = net.concat("both", {rep, net.scale("half", cut, 0.5F)});
  net.output(net.linear("logits", both, 7));
  net.output(g3);
  return net;
}

void randomize(Network& net) {
  net.initialize(5);
  uint32_t seed = 100;
  for (int i = 0; i < static_cast<int>(net.parameters().size()); ++i) {
    Parameter& p = net.parameter(i);
    if (p.name.find(".weight") != std::string::npos) continue;
    p.value = random_tensor(p.value.shape(), seed++, 0.2F);
    if (p.name.find(".gain") != std::string::npos || p.name.find(".var") != std::string::npos) {
      for (float& v : p.value.values()) v = 1.0F + std::fabs(v);
    }
  }
}

TEST(Network, CountsAndNames) {
  const Network net = every_op();
  EXPECT_EQ(net.node(1).name, "c1");
  EXPECT_EQ(op_name(net.node(1).op), "conv1d");
  ASSERT_NE(net.find_parameter("c1.weight"), nullptr);
  EXPECT_EQ(net.find_parameter("c1.weight")->value.shape(), Shape({5, 6, 8}));
  EXPECT_EQ(net.find_parameter("c2.bias"), nullptr);
  ASSERT_NE(net.find_parameter("n1.variance"), nullptr);
  EXPECT_FALSE(net.find_parameter("n1.variance")->trainable);
  EXPECT_FALSE(net.find_parameter("n1.gain")->decay);
  EXPECT_TRUE(net.find_parameter("up.weight")->decay);

  Network small;
  const NodeId x = small.input("x", 2);
  small.output(small.linear("y", small.batch_norm("n", x), 3));
  EXPECT_EQ(small.num_weights(), 2 + 2 + 2 * 3 + 3);
  EXPECT_EQ(small.multiply_adds_per_frame(), 6.0);
}

TEST(Network, MultiplyAddsFollowTheFrameRate) {
  Network net;
  const NodeId x = net.input("x", 2);
  const NodeId down = net.conv1d("down", x, same(2, 4, 3, 2));  // 24 every second frame
  const NodeId mid = net.linear("mid", down, 4);                // 16 every second frame
  const NodeId up = net.conv_transpose("up", mid, 3, 4, 4);     // 48 every second frame
  net.output(net.linear("out", net.repeat("rep", up, 3), 5));   // 15, six each frame
  EXPECT_DOUBLE_EQ(net.multiply_adds_per_frame(), 12.0 + 8.0 + 24.0 + 90.0);
  EXPECT_EQ(net.out_frames(net.outputs()[0], 7), 4 * 4 * 3);
}

// What an output frame depends on, found by changing input frames one by one.
void expect_context_is_exact(Network& net, int frames, int output_frame, int input_frame) {
  randomize(net);
  const NodeId out = net.outputs()[0];
  const int channels = net.node(net.inputs()[0]).channels;
  const Network::Context context = net.context(out);
  ComputeContext compute;
  const auto run = [&](const Tensor& data) {
    Tape tape(compute);
    const Var inputs[] = {tape.constant(data.clone())};
    return net.forward(tape, inputs)[0].value().clone();
  };
  const Tensor data = random_tensor({1, frames, channels}, 1);
  const Tensor before = run(data);
  const int width = net.node(out).channels;
  const int per_input = std::max<int>(1, static_cast<int>(before.dim(1)) / frames);
  int left = 0;
  int right = 0;
  for (int t = 0; t < frames; ++t) {
    Tensor changed = data.clone();
    for (int c = 0; c < channels; ++c) changed[t * channels + c] += 3.0F;
    const Tensor after = run(changed);
    bool differs = false;
    for (int f = output_frame; f < output_frame + per_input; ++f) {
      for (int c = 0; c < width; ++c) {
        differs = differs || after[f * width + c] != before[f * width + c];
      }
    }
    if (!differs) continue;
    left = std::max(left, input_frame - t);
    right = std::max(right, t - input_frame);
  }
  EXPECT_EQ(context.left, left);
  EXPECT_EQ(context.right, right);
}

TEST(Network, ContextIsWhatAnOutputDependsOn) {
  Network plain;
  NodeId x = plain.input("x", 3);
  NodeId a = plain.conv1d("a", x, same(3, 4, 5));
  NodeId b = plain.conv1d("b", a, {4, 4, 3, 1, 4, 8, 0});
  plain.output(plain.add("sum", {a, plain.tanh("t", b)}));
  expect_context_is_exact(plain, 40, 20, 20);

  Network strided;
  x = strided.input("x", 3);
  a = strided.conv1d("a", x, same(3, 4, 5, 2));
  b = strided.conv1d("b", a, same(4, 4, 3, 2));
  strided.output(strided.conv1d("c", b, same(4, 4, 3)));
  expect_context_is_exact(strided, 64, 8, 32);

  Network up;
  x = up.input("x", 3);
  a = up.conv_transpose("a", x, 4, 8, 4);
  up.output(up.conv1d("b", a, same(4, 4, 7)));
  expect_context_is_exact(up, 20, 40, 10);

  Network repeated;
  x = repeated.input("x", 3);
  a = repeated.repeat("a", x, 4);
  repeated.output(repeated.conv1d("b", a, {4 - 1, 4, 6, 1, 1, 5, 0}));
  expect_context_is_exact(repeated, 20, 40, 10);
}

TEST(Network, BatchWithLengthsIsOneByOne) {
  Network net = every_op();
  randomize(net);
  ComputeContext compute(2);
  const std::vector<int> lengths = {20, 8, 14};
  Tensor data = random_tensor({3, 20, 6}, 1);
  for (int b = 0; b < 3; ++b) {  // what is not real must not matter
    for (int64_t i = (b * 20 + lengths[static_cast<size_t>(b)]) * 6; i < (b + 1) * 120; ++i) {
      data[i] = 1e4F;
    }
  }
  Tape tape(compute);
  const Var batch[] = {tape.constant(data.clone())};
  const std::vector<Var> together = net.forward(tape, batch, lengths);
  for (int64_t b = 0; b < 3; ++b) {
    const auto frames = static_cast<int64_t>(lengths[static_cast<size_t>(b)]);
    const Var one[] = {tape.constant(Tensor::from(
        {1, frames, 6},
        data.values().subspan(static_cast<size_t>(b) * 120, static_cast<size_t>(frames) * 6)))};
    const std::vector<Var> alone = net.forward(tape, one);
    for (size_t n = 0; n < 2; ++n) {
      const Tensor& expected = alone[n].value();
      ASSERT_EQ(expected.dim(1), net.out_frames(net.outputs()[n], static_cast<int>(frames)));
      const float* found =
          together[n].value().data() + b * together[n].shape()[1] * together[n].shape()[2];
      for (int64_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(found[i], expected[i], 2e-5F);
    }
  }
}

// In training too: gradients and running statistics as if the frames beyond were not there.
TEST(Network, PaddingDoesNotChangeTraining) {
  std::vector<Tensor> results[2];
  for (size_t run = 0; run < 2; ++run) {
    const int64_t time = run == 0 ? 8 : 20;
    Network net = every_op(0.0F);  // the masks of dropout depend on the shape of the batch
    randomize(net);
    Tensor data({2, time, 6});
    const Tensor real = random_tensor({2, 8, 6}, 1);
    for (int64_t b = 0; b < 2; ++b) {
      std::copy_n(real.data() + b * 48, 48, data.data() + b * time * 6);
      std::fill_n(data.data() + b * time * 6 + 48, (time - 8) * 6, 1e4F);
    }
    ComputeContext compute;
    Tape tape(compute, true);
    const Var inputs[] = {tape.constant(std::move(data))};
    const int lengths[] = {8, 8};
    const int out_lengths[] = {16, 16};
    const Var y = mask_frames(net.forward(tape, inputs, lengths)[0], out_lengths);
    tape.backward(sum(multiply(y, y)));
    for (const auto& p : net.parameters()) {
      results[run].push_back(p->trainable ? p->gradient.clone() : p->value.clone());
    }
  }
  for (size_t i = 0; i < results[0].size(); ++i) {
    nn_test::expect_close(results[1][i], results[0][i], 1e-4F, "parameter " + std::to_string(i));
  }
}

TEST(Network, GradientsMatchFiniteDifferences) {
  Network net;
  const NodeId x = net.input("x", 4);
  const NodeId c1 = net.conv1d("c1", x, same(4, 6, 3));
  const NodeId n1 = net.batch_norm("n1", c1);
  const NodeId t1 = net.tanh("t1", n1);
  const NodeId c2 = net.conv1d("c2", t1, same(6, 6, 3, 2));
  const NodeId g2 = net.gate("g2", net.linear("p2", c2, 12));
  net.output(net.add("a", {g2, c2}));
  randomize(net);
  const int lengths[] = {7, 4};
  std::vector<Tensor> values;
  values.push_back(random_tensor({2, 7, 4}, 1));
  nn_test::check_gradients(std::move(values), [&](Tape& tape, std::span<const Var> in) {
    return mask_frames(net.forward(tape, in, lengths)[0], std::vector<int>{4, 2});
  });
}

TEST(Network, InitializationIsSeededAndScaled) {
  Network net;
  const NodeId x = net.input("x", 64);
  const NodeId c = net.conv1d("he", x, same(64, 128, 5));
  const NodeId r = net.relu("r", net.batch_norm("n", c));
  net.output(net.linear("glorot", r, 128));
  net.initialize(1);
  const Parameter* he = net.find_parameter("he.weight");
  const Parameter* glorot = net.find_parameter("glorot.weight");
  const auto deviation = [](const Tensor& t) {
    double squares = 0.0;
    for (const float v : t.values()) squares += double{v} * v;
    return std::sqrt(squares / static_cast<double>(t.size()));
  };
  EXPECT_NEAR(deviation(he->value), std::sqrt(2.0 / 320), 0.001);
  EXPECT_NEAR(deviation(glorot->value), std::sqrt(2.0 / 256), 0.002);
  EXPECT_EQ(net.find_parameter("n.gain")->value[0], 1.0F);
  const float first = he->value[0];
  net.initialize(2);
  EXPECT_NE(he->value[0], first);
  net.initialize(1);
  EXPECT_EQ(he->value[0], first);
}

TEST(Network, InputsOfDifferentFrameRates) {
  Network net;
  const NodeId samples = net.input("samples", 1);
  const NodeId mel = net.input("mel", 3);
  const NodeId up = net.repeat("up", net.linear("p", mel, 2), 4);
  net.output(net.add("sum", {net.conv1d("c", samples, {1, 2, 3, 1, 1, 2, 0}), up}));
  randomize(net);
  ComputeContext compute;
  Tape tape(compute);
  const Var inputs[] = {tape.constant(random_tensor({2, 8, 1}, 1)),
                        tape.constant(random_tensor({2, 2, 3}, 2))};
  const int lengths[] = {8, 4};
  const Var y = net.forward(tape, inputs, lengths)[0];
  EXPECT_EQ(y.shape(), Shape({2, 8, 2}));
  EXPECT_EQ(y.value()[15 * 2], 0.0F);
}

TEST(Network, DescriptionsThatDoNotFitNameTheNode) {
  Network net;
  const NodeId x = net.input("x", 5);
  const auto message = [](auto&& build) -> std::string {
    try {
      build();
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::kModel);
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(message([&] { net.conv1d("c", x, same(4, 6, 3)); }),
              HasSubstr("\"c\": expects 4 input channels, found 5"));
  EXPECT_THAT(message([&] { net.conv1d("c", x, {5, 6, 0}); }), HasSubstr("kernel 0"));
  EXPECT_THAT(message([&] {
                net.conv1d("c", x, {5, 6, 3, 1, 1, 1, 1, 2});
              }),
              HasSubstr("2 groups do not divide 5"));
  EXPECT_THAT(message([&] { net.gate("g", x); }), HasSubstr("two halves, found 5"));
  EXPECT_THAT(message([&] { net.relu("x", x); }), HasSubstr("of this name already"));
  EXPECT_THAT(message([&] { net.relu("r", 17); }), HasSubstr("input 17"));
  EXPECT_THAT(message([&] { net.slice("s", x, 3, 3); }), HasSubstr("[3, 6) of 5"));
  EXPECT_THAT(message([&] {
                net.add("a", {x, net.linear("l", x, 4)});
              }),
              HasSubstr("5 channels from \"l\", found 4"));
  EXPECT_THAT(message([&] { net.conv_transpose("t", x, 3, 1, 2); }), HasSubstr("kernel 1"));
  EXPECT_THAT(message([&] { net.dropout("d", x, 1.0F); }), HasSubstr("rate 1"));
  ComputeContext compute;
  Tape tape(compute);
  const Var inputs[] = {tape.constant(Tensor({1, 3, 4}))};
  EXPECT_THAT(message([&] { net.forward(tape, inputs); }),
              HasSubstr("[batch x time x 5], found [1 x 3 x 4]"));
}

}  // namespace
}  // namespace bivox
