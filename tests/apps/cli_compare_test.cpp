// `bivox compare` from the outside. What runs an engine is skipped where the Debian package
// pocketsphinx-en-us is not installed.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/apps/run_bivox.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

const fs::path kAudio = fs::path(BIVOX_TEST_DATA) / "audio";

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

// Two utterances without sound: hypotheses of others need none.
class CliCompare : public testing::Test {
 protected:
  void SetUp() override {
    scratch_.write("manifest.tsv",
                   "id\tpath\tsplit\tspeaker\tgender\tseconds\ttext\n"
                   "u1\tone.wav\tdev\ts1/age7\tf\t1.0\tOne, two three.\n"
                   "u2\ttwo.wav\tdev\ts2/age30\tm\t1.0\tFour five\n");
    scratch_.write("a.trn", "one two three (u1)\nfour six (u2)\n");
    scratch_.write("b.tsv", "u1\tone three\n");
  }
  std::string source() const { return scratch_.quoted("manifest.tsv") + ":dev "; }
  ScratchFolder scratch_;
};

TEST_F(CliCompare, FilesOfHypothesesInAllForms) {
  const ProgramRun run =
      run_bivox("compare " + source() + "--hypotheses a=" + scratch_.quoted("a.trn") +
                " --hypotheses b=" + scratch_.quoted("b.tsv") + " --json " +
                scratch_.quoted("out.json") + " --report " + scratch_.quoted("out.html"));
  EXPECT_EQ(run.code, 3) << run.err;  // an utterance of b is missing
  EXPECT_NE(run.err.find("1 of 2 utterances are missing"), std::string::npos) << run.err;
  EXPECT_NE(run.out.find("Is the difference real?"), std::string::npos) << run.out;

  const json document = json::parse(content_of(scratch_.path() / "out.json"));
  const json& errors = document["tables"]["errors"];
  ASSERT_EQ(errors.size(), 2U);
  EXPECT_EQ(errors[0]["substitutions"], 1);
  EXPECT_DOUBLE_EQ(errors[0]["wer"], 0.2);
  EXPECT_EQ(errors[1]["deletions"], 3);
  EXPECT_EQ(errors[1]["failed"], 1);
  EXPECT_EQ(document["tables"]["failed"][0]["utterance"], "u2");
  ASSERT_EQ(document["summary"].size(), 2U);
  EXPECT_NE(run.out.find(document["summary"][0].get<std::string>().substr(0, 20)),
            std::string::npos);
  EXPECT_EQ(document["tables"]["overlap"][0]["only_a_right"], 2);
  EXPECT_EQ(document["tables"]["by_age"].size(), 2U);
  EXPECT_EQ(document["tables"]["by_gender"][0]["gender"], "f");

  const std::string page = content_of(scratch_.path() / "out.html");
  EXPECT_NE(page.find("<span class=\"w del\">two</span>"), std::string::npos);
  EXPECT_NE(page.find("<span class=\"w sub\">six</span>"), std::string::npos);
}

TEST_F(CliCompare, JsonInThePlaceOfTables) {
  const ProgramRun run =
      run_bivox("compare " + source() + "--json - --hypotheses a=" + scratch_.quoted("a.trn"));
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_DOUBLE_EQ(json::parse(run.out)["tables"]["errors"][0]["wer"], 0.2);
}

TEST_F(CliCompare, WhatMakesNoSenseIsSaid) {
  const std::string a = "--hypotheses a=" + scratch_.quoted("a.trn") + " ";
  EXPECT_EQ(run_bivox("compare " + source() + a + a).code, 2);  // two of one name
  EXPECT_EQ(run_bivox("compare " + source() + "--hypotheses a.trn").code, 2);
  EXPECT_EQ(run_bivox("compare " + source() + "--system x=m,colour=red").code, 2);
  EXPECT_EQ(run_bivox("compare " + source() + "--system x=m,beam=wide").code, 2);
  EXPECT_EQ(run_bivox("compare " + source() + "--system x=m,hours=few").code, 2);
  EXPECT_EQ(run_bivox("compare " + source() + a + "--snr loud").code, 2);
  EXPECT_EQ(run_bivox("compare /no/such " + a).code, 3);
  scratch_.write("other.trn", "text (x9)\n");
  EXPECT_EQ(
      run_bivox("compare " + source() + "--hypotheses o=" + scratch_.quoted("other.trn")).code, 3);
  EXPECT_EQ(run_bivox("compare " + source() + "--system x=/no/such/model").code, 4);
}

TEST(CliCompareEngines, OneModelWithTwoBeamsAndNoise) {
  if (!fs::exists("/usr/share/pocketsphinx/model/en-us/en-us/mdef")) {
    GTEST_SKIP() << "pocketsphinx-en-us is not installed";
  }
  const ScratchFolder scratch;
  fs::create_directories(scratch.path() / "wide.run");
  scratch.write("wide.run/epochs.tsv", "epoch\tloss\tframe_accuracy\n0\t2\t0.25\n1\t1\t0.5\n");
  scratch.write("wide.run/cost.tsv", "epoch\tcore_s\n0\t1800\n1\t1800\n");
  const std::string model = "/usr/share/pocketsphinx/model/en-us";
  const ProgramRun run = run_bivox(
      "compare " + quoted(kAudio) + " --limit 3 --lm en-small --system wide=" + model +
      ",hours=100,run=" + scratch.quoted("wide.run") + " --system narrow=" + model +
      ",beam=40,hours=100 --noise " + quoted(kAudio / "kathleen-arctic_a0045_1592747525.wav") +
      " --snr clean,0 --json - --report " + scratch.quoted("out.html"));
  EXPECT_EQ(run.code, 0) << run.err;
  const json tables = json::parse(run.out)["tables"];
  EXPECT_LT(tables["errors"][0]["wer"], 0.5);
  EXPECT_LE(tables["errors"][0]["wer"], tables["errors"][1]["wer"]);
  EXPECT_EQ(tables["errors"][0]["failed"], 0);
  ASSERT_EQ(tables["noise"].size(), 2U);
  EXPECT_EQ(tables["noise"][0]["wer_wide"], tables["errors"][0]["wer"]);
  EXPECT_GT(tables["noise"][1]["wer_wide"], tables["noise"][0]["wer_wide"]);
  for (const json& cost : tables["cost"]) {
    EXPECT_GT(cost["core_s_per_s"], 0.0);
    EXPECT_GT(cost["parameters"], 1'000'000);
    EXPECT_GT(cost["million_operations_per_s"], 0.0);
    EXPECT_GT(cost["latency_median_s"], 0.0);
    EXPECT_LT(cost["latency_median_s"], 3.0);
  }
  ASSERT_EQ(tables["training"].size(), 2U);
  EXPECT_EQ(tables["training"][0]["hours"], 100);
  EXPECT_EQ(tables["training"][0]["core_hours"], 1);
  EXPECT_EQ(tables["training"][0]["rounds"], 2);
  EXPECT_EQ(tables["training"][1]["rounds"], nullptr);
  ASSERT_EQ(tables["confidence"].size(), 2U);
  EXPECT_GT(tables["confidence"][0]["mean"], 0.5);
  const std::string page = content_of(scratch.path() / "out.html");
  EXPECT_NE(page.find("Training: frame accuracy"), std::string::npos);
  EXPECT_NE(page.find("src=\"data:audio/mpeg;base64,"), std::string::npos);
  EXPECT_NE(page.find("src=\"data:image/png;base64,"), std::string::npos);
  EXPECT_NE(page.find("data-s="), std::string::npos);
}

}  // namespace
}  // namespace bivox
