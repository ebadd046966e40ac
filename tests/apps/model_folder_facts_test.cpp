#include "apps/model_folder_facts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dsp/core/error.h"
#include "models/io/model_folder.h"
#include "models/nn/network_json.h"
#include "models/nn/wavenet.h"
#include "tests/apps/run_bivox.h"
#include "tests/dsp/temp_folder.h"

namespace bivox {
namespace {

using ::testing::HasSubstr;

std::string fact(const std::filesystem::path& folder, const std::string& name) {
  for (const ModelFact& fact : model_folder_facts(folder)) {
    if (fact.name == name) return fact.value;
  }
  return "none";
}

void write_model(const std::filesystem::path& folder, const std::string& kind,
                 const std::string& options, const Network& network, Precision precision) {
  ModelFolderWriter writer(folder, kind, "toy");
  writer.set_options_json(options);
  save_network(network, writer, precision);
  writer.set_card("# Toy\n");
  writer.commit();
}

TEST(ModelFolderFacts, CountsANetwork) {
  const TempFolder temp;
  Network network;
  const NodeId x = network.input("x", 40);
  const NodeId c = network.conv1d("c", x, {40, 100, 5, 2, 1, 2, 2});
  network.output(network.linear("l", network.relu("r", c), 30));
  write_model(temp / "a", "toy", R"({"frame_rate_hz": 100})", network, Precision::kInt8);
  EXPECT_EQ(fact(temp / "a", "kind"), "toy");
  EXPECT_EQ(fact(temp / "a", "  parameters"), "23,130");
  EXPECT_EQ(fact(temp / "a", "  precision"), "int8");
  // Every second frame: 2 x (5 x 40 x 100 + 100 x 30) x 50.
  EXPECT_EQ(fact(temp / "a", "  operations"), "2.3 million a second of audio");
  EXPECT_EQ(fact(temp / "a", "  receptive field"), "5 frames (0.05 s)");
  EXPECT_EQ(fact(temp / "a", "  lag"), "2 frames (0.02 s)");

  write_model(temp / "b", "toy", "{}", network, Precision::kBfloat16);
  EXPECT_EQ(fact(temp / "b", "  precision"), "bfloat16");
  EXPECT_EQ(fact(temp / "b", "  operations"), "0.023 million a frame");
}

TEST(ModelFolderFacts, CountsAWaveNet) {
  const TempFolder temp;
  WaveNetOptions options;
  options.layers = 2;
  options.residual = 8;
  options.skip = 8;
  options.mel_bins = 0;
  options.output = WaveNetOutput::kGaussian;
  write_model(temp / "w", "wavenet", wavenet_options_json(options), wavenet_network(options),
              Precision::kFloat32);
  // 2 x (8 + 2 x (2 x 8 x 16 + 8 x 8) + 8 x 8 + 8 x 8 + 8 x 2) x 16000
  EXPECT_EQ(fact(temp / "w", "  operations"), "25.34 million a second of audio");
  EXPECT_EQ(fact(temp / "w", "  receptive field"), "4 samples (0.00025 s)");
}

TEST(ModelFolderFacts, IsPrintedByInfo) {
  const TempFolder temp;
  Network network;
  network.output(network.linear("l", network.input("x", 2), 3));
  write_model(temp / "a", "toy", "{}", network, Precision::kFloat32);
  const ProgramRun good = run_bivox("info '" + (temp / "a").string() + "'");
  EXPECT_EQ(good.code, 0);
  EXPECT_THAT(good.out, HasSubstr("parameters"));
  temp.write("a/network.json", "{}");
  const ProgramRun damaged = run_bivox("info '" + (temp / "a").string() + "'");
  EXPECT_EQ(damaged.code, 4);
  EXPECT_THAT(damaged.err, HasSubstr("network.json: expected"));
}

}  // namespace
}  // namespace bivox
