#include "models/nn/channel_pruning.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "models/nn/network_json.h"
#include "models/nn/plan.h"
#include "tests/models/nn/nn_test_tools.h"

namespace bivox {
namespace {

using ::testing::ElementsAre;

// A residual stack with batch norms: x is tied to the branches that are added to it.
Network residual_network() {
  Network n;
  NodeId x =
      n.relu("r", n.batch_norm("bn", n.conv1d("in", n.input("mel", 5), {5, 16, 3, 1, 1, 1, 1})));
  for (int block = 0; block < 2; ++block) {
    const std::string name = std::to_string(block);
    const NodeId a = n.relu(
        "ra" + name, n.batch_norm("na" + name, n.conv1d("a" + name, x, {16, 12, 3, 1, 1, 1, 1})));
    const NodeId b =
        n.batch_norm("nb" + name, n.dropout("d" + name, n.linear("b" + name, a, 16), 0.1F));
    x = n.relu("rx" + name, n.add("x" + name, {x, b}));
  }
  n.output(n.linear("out", x, 3));
  n.initialize(6);
  return n;
}

// Gates, concats, upsampling, an embedding.
Network mixed_network() {
  Network n;
  const NodeId e = n.embedding("e", n.input("id", 1), 7, 6);
  const NodeId g = n.gate("g", n.conv1d("c", e, {6, 20, 3, 1, 1, 2, 0}));
  const NodeId cat = n.concat("cat", {g, e});
  const NodeId u = n.relu("ur", n.conv_transpose("u", cat, 8, 4, 2));
  n.output(n.linear("out", n.repeat("rep", u, 2), 2));
  n.initialize(2);
  return n;
}

std::vector<float> run(Network& network) {
  ComputeContext context;
  Tape tape(context);
  std::vector<Var> inputs;
  for (const NodeId id : network.inputs()) {
    const int channels = network.node(id).channels;
    Tensor x = nn_test::random_tensor({1, 20, channels}, 3);
    if (channels == 1) {
      for (int i = 0; i < 20; ++i) x[i] = static_cast<float>(i % 7);
    }
    inputs.push_back(tape.constant(std::move(x)));
  }
  const auto values = network.forward(tape, inputs)[0].value().values();
  return {values.begin(), values.end()};
}

Tensor& value(Network& network, const std::string& name) {
  for (const auto& parameter : network.parameters()) {
    if (parameter->name == name) return parameter->value;
  }
  throw std::logic_error(name);
}

// Zeroes the weights by which `layer` reads these inputs.
void stop_reading(Network& network, const std::string& layer, const std::vector<int>& inputs) {
  Tensor& weight = value(network, layer + ".weight");
  for (int64_t i = 0; i < weight.size(); ++i) {
    const int64_t row = i / weight.dim(2) % weight.dim(1);
    if (std::find(inputs.begin(), inputs.end(), row) != inputs.end()) weight[i] = 0.0F;
  }
}

TEST(ChannelPruning, FindsTiedChannels) {
  const Network network = residual_network();
  std::vector<std::string> removable;
  for (const ChannelGroup& group : channel_groups(network)) {
    std::string names;
    for (const std::string& node : group.nodes) names += node + " ";
    if (group.removable) removable.push_back(names + std::to_string(group.channels));
  }
  EXPECT_THAT(removable, ElementsAre("in b0 b1 16", "a0 12", "a1 12"));
}

TEST(ChannelPruning, KeepsTheFraction) {
  const Network network = residual_network();
  const Network half = prune_channels(network, {.fraction = 0.5});
  EXPECT_EQ(half.find_parameter("in.weight")->value.shape(), Shape({3, 5, 8}));
  EXPECT_EQ(half.find_parameter("a0.weight")->value.shape(), Shape({3, 8, 6}));
  EXPECT_EQ(half.find_parameter("nb1.variance")->value.shape(), Shape({8}));
  EXPECT_EQ(half.find_parameter("out.weight")->value.shape(), Shape({1, 8, 3}));
  EXPECT_LT(half.multiply_adds_per_frame(), 0.4 * network.multiply_adds_per_frame());
  const Network whole = prune_channels(network, {.fraction = 1.0});
  EXPECT_EQ(network_to_json(whole), network_to_json(network));
  const Network few = prune_channels(network, {.fraction = 0.01, .multiple = 4});
  EXPECT_EQ(few.find_parameter("a0.weight")->value.shape(), Shape({3, 4, 4}));
  // The result is a network like any other.
  EXPECT_NO_THROW(Plan::compile(half));
}

TEST(ChannelPruning, KeepingAllChangesNothing) {
  for (auto* make : {residual_network, mixed_network}) {
    Network network = make();
    Network whole = prune_channels(network, {.fraction = 1.0});
    EXPECT_EQ(run(whole), run(network));
  }
}

TEST(ChannelPruning, RemovingChannelsThatNobodyReadsChangesNothing) {
  Network network = residual_network();
  const std::vector<int> idle_x = {0, 3, 7, 15};
  for (const char* reader : {"a0", "a1", "out"}) stop_reading(network, reader, idle_x);
  stop_reading(network, "b0", {1, 2, 11});
  stop_reading(network, "b1", {0, 5, 6});
  Network smaller = prune_channels(network, {.fraction = 0.75});
  EXPECT_EQ(smaller.find_parameter("in.weight")->value.shape(), Shape({3, 5, 12}));
  EXPECT_EQ(smaller.find_parameter("a1.weight")->value.shape(), Shape({3, 12, 9}));
  EXPECT_EQ(run(smaller), run(network));
  // One more, and the results change.
  Network too_small = prune_channels(network, {.fraction = 0.7});
  EXPECT_NE(run(too_small), run(network));
}

TEST(ChannelPruning, RemovingChannelsThatAreZeroChangesNothing) {
  Network network = mixed_network();
  // Both halves of gates 2 and 9 are written as zero: tanh(0) sigmoid(0) = 0.
  Tensor& weight = value(network, "c.weight");
  Tensor& bias = value(network, "c.bias");
  for (const int c : {2, 9, 12, 19}) {
    for (int64_t i = c; i < weight.size(); i += 20) weight[i] = 0.0F;
    bias[c] = 0.0F;
  }
  // What the other groups lose is not read.
  stop_reading(network, "c", {4});
  stop_reading(network, "u", {10 + 4});
  stop_reading(network, "out", {1, 5});
  Network smaller = prune_channels(network, {.fraction = 0.8});
  EXPECT_EQ(smaller.find_parameter("c.weight")->value.shape(), Shape({3, 5, 16}));
  EXPECT_EQ(smaller.find_parameter("e.weight")->value.shape(), Shape({7, 5}));
  EXPECT_EQ(smaller.find_parameter("u.weight")->value.shape(), Shape({4, 13, 6}));
  EXPECT_EQ(run(smaller), run(network));
}

TEST(ChannelPruning, RanksByGain) {
  Network network = residual_network();
  Tensor& gain = value(network, "na0.gain");
  for (int c = 0; c < 12; ++c) gain[c] = c % 3 == 1 ? 2.0F + static_cast<float>(c) : -0.1F;
  const Network smaller =
      prune_channels(network, {.fraction = 4.0 / 12.0, .ranking = ChannelRanking::kGain});
  EXPECT_THAT(smaller.find_parameter("na0.gain")->value.values(), ElementsAre(3, 6, 9, 12));
}

TEST(ChannelPruning, LeavesLayerNormsSlicesAndGroupsAlone) {
  Network n;
  const NodeId x = n.input("x", 4);
  const NodeId ln = n.layer_norm("ln", n.linear("l", x, 8));
  const NodeId s = n.slice("s", n.linear("m", ln, 6), 1, 3);
  const NodeId g = n.conv1d("grouped", n.linear("k", s, 8), {8, 8, 1, 1, 1, 0, 0, 4});
  n.output(n.linear("out", n.linear("free", g, 10), 2));
  n.initialize(1);
  const Network smaller = prune_channels(n, {.fraction = 0.5});
  EXPECT_EQ(smaller.find_parameter("l.weight")->value.shape(), Shape({1, 4, 8}));
  EXPECT_EQ(smaller.find_parameter("m.weight")->value.shape(), Shape({1, 8, 6}));
  EXPECT_EQ(smaller.find_parameter("grouped.weight")->value.shape(), Shape({1, 2, 8}));
  EXPECT_EQ(smaller.find_parameter("free.weight")->value.shape(), Shape({1, 8, 5}));
}

}  // namespace
}  // namespace bivox
