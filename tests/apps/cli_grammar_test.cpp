// `bivox grammar` and `bivox transcribe --grammar` from the outside. What needs the first model is
// skipped where the Debian package pocketsphinx-en-us is not installed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "tests/apps/run_bivox.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

const fs::path kData = BIVOX_TEST_DATA;

std::string numbers() {
  return "'" + (kData / "../../models/grammars/numbers.jsgf").string() + "'";
}

TEST(CliGrammar, ChecksAndAccepts) {
  const ProgramRun check = run_bivox("grammar check " + numbers());
  EXPECT_EQ(check.code, 0) << check.err;
  EXPECT_THAT(check.out, HasSubstr("sentences  3762991"));
  const ProgramRun yes = run_bivox("grammar accept " + numbers() + " 'twelve thousand and six'");
  EXPECT_EQ(yes.code, 0) << yes.err;
  EXPECT_THAT(yes.out, HasSubstr("yes\ttwelve thousand and six"));
  EXPECT_THAT(yes.out, HasSubstr("{12}{*1000}{6}"));
  const ProgramRun no = run_bivox("grammar accept --json " + numbers() + " 'twelve six'");
  EXPECT_EQ(no.code, 3);
  EXPECT_FALSE(nlohmann::json::parse(no.out).at("accepted").get<bool>());
}

TEST(CliGrammar, ErrorsNameThePlace) {
  const ScratchFolder scratch;
  const std::string file = scratch.write("bad.jsgf", "#JSGF V1.0;\ngrammar bad;\n<a> = (b ;\n");
  const ProgramRun run = run_bivox("grammar check " + file);
  EXPECT_EQ(run.code, 4);
  EXPECT_THAT(run.err, HasSubstr("bad.jsgf:3:10"));
}

TEST(CliGrammar, TranscribesSentencesOfAGrammarOnly) {
  if (!fs::exists("/usr/share/pocketsphinx/model/en-us/en-us/mdef")) {
    GTEST_SKIP() << "pocketsphinx-en-us is not installed";
  }
  const ScratchFolder scratch;
  const std::string clip = "'" + (kData / "audio/librispeech-1867-154075-0005.flac").string() + "'";
  const std::string list = scratch.write("list.txt", "yes\nno\n");
  const ProgramRun other =
      run_bivox("transcribe --format json --rejection high --grammar " + list + " " + clip);
  EXPECT_EQ(other.code, 0) << other.err;
  const auto rejected = nlohmann::json::parse(other.out);
  EXPECT_EQ(rejected.at("text"), "");
  EXPECT_TRUE(rejected.at("rejected").get<bool>());
  EXPECT_THAT(other.err, HasSubstr("not of the grammar"));
  EXPECT_EQ(run_bivox("transcribe --grammar " + list + " --lm x " + clip).code, 2);
  EXPECT_EQ(run_bivox("transcribe --rejection some --grammar " + list + " " + clip).code, 2);
}

}  // namespace
}  // namespace bivox
