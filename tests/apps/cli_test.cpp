// The program from the outside: exit codes, clean standard output, help. The verbs that need a
// model are in cli_transcribe_test.cpp.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "tests/apps/run_bivox.h"

namespace bivox {
namespace {

const std::filesystem::path kData = BIVOX_TEST_DATA;
const std::string kClip = "'" BIVOX_TEST_DATA "/audio/kathleen-arctic_a0045_1592747525.wav'";

size_t count_of(std::string_view text, std::string_view part) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

TEST(Cli, EveryVerbHasHelpWithThreeExamples) {
  const ProgramRun top = run_bivox("--help");
  EXPECT_EQ(top.code, 0);
  EXPECT_TRUE(top.err.empty());
  for (const std::string verb : {"transcribe", "align", "data", "score", "features", "g2p",
                                 "grammar", "info", "lm", "train"}) {
    EXPECT_NE(top.out.find("  " + verb + " "), std::string::npos) << verb;
    const ProgramRun help = run_bivox(verb + " --help");
    EXPECT_EQ(help.code, 0);
    EXPECT_TRUE(help.err.empty());
    const size_t examples = help.out.find("Examples:");
    ASSERT_NE(examples, std::string::npos) << verb;
    EXPECT_GE(count_of(help.out.substr(examples), "  bivox " + verb), 3U) << verb;
  }
}

TEST(Cli, VersionIsOnStandardOutput) {
  const ProgramRun run = run_bivox("--version");
  EXPECT_EQ(run.code, 0);
  EXPECT_TRUE(run.out.starts_with("bivox 0."));
}

TEST(Cli, BashCompletesVerbsAndOptions) {
  const ScratchFolder scratch;
  const std::string script = scratch.write("completion", run_bivox("--completion bash").out);
  const auto completed = [&](const std::string& words, int at) {
    const std::string command = "bash -c 'source " + (scratch.path() / "completion").string() +
                                "; COMP_WORDS=(" + words + "); COMP_CWORD=" + std::to_string(at) +
                                "; _bivox; echo ${COMPREPLY[*]}' > " + scratch.quoted("out");
    EXPECT_EQ(std::system(command.c_str()), 0);
    return content_of(scratch.path() / "out");
  };
  EXPECT_EQ(completed("bivox trans", 1), "transcribe\n");
  EXPECT_EQ(completed("bivox score --per", 2), "--per-utterance\n");
  EXPECT_EQ(completed("bivox score re", 2), "\n");
}

TEST(Cli, UsageErrorsAreTwo) {
  for (const char* arguments : {"", "sing", "score", "score a b --worst -1", "features x --kind y",
                                "info -q -v", "score a b --ref-form stm"}) {
    const ProgramRun run = run_bivox(arguments);
    EXPECT_EQ(run.code, 2) << arguments << run.err;
    EXPECT_TRUE(run.out.empty()) << arguments;
    EXPECT_TRUE(run.err.starts_with("bivox: error: ")) << arguments << run.err;
  }
}

TEST(Cli, ScorePrintsTheCountsOfSclite) {
  const std::string folder = (kData / "scoring").string();
  const std::string files = "'" + folder + "/ref.trn' '" + folder + "/hyp.trn'";
  const ProgramRun table = run_bivox("score --no-normalize " + files);
  EXPECT_EQ(table.code, 0) << table.err;
  EXPECT_TRUE(table.err.empty()) << table.err;
  EXPECT_NE(table.out.find("825      38      91      69     198    24.00"), std::string::npos)
      << table.out;
  const ProgramRun json = run_bivox("score --json --per-utterance --no-normalize " + files);
  const auto parsed = nlohmann::json::parse(json.out);
  EXPECT_EQ(parsed["words"]["errors"], 198);
  EXPECT_EQ(parsed["sentences"]["wrong"], 42);
  EXPECT_EQ(parsed["per_utterance"].size(), 60U);
  EXPECT_LT(parsed["words"]["interval_95"][0], 0.24);
  EXPECT_GT(parsed["words"]["interval_95"][1], 0.24);
}

TEST(Cli, ScoreCountsAndReportsMissingHypotheses) {
  const ScratchFolder scratch;
  const std::string reference = scratch.write("ref.tsv", "u1\tone two\nu2\tthree\n");
  const std::string hypothesis = scratch.write("hyp.tsv", "u1\tone two\nu3\tstray\n");
  const ProgramRun run = run_bivox("score --worst 1 " + reference + " " + hypothesis);
  EXPECT_EQ(run.code, 0);
  EXPECT_NE(run.out.find("3       0       1       0       1    33.33"), std::string::npos)
      << run.out;
  EXPECT_NE(run.out.find("REF: [three]"), std::string::npos) << run.out;
  EXPECT_NE(run.err.find("u2"), std::string::npos);
  EXPECT_NE(run.err.find("u3"), std::string::npos);
  EXPECT_TRUE(run_bivox("score -q " + reference + " " + hypothesis).err.empty());
  // Nothing in common is a mistake, not a word error rate of 100 %.
  const std::string other = scratch.write("other.tsv", "x1\tone two\n");
  EXPECT_EQ(run_bivox("score " + reference + " " + other).code, 3);
}

TEST(Cli, InputErrorsAreThree) {
  const ScratchFolder scratch;
  const std::string text = scratch.write("text.wav", "this is no audio");
  const std::vector<std::string> commands = {"features " + text, "features /no/such.wav",
                                             "info " + text, "score /no/such.trn /no/such.trn"};
  for (const std::string& arguments : commands) {
    const ProgramRun run = run_bivox(arguments);
    EXPECT_EQ(run.code, 3) << arguments << run.err;
    EXPECT_TRUE(run.out.empty()) << arguments;
    EXPECT_NE(run.err.find("bivox: error: "), std::string::npos) << arguments;
  }
}

TEST(Cli, FeaturesAreWrittenWholeOrNotAtAll) {
  const ScratchFolder scratch;
  const ProgramRun run =
      run_bivox("features -q " + kClip + " --kind sphinx -o " + scratch.quoted("f.npy"));
  EXPECT_EQ(run.code, 0) << run.err;
  EXPECT_TRUE(run.out.empty());
  EXPECT_TRUE(content_of(scratch.path() / "f.npy").starts_with("\x93NUMPY"));
  const std::string kept = scratch.write("kept.npy", "old");
  EXPECT_EQ(run_bivox("features /no/such.wav -o " + kept).code, 3);
  EXPECT_EQ(content_of(scratch.path() / "kept.npy"), "old");
  EXPECT_EQ(run_bivox("features " + kClip + " -o " + scratch.quoted("f.mat")).code, 2);
}

TEST(Cli, FeaturesOfStandardInputEqualThoseOfTheFile) {
  const ProgramRun file = run_bivox("features -q --kind mfcc " + kClip);
  const ProgramRun pipe = run_bivox("features -q --kind mfcc - < " + kClip);
  EXPECT_EQ(file.code, 0) << file.err;
  EXPECT_FALSE(file.out.empty());
  EXPECT_EQ(file.out, pipe.out);
}

TEST(Cli, InfoNamesVersionTransformAndAudio) {
  const ProgramRun program = run_bivox("info");
  EXPECT_EQ(program.code, 0) << program.err;
  for (const char* part : {"version", "FFT", "SIMD", "model"}) {
    EXPECT_NE(program.out.find(part), std::string::npos) << part;
  }
  const ProgramRun audio = run_bivox("info --json " + kClip);
  EXPECT_EQ(audio.code, 0) << audio.err;
  EXPECT_NE(audio.out.find("Hz"), std::string::npos);
  EXPECT_TRUE(nlohmann::json::parse(audio.out).is_array());
}

TEST(Cli, AClosedPipeIsARuntimeError) {
  if (!std::filesystem::exists("/dev/full")) GTEST_SKIP() << "no /dev/full";
  const ScratchFolder scratch;
  const std::string command = "'" BIVOX_PROGRAM "' info > /dev/full 2> " + scratch.quoted("err");
  const int status = std::system(command.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 5) << content_of(scratch.path() / "err");
}

}  // namespace
}  // namespace bivox
