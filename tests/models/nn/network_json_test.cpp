#include "models/nn/network_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

#include "dsp/core/error.h"
#include "tests/dsp/temp_folder.h"

namespace bivox {
namespace {

using ::testing::HasSubstr;

// Every operation once.
Network example() {
  Network n;
  const NodeId x = n.input("x", 6);
  const NodeId id = n.input("id", 1);
  const NodeId e = n.embedding("e", id, 5, 4);
  const NodeId c = n.conv1d("c", x, {6, 8, 3, 2, 2, 2, 2, 2});
  const NodeId bn = n.batch_norm("bn", c);
  const NodeId r = n.relu("r", bn);
  const NodeId l = n.linear("l", n.layer_norm("ln", r), 8, false);
  const NodeId d = n.dropout("d", n.add("sum", {r, l}), 0.25F);
  const NodeId g = n.gate("g", d);
  const NodeId h = n.tanh("h", n.glu("glu", d));
  const NodeId cat = n.concat("cat", {g, n.sigmoid("sg", h), e});
  const NodeId s = n.slice("s", n.scale("half", cat, 0.5F), 1, 7);
  n.output(n.repeat("rep", n.conv_transpose("u", s, 3, 6, 2), 2));
  n.output(g);
  n.initialize(5);
  return n;
}

SafetensorsFile stored(const Network& network, Precision precision, std::string& bytes) {
  SafetensorsWriter writer;
  add_weights(network, precision, writer);
  bytes = writer.serialize();
  return SafetensorsFile::parse(std::as_bytes(std::span<const char>(bytes.data(), bytes.size())),
                                "model.safetensors");
}

std::string refusal(const std::string& json) {
  try {
    network_from_json(json, "network.json");
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    return error.message();
  }
  return "accepted";
}

TEST(NetworkJson, ReadsBackEveryOperation) {
  const Network network = example();
  const std::string json = network_to_json(network);
  std::string bytes;
  const auto weights = stored(network, Precision::kFloat32, bytes);
  EXPECT_EQ(stored_precision(weights), Precision::kFloat32);
  const Network read = network_from_json(json, "network.json", weights);
  EXPECT_EQ(network_to_json(read), json);
  ASSERT_EQ(read.nodes().size(), network.nodes().size());
  EXPECT_EQ(read.inputs(), network.inputs());
  EXPECT_EQ(read.outputs(), network.outputs());
  ASSERT_EQ(read.parameters().size(), network.parameters().size());
  for (size_t i = 0; i < read.parameters().size(); ++i) {
    EXPECT_EQ(read.parameters()[i]->name, network.parameters()[i]->name);
    EXPECT_THAT(read.parameters()[i]->value.values(),
                ::testing::ElementsAreArray(network.parameters()[i]->value.values()));
  }
}

TEST(NetworkJson, RoundsWeightsToTheStoredPrecision) {
  const Network network = example();
  const std::string json = network_to_json(network);
  for (const Precision precision : {Precision::kBfloat16, Precision::kInt8}) {
    std::string bytes;
    const auto weights = stored(network, precision, bytes);
    EXPECT_EQ(stored_precision(weights), precision);
    const Network read = network_from_json(json, "network.json", weights);
    const Parameter& exact = *network.find_parameter("c.weight");
    const Parameter& rounded = *read.find_parameter("c.weight");
    float largest = 0.0F;
    for (const float value : exact.value.values()) largest = std::max(largest, std::abs(value));
    float worst = 0.0F;
    for (int64_t i = 0; i < exact.value.size(); ++i) {
      const float error = std::abs(rounded.value[i] - exact.value[i]);
      worst = std::max(worst, error);
      const float bound = precision == Precision::kBfloat16 ? std::abs(exact.value[i]) / 256.0F
                                                            : largest / 254.0F * 1.0001F;
      EXPECT_LE(error, bound);
    }
    EXPECT_GT(worst, 0.0F);
    // Rounding what is rounded changes nothing.
    std::string again;
    stored(read, precision, again);
    EXPECT_EQ(again, bytes);
    // Biases and norms are not rounded.
    EXPECT_EQ(read.find_parameter("bn.gain")->value[0],
              network.find_parameter("bn.gain")->value[0]);
  }
}

TEST(NetworkJson, SavesToAModelFolder) {
  const TempFolder temp;
  const Network network = example();
  ModelFolderWriter writer(temp / "model", "toy", "toy-en");
  save_network(network, writer, Precision::kInt8);
  writer.set_card("# Toy\n");
  writer.commit();
  const Network read = load_network(ModelFolder::open(temp / "model", "toy"));
  EXPECT_EQ(network_to_json(read), network_to_json(network));
}

TEST(NetworkJson, SaysWhichShapeItExpected) {
  Network wide;
  wide.output(wide.conv1d("conv3", wide.input("x", 256), {256, 64}));
  Network narrow;
  narrow.output(narrow.conv1d("conv3", narrow.input("x", 128), {128, 64}));
  std::string bytes;
  const auto weights = stored(narrow, Precision::kFloat32, bytes);
  const auto message = [&](const Network& network, const SafetensorsFile& file) {
    try {
      network_from_json(network_to_json(network), "network.json", file);
    } catch (const Error& error) {
      return error.message();
    }
    return std::string("accepted");
  };
  EXPECT_EQ(message(wide, weights),
            "model.safetensors: layer conv3 expects weight [1 x 256 x 64], found [1 x 128 x 64]");
  Network other;
  other.output(other.linear("other", other.input("x", 2), 2));
  EXPECT_EQ(message(other, weights),
            "model.safetensors: layer other expects weight [1 x 2 x 2], found none");
  Network bare;
  bare.output(bare.input("x", 2));
  EXPECT_THAT(message(bare, weights), HasSubstr("tensor conv3.bias belongs to no layer"));
  narrow.parameter(0).value[5] = std::numeric_limits<float>::quiet_NaN();
  std::string bad;
  EXPECT_THAT(message(narrow, stored(narrow, Precision::kFloat32, bad)),
              HasSubstr("layer conv3: weight holds a value that is not finite"));
}

TEST(NetworkJson, RefusesDescriptionsThatDoNotFit) {
  const auto with = [](const std::string& nodes, const std::string& outputs = R"("x")") {
    return R"({"nodes":[{"name":"x","op":"input","channels":4})" + nodes + R"(],"outputs":[)" +
           outputs + "]}";
  };
  EXPECT_EQ(refusal(with("")), "accepted");
  EXPECT_THAT(refusal("{"), HasSubstr("not JSON"));
  EXPECT_THAT(refusal("[]"), HasSubstr("expected the lists"));
  EXPECT_THAT(refusal(with("", R"("y")")), HasSubstr("\"outputs\""));
  EXPECT_THAT(refusal(with(R"(,{"name":"x","op":"relu","inputs":["x"]})")),
              HasSubstr("of this name already"));
  EXPECT_THAT(refusal(with(R"(,{"name":"y","op":"relu","inputs":["z"]})")),
              HasSubstr("nodes before this one"));
  EXPECT_THAT(refusal(with(R"(,{"name":"y","op":"attention","inputs":["x"]})")),
              HasSubstr("\"op\""));
  EXPECT_THAT(refusal(with(R"(,{"name":"y","op":"repeat","inputs":["x"],"factor":0})")),
              HasSubstr("\"factor\""));
  EXPECT_THAT(
      refusal(with(R"(,{"name":"y","op":"repeat","inputs":["x"],"factor":18446744073709551615})")),
      HasSubstr("\"factor\""));
  EXPECT_THAT(refusal(with(R"(,{"name":"y","op":"slice","inputs":["x"],"offset":3,"channels":2})")),
              HasSubstr("channels [3, 5) of 4"));
  const std::string huge =
      R"(,{"name":"y","op":"conv1d","inputs":["x"],"outputs":1048576,"kernel":1048576,"stride":1,)"
      R"("dilation":1,"padding":[0,0],"groups":1,"bias":true})";
  EXPECT_THAT(refusal(with(huge)), HasSubstr("more than 67108864 weights"));
  std::string doubled;
  std::string last = "x";
  for (int i = 0; i < 30; ++i) {
    const std::string name = "c" + std::to_string(i);
    doubled += R"(,{"name":")" + name + R"(","op":"concat","inputs":[")" + last + R"(",")" + last +
               R"("]})";
    last = name;
  }
  EXPECT_THAT(refusal(with(doubled)), HasSubstr("more than 1048576 channels"));
}

}  // namespace
}  // namespace bivox
