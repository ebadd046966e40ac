#include "asr/evaluation/comparison.h"

#include <gtest/gtest.h>

namespace bivox {
namespace {

struct Case {
  std::vector<ComparedUtterance> utterances;
  std::vector<SystemHypotheses> systems;

  explicit Case(int num_systems = 2) {
    for (int s = 0; s < num_systems; ++s) {
      systems.push_back({std::string(1, static_cast<char>('a' + s)), {}});
    }
  }
  void add(const std::string& reference, const std::vector<std::string>& texts,
           const std::string& speaker = "", std::map<std::string, std::string> traits = {}) {
    ComparedUtterance utterance;
    utterance.id = "u" + std::to_string(utterances.size());
    utterance.speaker = speaker;
    utterance.reference = reference;
    utterance.traits = std::move(traits);
    utterances.push_back(utterance);
    for (size_t s = 0; s < texts.size(); ++s) {
      systems[s].utterances.push_back({hypothesis_words(texts[s]), ""});
    }
  }
};

TEST(Comparison, WhatFailedCountsAsDeletions) {
  Case data(1);
  data.add("one two three", {"one two three"});
  data.add("four five", {""});
  data.systems[0].utterances[1].failure = "no such file";
  const Comparison result = compare_systems(data.utterances, data.systems);
  EXPECT_EQ(result.systems[0].total_words, (ErrorCounts{5, 0, 2, 0}));
  EXPECT_EQ(result.systems[0].failed, (std::vector<size_t>{1}));
  EXPECT_EQ(result.systems[0].wrong_sentences, 1);
  EXPECT_TRUE(result.pairs.empty());
}

TEST(Comparison, OverlapOfErrors) {
  Case data;
  data.add("a b c d e", {"a x c y e", "a b z w e i"});
  const Comparison result = compare_systems(data.utterances, data.systems);
  ASSERT_EQ(result.pairs.size(), 1U);
  const SystemPair& pair = result.pairs[0];
  EXPECT_EQ(pair.both_right, 2);
  EXPECT_EQ(pair.only_a_right, 1);
  EXPECT_EQ(pair.only_b_right, 1);
  EXPECT_EQ(pair.neither_right, 1);
  EXPECT_EQ(result.systems[1].total_words.insertions, 1);
  EXPECT_EQ(result.best_of_utterance, 2);
  EXPECT_EQ(result.oracle_errors, 1);
}

TEST(Comparison, GroupsAddUpToTheTotal) {
  Case data;
  for (int i = 0; i < 24; ++i) {
    data.add(i % 2 == 0 ? "one two three" : "one two three four five six seven",
             {i % 3 == 0 ? "one two" : "one two three", "one three"}, "s" + std::to_string(i % 12),
             {{"gender", i % 4 < 2 ? "f" : "m"}});
  }
  const Comparison result = compare_systems(data.utterances, data.systems);
  EXPECT_TRUE(result.over_speakers);
  EXPECT_EQ(result.num_speakers, 12U);
  for (const std::string trait : {"gender", "length", "speaker"}) {
    ErrorCounts sum;
    size_t utterances = 0;
    for (const ErrorGroup& group : result.groups) {
      if (group.trait != trait) continue;
      sum += group.words[0];
      utterances += group.utterances;
    }
    EXPECT_EQ(sum, result.systems[0].total_words) << trait;
    EXPECT_EQ(utterances, 24U);
  }
}

TEST(Comparison, FewSpeakersDrawUtterances) {
  Case data(1);
  data.add("a", {"a"}, "x");
  data.add("b", {"c"}, "y");
  const Comparison result = compare_systems(data.utterances, data.systems);
  EXPECT_FALSE(result.over_speakers);
  EXPECT_EQ(result.num_speakers, 2U);
}

TEST(Comparison, WordsKeepTheirTimes) {
  Transcript transcript;
  transcript.segments.resize(1);
  TranscriptWord word;
  word.name = "Twenty-One,";
  word.start_s = 1.0;
  word.end_s = 1.5;
  word.confidence = 0.75F;
  transcript.segments[0].words = {word};
  const auto words = hypothesis_words(transcript);
  ASSERT_EQ(words.size(), 2U);
  EXPECT_EQ(words[1].text, "one");
  EXPECT_DOUBLE_EQ(words[1].start_s, 1.0);
  EXPECT_FLOAT_EQ(words[1].confidence, 0.75F);
  EXPECT_LT(hypothesis_words("word")[0].start_s, 0.0);
}

TEST(Comparison, UnknownWordsAreRunningWords) {
  Case data(1);
  data.add("the cat sat on the zyzzyva", {""});
  const auto unknown = count_unknown_words(
      data.utterances, [](std::string_view word) { return word != "zyzzyva" && word != "the"; });
  EXPECT_EQ(unknown.words, 6);
  EXPECT_EQ(unknown.unknown, 3);
  EXPECT_EQ(unknown.by_word.at("the"), 2);
}

}  // namespace
}  // namespace bivox
