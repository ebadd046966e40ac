#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "dsp/audio/audio_file.h"
#include "tests/apps/run_bivox.h"
#include "tests/tts/tiny_voice_folder.h"

namespace bivox {
namespace {

// A folder of models: a dictionary, letters to phones of none, and one voice.
class CliSay : public ::testing::Test {
 protected:
  static void SetUpTestSuite() {
    folder_ = new ScratchFolder;
    write_tiny_voice(folder_->path() / "voice-tiny", true);
    write_tiny_voice(folder_->path() / "voice-bare", false);
  }
  static void TearDownTestSuite() {
    delete folder_;
    folder_ = nullptr;
  }
  // Dictionary and g2p are the bundled ones of the source tree.
  static ProgramRun say(const std::string& arguments, const std::string& before = "",
                        const std::string& voice = "tiny") {
    return run_bivox("say --voice " + voice + " " + arguments,
                     before + " BIVOX_MODEL_PATH=" + folder_->quoted(""));
  }
  static ScratchFolder* folder_;
};
ScratchFolder* CliSay::folder_ = nullptr;

TEST_F(CliSay, WritesFilesByExtension) {
  for (const char* name : {"a.wav", "a.flac", "a.opus"}) {
    const ProgramRun run = say("'Good morning.' -o " + folder_->quoted(name));
    ASSERT_EQ(run.code, 0) << run.err;
    EXPECT_EQ(run.out, "");
    EXPECT_GT(read_audio(folder_->path() / name, 16000).samples.size(), 4000U) << name;
  }
  EXPECT_EQ(say("'Good morning.' -o " + folder_->quoted("a.xyz")).code, 2);
}

TEST_F(CliSay, RawSamplesAreThoseOfTheFile) {
  ASSERT_EQ(say("One. -o " + folder_->quoted("b.wav")).code, 0);
  const ProgramRun raw = say("One. -o -");
  ASSERT_EQ(raw.code, 0) << raw.err;
  const std::string file = content_of(folder_->path() / "b.wav");
  ASSERT_GT(raw.out.size(), 8000U);
  EXPECT_EQ(file.substr(file.size() - raw.out.size()), raw.out);
  EXPECT_EQ(say("-o -", "echo One. |").out, raw.out);
  EXPECT_EQ(say("--file - -o -", "echo One. |").out, raw.out);
  EXPECT_NE(say("One. -o - --seed 2").out, raw.out);
  EXPECT_NE(say("One. -o - --mode source-filter --pitch 3").out, raw.out);
}

TEST_F(CliSay, RateMarkupAndModes) {
  const size_t plain = say("'Good morning one two.' -o -").out.size();
  EXPECT_LT(say("'Good morning one two.' -o - --rate 2").out.size(), plain);
  const auto with_pause = [](const std::string& time) {
    return say("'<speak>Good morning<break time=\"" + time + "\"/> one two.</speak>' -o -")
        .out.size();
  };
  EXPECT_NEAR(static_cast<double>(with_pause("3s") - with_pause("1s")), 2 * 32000.0, 1000.0);
  EXPECT_EQ(say("'Good morning one two.' -o - --mode autoregressive").out.size(), plain);
  EXPECT_EQ(say("One. -o - --rate 9").code, 2);
  EXPECT_EQ(say("One. -o - --speaker s1").code, 0);
  const ProgramRun nobody = say("One. -o - --speaker nobody");
  EXPECT_EQ(nobody.code, 2);
  EXPECT_NE(nobody.err.find("s0, s1"), std::string::npos) << nobody.err;
}

// What stands in brackets is a text, and no list of values as the options parser has them.
TEST_F(CliSay, TextsInBrackets) {
  EXPECT_EQ(say("'[[G UH1 D]]' --show-phonemes").out, "G UH1 D ,\n");
  EXPECT_EQ(say("'[Good, one]' --show-normalized").out, "good, one,\n");
  EXPECT_EQ(say("Good morning --show-normalized one two").out, "good morning one two\n");
}

TEST_F(CliSay, AFolderThatIsNoVoiceHidesNone) {
  std::filesystem::create_directories(folder_->path() / "elsewhere" / "tiny");
  const ProgramRun run = say("One. -o -", "cd " + folder_->quoted("elsewhere") + " &&");
  EXPECT_EQ(run.code, 0) << run.err;
}

TEST_F(CliSay, TimesOfWordsAndPhones) {
  const ProgramRun run = say("'Good morning. Two.' -o - --times " + folder_->quoted("t.json"));
  ASSERT_EQ(run.code, 0) << run.err;
  const auto times = nlohmann::json::parse(content_of(folder_->path() / "t.json"));
  EXPECT_EQ(times["sample_rate_hz"], 16000);
  EXPECT_NEAR(times["seconds"].get<double>(), static_cast<double>(run.out.size()) / 32000.0, 1e-9);
  ASSERT_EQ(times["sentences"].size(), 2U);
  const auto& words = times["sentences"][0]["words"];
  ASSERT_EQ(words.size(), 2U);
  EXPECT_EQ(words[1]["word"], "morning");
  EXPECT_EQ(words[1]["phones"][0]["phone"], "M");
  EXPECT_EQ(words[1]["begin"], 5);
  EXPECT_LT(words[1]["start_s"].get<double>(), words[1]["end_s"].get<double>());
}

TEST_F(CliSay, SaysWhatIsWrong) {
  const auto expect = [](const ProgramRun& run, int code, const char* words) {
    EXPECT_EQ(run.code, code) << run.err;
    EXPECT_NE(run.err.find(words), std::string::npos) << run.err;
  };
  expect(say("'' -o -"), 3, "nothing to say");
  expect(say("'\xF0\x9F\x98\x80' -o " + folder_->quoted("none.wav")), 3, "nothing to say");
  EXPECT_FALSE(std::filesystem::exists(folder_->path() / "none.wav"));
  expect(say("'<speak>One<p>' -o -"), 3, "1:");
  expect(say("One. -o - --show-normalized"), 2, "-o");
  expect(say("One. -o -", "", "nobody"), 4, "voice-tiny");
  expect(say("One. --mode parallel -o -", "", "bare"), 4, "parallel");
}

TEST_F(CliSay, ABareVoiceSpeaks) { EXPECT_EQ(say("One. -o -", "", "bare").code, 0); }

TEST_F(CliSay, ListsVoices) {
  const ProgramRun run = run_bivox("voices", "BIVOX_MODEL_PATH=" + folder_->quoted(""));
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("voice-tiny\ts0,s1\t16000\tparallel,autoregressive,source-filter\t"),
            std::string::npos)
      << run.out;
  EXPECT_NE(run.out.find("voice-bare\ts0,s1\t16000\tsource-filter\t"), std::string::npos);
}

}  // namespace
}  // namespace bivox
