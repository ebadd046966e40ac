// `bivox grammar` and `bivox transcribe --grammar` from the outside, with the bundled model.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "dsp/audio/audio_file.h"
#include "dsp/core/random.h"
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

TEST(CliGrammar, NoiseIsNoCommandToTheNetwork) {
  const ScratchFolder scratch;
  const std::string list = scratch.write("list.txt", "yes\nno\nup\ndown\nleft\nright\n");
  Random random(1);
  AudioBuffer noise{std::vector<float>(16000), 16000};
  for (float& sample : noise.samples) sample = 0.03F * static_cast<float>(random.gaussian());
  write_audio(scratch.path() / "noise.wav", noise);
  const ProgramRun run = run_bivox("transcribe --engine convnet --format json --grammar " + list +
                                   " " + scratch.quoted("noise.wav"));
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_EQ(nlohmann::json::parse(run.out).at("text"), "");
}

TEST(CliGrammar, TranscribesSentencesOfAGrammarOnly) {
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
  const std::string own = scratch.write(
      "own.jsgf",
      "#JSGF V1.0;\ngrammar own;\npublic <s> = that's a likely story {told} i can show you the "
      "tracks | yes | no;\n");
  const auto heard = nlohmann::json::parse(
      run_bivox("transcribe --format json --grammar " + own + " " + clip).out);
  EXPECT_EQ(heard.at("text"), "that's a likely story i can show you the tracks");
  EXPECT_EQ(heard.at("segments").at(0).at("tags").at(0), "told");
  EXPECT_FALSE(heard.contains("rejected"));
  // Silence is no command.
  write_audio(scratch.path() / "silence.wav", AudioBuffer{std::vector<float>(32000, 0.0F), 16000});
  const auto nothing = nlohmann::json::parse(
      run_bivox("transcribe --format json --grammar " + own + " " + scratch.quoted("silence.wav"))
          .out);
  EXPECT_EQ(nothing.at("text"), "");
  EXPECT_EQ(run_bivox("transcribe --rejection high " + clip).code, 2);
  EXPECT_EQ(run_bivox("transcribe --grammar " + list + " --lm x " + clip).code, 2);
  EXPECT_EQ(run_bivox("transcribe --rejection some --grammar " + list + " " + clip).code, 2);
}

}  // namespace
}  // namespace bivox
