#include "asr/evaluation/rover.h"

#include <gtest/gtest.h>

#include "asr/evaluation/word_errors.h"
#include "dsp/core/random.h"

namespace bivox {
namespace {

std::vector<HypothesisWord> words(std::string_view text, float confidence = 1.0F) {
  std::vector<HypothesisWord> result;
  for (const std::string_view word : split_words(text)) {
    HypothesisWord one;
    one.text = word;
    one.confidence = confidence;
    result.push_back(one);
  }
  return result;
}

std::string text(const std::vector<HypothesisWord>& sequence) {
  std::string result;
  for (const HypothesisWord& word : sequence) result += (result.empty() ? "" : " ") + word.text;
  return result;
}

using Hypotheses = std::vector<std::vector<HypothesisWord>>;

TEST(Rover, TheMajorityWins) {
  const Hypotheses three = {words("a b c d"), words("a x c"), words("a b y d e")};
  EXPECT_EQ(text(rover(three, {1.0, 0.0})), "a b c d");
}

TEST(Rover, ConfidenceBreaksTies) {
  Hypotheses two = {words("the cat", 0.3F), words("the hat", 0.8F)};
  EXPECT_EQ(text(rover(two)), "the hat");
  two = {words("the cat", 0.8F), words("the hat", 0.3F)};
  EXPECT_EQ(text(rover(two)), "the cat");
  two = {words("the cat", 0.5F), words("the hat", 0.5F)};
  EXPECT_EQ(text(rover(two)), "the cat");  // the first system
}

TEST(Rover, WordsThatFewAreSureOfMayGo) {
  const Hypotheses two = {words("go"), {words("go now", 0.2F)}};
  EXPECT_EQ(text(rover(two, {0.4, 0.4})), "go");
  EXPECT_EQ(text(rover(two, {0.4, 0.1})), "go now");
}

TEST(Rover, EqualHypothesesComeBack) {
  const Hypotheses same(4, words("one two three", 0.1F));
  EXPECT_EQ(text(rover(same)), "one two three");
  EXPECT_EQ(text(rover(Hypotheses{words("alone")})), "alone");
  EXPECT_EQ(text(rover(Hypotheses{{}, {}})), "");
  EXPECT_EQ(rover_slots(Hypotheses{{}, words("x")}), (std::vector<RoverSlot>{{-1, 0}}));
}

TEST(Rover, EverySystemReadsItsWordsInOrder) {
  Random random(3);
  for (int round = 0; round < 50; ++round) {
    Hypotheses hypotheses(3);
    for (auto& hypothesis : hypotheses) {
      std::string sequence;
      for (uint64_t i = random.below(12); i > 0; --i) {
        sequence += static_cast<char>('a' + random.below(4));
        sequence += ' ';
      }
      hypothesis = words(sequence);
    }
    std::vector<int> next(3, 0);
    for (const RoverSlot& slot : rover_slots(hypotheses)) {
      for (size_t s = 0; s < 3; ++s) {
        if (slot[s] >= 0) {
          EXPECT_EQ(slot[s], next[s]++);
        }
      }
    }
    for (size_t s = 0; s < 3; ++s) EXPECT_EQ(next[s], static_cast<int>(hypotheses[s].size()));
  }
}

TEST(Rover, TheOracleIsNeverWorseThanAnySystem) {
  const auto reference = split_words("a b c d");
  EXPECT_EQ(oracle_errors(reference, Hypotheses{words("a x c d"), words("a b c y")}), 0);
  EXPECT_EQ(oracle_errors(reference, Hypotheses{words("a b c d")}), 0);
  EXPECT_EQ(oracle_errors(reference, Hypotheses{words("q r c d")}), 2);
  EXPECT_EQ(oracle_errors(reference, Hypotheses{{}, {}}), 4);
  EXPECT_EQ(oracle_errors({}, Hypotheses{words("x"), {}}), 0);  // a slot with a way past it
  EXPECT_EQ(oracle_errors({}, Hypotheses{words("x"), words("y")}), 1);
}

}  // namespace
}  // namespace bivox
