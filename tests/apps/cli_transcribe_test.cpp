// `bivox transcribe` and `bivox align` from the outside, with the bundled models.
#include <gtest/gtest.h>
#include <signal.h>

#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>
#include <vector>

#include "dsp/audio/audio_file.h"
#include "tests/apps/run_bivox.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

const fs::path kAudio = fs::path(BIVOX_TEST_DATA) / "audio";
const fs::path kClip = kAudio / "kathleen-arctic_a0045_1592747525.wav";
const fs::path kOtherClip = kAudio / "librispeech-1867-154075-0005.flac";

std::string quoted(const fs::path& path) { return "'" + path.string() + "'"; }

size_t lines_in(const std::string& text) {
  return static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
}

class CliTranscribe : public testing::Test {
 protected:
  ScratchFolder scratch_;
};

TEST_F(CliTranscribe, OneFileIsItsTextAlone) {
  const ProgramRun run = run_bivox("transcribe -q " + quoted(kOtherClip));
  EXPECT_EQ(run.code, 0);
  EXPECT_TRUE(run.err.empty()) << run.err;
  EXPECT_NE(run.out.find("can show you the tracks"), std::string::npos) << run.out;
  EXPECT_EQ(run.out.find(':'), std::string::npos) << run.out;
}

TEST_F(CliTranscribe, BadFilesAmongGoodOnesAreNamedAndTheRestGoOn) {
  scratch_.write("empty.wav", "");
  scratch_.write("text.flac", "this is no audio");
  scratch_.write("cut.wav", content_of(kClip).substr(0, 30));
  fs::copy_file(kClip, scratch_.path() / "z-good.wav");
  fs::create_directories(scratch_.path() / "folder.wav");
  const std::string out = scratch_.quoted("out");
  const ProgramRun run = run_bivox("transcribe --format srt --output-dir " + out + " " +
                                   quoted(scratch_.path()) + " /no/such.wav " + quoted(kOtherClip));
  EXPECT_EQ(run.code, 3);
  EXPECT_TRUE(run.out.empty()) << run.out;
  for (const char* name : {"empty.wav", "text.flac", "cut.wav", "/no/such.wav"}) {
    EXPECT_NE(run.err.find(name), std::string::npos) << name << '\n' << run.err;
  }
  size_t written = 0;
  for (const auto& entry : fs::directory_iterator(scratch_.path() / "out")) {
    ++written;
    EXPECT_EQ(entry.path().extension(), ".srt") << entry.path();
  }
  EXPECT_EQ(written, 2U);
  EXPECT_TRUE(content_of(scratch_.path() / "out/z-good.srt").starts_with("1\n00:00:0"));
}

TEST_F(CliTranscribe, StandardInputAndRawPcmGiveTheSameText) {
  const std::string text = run_bivox("transcribe -q " + quoted(kClip)).out;
  EXPECT_FALSE(text.empty());
  EXPECT_EQ(run_bivox("transcribe -q - < " + quoted(kClip)).out, text);
  const AudioBuffer audio = read_audio(kClip);
  std::string pcm;
  for (const float sample : audio.samples) {
    const auto value = static_cast<int>(std::lround(sample * 32768.0F));
    pcm += static_cast<char>(value & 0xFF);
    pcm += static_cast<char>((value >> 8) & 0xFF);
  }
  const std::string raw = scratch_.write("clip.raw", pcm);
  EXPECT_EQ(
      run_bivox("transcribe -q - --rate " + std::to_string(audio.sample_rate_hz) + " < " + raw).out,
      text);
}

TEST_F(CliTranscribe, OutputDoesNotDependOnTheNumberOfThreads) {
  const std::string arguments = "transcribe -q " + quoted(kAudio);
  const ProgramRun one = run_bivox(arguments);
  const ProgramRun four = run_bivox(arguments + " --jobs 4");
  EXPECT_EQ(one.code, 0);
  EXPECT_EQ(four.code, 0);
  EXPECT_EQ(one.out, four.out);
  EXPECT_GE(lines_in(one.out), 8U);
  EXPECT_NE(one.out.find(kClip.string() + ": "), std::string::npos) << one.out;
}

TEST_F(CliTranscribe, ManifestGivesALineForEveryUtterance) {
  const std::string manifest = scratch_.write("manifest.tsv",
                                              "id\tpath\tsplit\ttext\n"
                                              "good\t" +
                                                  kOtherClip.string() +
                                                  "\tdev\tx\n"
                                                  "gone\tgone.wav\tdev\tx\n"
                                                  "other\tother.wav\ttest\tx\n");
  const ProgramRun tsv = run_bivox("transcribe --split dev --manifest " + manifest);
  EXPECT_EQ(tsv.code, 3);
  EXPECT_TRUE(tsv.out.starts_with("good\tthat's")) << tsv.out;
  EXPECT_TRUE(tsv.out.ends_with("\ngone\t\n")) << tsv.out;
  const ProgramRun trn = run_bivox("transcribe --split dev --format trn --manifest " + manifest);
  EXPECT_TRUE(trn.out.ends_with(" (good)\n (gone)\n")) << trn.out;
}

TEST_F(CliTranscribe, JsonHoldsTimesInsideOfTheFile) {
  const ProgramRun run = run_bivox("transcribe -q --nbest 3 --format json " + quoted(kOtherClip));
  const auto parsed = nlohmann::json::parse(run.out);
  double last = 0.0;
  size_t words = 0;
  for (const auto& segment : parsed["segments"]) {
    EXPECT_FALSE(segment["nbest"].empty());
    for (const auto& word : segment["words"]) {
      ++words;
      EXPECT_GE(word["start_s"].get<double>(), last);
      EXPECT_GT(word["end_s"].get<double>(), word["start_s"].get<double>());
      EXPECT_GE(word["confidence"].get<double>(), 0.0);
      EXPECT_LE(word["confidence"].get<double>(), 1.0);
      last = word["end_s"];
    }
  }
  EXPECT_GT(words, 5U);
  EXPECT_LE(last, parsed["duration_s"].get<double>());
}

TEST_F(CliTranscribe, SilenceIsAnEmptyTranscript) {
  write_audio(scratch_.path() / "silence.wav", {std::vector<float>(48000, 0.0F), 16000});
  const ProgramRun run = run_bivox("transcribe " + scratch_.quoted("silence.wav"));
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_TRUE(run.out.empty()) << run.out;
}

TEST_F(CliTranscribe, InterruptLeavesWholeFilesAlone) {
  // Enough copies that the run cannot end before the signal comes.
  for (int i = 0; i < 200; ++i) {
    fs::create_symlink(kOtherClip, scratch_.path() / (std::to_string(1000 + i) + ".flac"));
  }
  const fs::path out = scratch_.path() / "out";
  const std::string command = std::string("exec '") + BIVOX_PROGRAM +
                              "' transcribe -q --format json --output-dir " + quoted(out) + " " +
                              quoted(scratch_.path());
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::execl("/bin/sh", "sh", "-c", command.c_str(), nullptr);
    ::_exit(127);
  }
  const auto first = out / "1000.json";
  int status = 0;
  while (!fs::exists(first) && ::waitpid(child, &status, WNOHANG) == 0) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  ::kill(child, SIGINT);
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 130);
  size_t written = 0;
  for (const auto& entry : fs::directory_iterator(out)) {
    ++written;
    EXPECT_EQ(entry.path().extension(), ".json");
    EXPECT_TRUE(nlohmann::json::accept(content_of(entry.path()))) << entry.path();
  }
  EXPECT_GE(written, 1U);
  EXPECT_LT(written, 200U);
}

TEST_F(CliTranscribe, ListedWordsAreHeardAndPronouncedOnesTold) {
  const std::string words = scratch_.write("words.txt", "# names\nTrakz\tT R AE K S\t12\nBlivet\n");
  const std::string arguments = "transcribe --format json --words " + words + " ";
  const ProgramRun run = run_bivox(arguments + quoted(kOtherClip));
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.err.find("Blivet (B L "), std::string::npos) << run.err;
  const auto parsed = nlohmann::json::parse(run.out);
  ASSERT_EQ(parsed["pronounced"].size(), 1U);
  EXPECT_EQ(parsed["pronounced"][0]["word"], "Blivet");
  EXPECT_GT(parsed["pronounced"][0]["confidence"].get<double>(), 0.0);
  EXPECT_GE(parsed["pronounced"][0]["phones"].size(), 4U);
  // It sounds like "tracks", and is boosted above it.
  EXPECT_NE(parsed["text"].get<std::string>().find("the Trakz"), std::string::npos) << run.out;
  EXPECT_TRUE(nlohmann::json::parse(
                  run_bivox("transcribe -q --format json " + quoted(kOtherClip)).out)["pronounced"]
                  .is_null());
}

TEST_F(CliTranscribe, BoostedPhrasesWinOverWordsThatSoundAlike) {
  const std::string words = scratch_.write("words.txt", "trax\tT R AE K S\n");
  const std::string arguments = "transcribe -q --words " + words + " " + quoted(kOtherClip);
  EXPECT_NE(run_bivox(arguments).out.find("the tracks"), std::string::npos);
  EXPECT_NE(run_bivox(arguments + " --boost 'the trax' --boost-weight 10").out.find("the trax"),
            std::string::npos);
  // Not completed, the phrase gains nothing.
  EXPECT_NE(run_bivox(arguments + " --boost 'trax likely story' --boost-weight 10")
                .out.find("the tracks"),
            std::string::npos);
}

TEST_F(CliTranscribe, MalformedWordListsAreNamedWithTheLine) {
  const std::string words = scratch_.write("words.txt", "fine\tF AY N\nbad\tB AX D\n");
  const ProgramRun run = run_bivox("transcribe --words " + words + " " + quoted(kClip));
  EXPECT_EQ(run.code, 3);
  EXPECT_NE(run.err.find("words.txt:2: word 'bad' has phone 'AX'"), std::string::npos) << run.err;
  EXPECT_EQ(run_bivox("transcribe --boost '...' " + quoted(kClip)).code, 2);
}

// The second pass with an ARPA that wants another word than the first.
TEST_F(CliTranscribe, RescoringTakesTheLargerModelsWord) {
  const std::string words = scratch_.write("words.txt", "trax\tT R AE K S\t5\n");
  const std::string larger = scratch_.write("larger.arpa", R"(\data\
ngram 1=14
ngram 2=1

\1-grams:
-1 </s>
-99 <s>
-1.5 that's
-1.5 a
-1.5 likely
-1.5 story
-1.5 i
-1.5 can
-1.5 show
-1.5 you
-1.5 the -0.3
-5.0 tracks
-5.0 track's
-2.0 trax

\2-grams:
-0.1 the trax

\end\
)");
  const std::string arguments = "transcribe -q --words " + words + " " + quoted(kOtherClip);
  EXPECT_NE(run_bivox(arguments).out.find("the tracks"), std::string::npos);
  const ProgramRun run = run_bivox(arguments + " --rescore-share 1 --rescore " + larger);
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("the trax"), std::string::npos) << run.out;
  EXPECT_EQ(run_bivox(arguments + " --rescore /no/such.bin").code, 4);
}

TEST_F(CliTranscribe, BundledLanguageModelsComeByNameWithTheirDictionary) {
  const ProgramRun run = run_bivox("transcribe -v --lm en-small " + quoted(kOtherClip));
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("can show you the tracks"), std::string::npos) << run.out;
  EXPECT_NE(run.err.find("en-small/words.dict"), std::string::npos) << run.err;
  EXPECT_EQ(run_bivox("transcribe --lm no-such-model " + quoted(kOtherClip)).code, 4);
}

TEST_F(CliTranscribe, ModelErrorsAreFour) {
  const std::string clip = quoted(kClip);
  const std::string damaged = scratch_.write("damaged.lm.bin", "Trie Language Model");
  const std::string no_words = scratch_.write("no.dict", "hello HH AH L OW XX\n");
  for (const std::string& options : std::vector<std::string>{
           "--model /nowhere", "--lm /no/such.lm", "--lm " + damaged, "--dict " + no_words}) {
    const ProgramRun run = run_bivox("transcribe " + clip + " " + options);
    EXPECT_EQ(run.code, 4) << options << run.err;
    EXPECT_TRUE(run.out.empty());
  }
}

TEST_F(CliTranscribe, UsageErrorsAreTwo) {
  const std::string clip = quoted(kClip);
  for (const std::string& arguments : std::vector<std::string>{
           "", clip + " --format doc", clip + " " + clip + " --format srt", clip + " --channels 2",
           clip + " --engine rnn", clip + " --output-dir x --format trn", clip + " --beam -3",
           clip + " --manifest x.tsv", clip + " --rate 16000 --encoding mulaw",
           clip + " " + clip + " --output-dir " + scratch_.quoted("out")}) {
    const ProgramRun run = run_bivox("transcribe " + arguments);
    EXPECT_EQ(run.code, 2) << arguments << run.err;
    EXPECT_TRUE(run.out.empty());
  }
}

class CliAlign : public CliTranscribe {};

TEST_F(CliAlign, WordsPhonesAndStatesAreInsideOfTheFile) {
  const ProgramRun run = run_bivox("align -q --format json " + quoted(kOtherClip));
  ASSERT_EQ(run.code, 0) << run.err;
  const auto parsed = nlohmann::json::parse(run.out);
  double last = 0.0;
  const auto next = [&](const nlohmann::json& label) {
    EXPECT_GE(label["start_s"].get<double>(), last - 1e-9);
    EXPECT_GT(label["end_s"].get<double>(), label["start_s"].get<double>());
    last = label["end_s"];
  };
  std::string text;
  for (const auto& word : parsed["segments"][0]["words"]) {
    text += word["word"].get<std::string>() + " ";
    for (const auto& phone : word["phones"]) {
      EXPECT_FALSE(phone["states"].empty());
      for (const auto& state : phone["states"]) next(state);
    }
    EXPECT_DOUBLE_EQ(word["end_s"].get<double>(), last);
  }
  EXPECT_EQ(text, "that's a likely story i can show you the tracks ");
  EXPECT_LE(last, parsed["duration_s"].get<double>());
}

TEST_F(CliAlign, FoldersGiveATextGridEach) {
  const ProgramRun run =
      run_bivox("align -q --jobs 2 --output-dir " + scratch_.quoted("out") + " " + quoted(kAudio));
  EXPECT_EQ(run.code, 0) << run.err;
  size_t written = 0;
  for (const auto& entry : fs::directory_iterator(scratch_.path() / "out")) {
    ++written;
    const std::string grid = content_of(entry.path());
    EXPECT_EQ(entry.path().extension(), ".TextGrid");
    for (const char* tier : {"\"words\"", "\"phones\"", "\"states\""}) {
      EXPECT_NE(grid.find(tier), std::string::npos) << entry.path() << tier;
    }
  }
  EXPECT_GE(written, 8U);
}

TEST_F(CliAlign, UnknownWordsArePronouncedAndListed) {
  const ProgramRun run = run_bivox(
      "align --format json --text \"That's a lykelee story. I can show you the tracks\" " +
      quoted(kOtherClip));
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.err.find("lykelee (L "), std::string::npos) << run.err;
  const auto parsed = nlohmann::json::parse(run.out);
  ASSERT_EQ(parsed["pronounced"].size(), 1U);
  EXPECT_EQ(parsed["pronounced"][0]["word"], "lykelee");
  EXPECT_EQ(parsed["segments"][0]["words"][2]["word"], "lykelee");
  const std::string words = scratch_.write("words.txt", "lykelee\tL AY K L IY\n");
  const ProgramRun listed =
      run_bivox("align --format json --text 'a lykelee story i can show you the tracks' --words " +
                words + " " + quoted(kOtherClip));
  ASSERT_EQ(listed.code, 0) << listed.err;
  EXPECT_TRUE(listed.err.empty()) << listed.err;
  EXPECT_FALSE(nlohmann::json::parse(listed.out).contains("pronounced"));
}

TEST_F(CliAlign, ErrorsNameWhatIsWrong) {
  const std::string clip = quoted(kClip);
  const ProgramRun unknown = run_bivox("align --text 'the 1984 moved' " + clip);
  EXPECT_EQ(unknown.code, 3);
  EXPECT_NE(unknown.err.find("1984"), std::string::npos) << unknown.err;
  EXPECT_EQ(run_bivox("align --text '' " + clip).code, 3);
  EXPECT_EQ(run_bivox("align --text a --text-file b " + clip).code, 2);
  EXPECT_EQ(run_bivox("align --text a " + clip + " " + quoted(kOtherClip)).code, 2);
  EXPECT_EQ(run_bivox("align --text a --model /nowhere " + clip).code, 4);
}

}  // namespace
}  // namespace bivox
