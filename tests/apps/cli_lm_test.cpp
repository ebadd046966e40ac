// `bivox lm` from the outside: train, measure, mix, convert, and what is said when it cannot be.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "tests/apps/run_bivox.h"

namespace bivox {
namespace {

using testing::HasSubstr;

/// Sentences of words with Zipf-like frequencies, so that discounts can be estimated.
std::string random_text(uint32_t seed, const std::string& prefix = "w") {
  std::mt19937 random(seed);
  std::string text;
  for (int i = 0; i < 1500; ++i) {
    for (int n = 0; n < 8; ++n) {
      const uint32_t rank = 400 / (1 + random() % 400);
      text += (n == 0 ? "" : " ") + prefix + std::to_string(rank * 3 + random() % 3);
    }
    text += '\n';
  }
  for (int word = 0; word < 60; ++word) {
    for (int times = 0; times <= word % 6; ++times) {
      text += prefix + std::to_string(random() % 300) + " rare" + std::to_string(word) + "\n";
    }
  }
  return text;
}

TEST(CliLm, HelpOfEverySubVerbHasThreeExamples) {
  EXPECT_EQ(run_bivox("lm --help").code, 0);
  EXPECT_EQ(run_bivox("lm").code, 2);
  for (const std::string verb : {"train", "perplexity", "info", "mix", "convert"}) {
    const ProgramRun help = run_bivox("lm " + verb + " --help");
    EXPECT_EQ(help.code, 0);
    size_t examples = 0;
    for (size_t at = help.out.find("bivox lm " + verb, help.out.find("Examples:"));
         at != std::string::npos; at = help.out.find("bivox lm " + verb, at + 1)) {
      ++examples;
    }
    EXPECT_GE(examples, 3U) << verb;
  }
}

TEST(CliLm, TrainMeasureMixConvert) {
  const ScratchFolder scratch;
  const std::string text = scratch.write("a.txt", random_text(1));
  const std::string other = scratch.write("b.txt", random_text(2, "v"));
  const std::string held_out = scratch.write("held.txt", random_text(3) + random_text(4, "v"));
  const ProgramRun trained =
      run_bivox("lm train " + text + " --discount-fallback -o " + scratch.quoted("a.bin"));
  ASSERT_EQ(trained.code, 0) << trained.err;
  EXPECT_TRUE(trained.out.empty());
  // Standard input, little memory and ARPA give the same model.
  const ProgramRun piped = run_bivox(
      "lm train - -q --discount-fallback --memory 0.0001 -o " + scratch.quoted("a.arpa.gz"),
      "cat " + text + " |");
  ASSERT_EQ(piped.code, 0) << piped.err;
  EXPECT_TRUE(piped.err.empty());
  const ProgramRun one = run_bivox("lm perplexity " + scratch.quoted("a.bin") + " " + held_out);
  const ProgramRun two = run_bivox("lm perplexity " + scratch.quoted("a.arpa.gz") + " " + held_out);
  ASSERT_EQ(one.code, 0) << one.err;
  EXPECT_THAT(one.out, HasSubstr("of these unknown (OOV)"));
  EXPECT_EQ(one.out, two.out);
  ASSERT_EQ(run_bivox("lm train " + other + " --order 2 --discount-fallback -o " +
                      scratch.quoted("b.bin"))
                .code,
            0);
  const ProgramRun mixed =
      run_bivox("lm mix " + scratch.quoted("a.bin") + " " + scratch.quoted("b.bin") + " --tune " +
                held_out + " -o " + scratch.quoted("ab.bin"));
  ASSERT_EQ(mixed.code, 0) << mixed.err;
  EXPECT_THAT(mixed.out, HasSubstr("weight 0."));
  const ProgramRun small =
      run_bivox("lm convert " + scratch.quoted("ab.bin") + " --max-size 0.2 --codebook 512 -o " +
                scratch.quoted("small.bin"));
  ASSERT_EQ(small.code, 0) << small.err;
  EXPECT_LE(std::filesystem::file_size(scratch.path() / "small.bin"), 200'000U);
  const ProgramRun info = run_bivox("lm info " + scratch.quoted("small.bin"));
  EXPECT_THAT(info.out, HasSubstr("checksum   right"));
  EXPECT_THAT(info.out, HasSubstr("order      3"));
}

TEST(CliLm, VocabularyAndItsErrors) {
  const ScratchFolder scratch;
  const std::string text = scratch.write("a.txt", random_text(1));
  const std::string words = scratch.write("words.txt", "w3\nw4\nw5 w6\n");
  const ProgramRun wrong =
      run_bivox("lm train " + text + " --vocab " + words + " -o " + scratch.quoted("x.bin"));
  EXPECT_EQ(wrong.code, 4);
  EXPECT_THAT(wrong.err, HasSubstr("words.txt:3: 2 words, expected one a line"));
  EXPECT_FALSE(std::filesystem::exists(scratch.path() / "x.bin"));
  const std::string dictionary =
      scratch.write("words.dict", "w3 W IY\nw3(2) W AY\nnever N EH V ER\n");
  ASSERT_EQ(run_bivox("lm train " + text + " --discount-fallback --vocab " + dictionary + " -o " +
                      scratch.quoted("x.bin"))
                .code,
            0);
  EXPECT_THAT(run_bivox("lm info " + scratch.quoted("x.bin")).out, HasSubstr("words      5\n"));
}

TEST(CliLm, Errors) {
  const ScratchFolder scratch;
  const std::string few = scratch.write("few.txt", "one line\n");
  const ProgramRun small = run_bivox("lm train " + few + " -o " + scratch.quoted("x.bin"));
  EXPECT_EQ(small.code, 3);
  EXPECT_THAT(small.err, HasSubstr("--discount-fallback"));
  EXPECT_EQ(run_bivox("lm train /no/such/text -o " + scratch.quoted("x.bin")).code, 3);
  EXPECT_EQ(run_bivox("lm train " + few + " --order 9 -o " + scratch.quoted("x.bin")).code, 2);
  const std::string cut = scratch.write("cut.xz", std::string("\xfd"
                                                              "7zXZ\0half",
                                                              10));
  const ProgramRun damaged = run_bivox("lm train " + cut + " -o " + scratch.quoted("x.bin"));
  EXPECT_EQ(damaged.code, 3);
  EXPECT_THAT(damaged.err, HasSubstr("cut.xz:1: the xz data"));
  EXPECT_EQ(run_bivox("lm mix a b -o c").code, 2);
  EXPECT_FALSE(std::filesystem::exists(scratch.path() / "x.bin"));
}

}  // namespace
}  // namespace bivox
