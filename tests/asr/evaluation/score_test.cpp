#include "asr/evaluation/score.h"

#include <gtest/gtest.h>

namespace bivox {
namespace {

TEST(Score, CountsMissingAndEmptyHypothesesAsDeletions) {
  const std::vector<UtteranceText> references = {
      {"a", "The cat.", "", ""}, {"b", "two words", "", ""}, {"c", "three more words", "", ""}};
  const std::vector<UtteranceText> hypotheses = {{"c", "three more", "", ""},
                                                 {"a", "the cat", "", ""},
                                                 {"z", "stray", "", ""},
                                                 {"b", "", "", ""}};
  const ScoreReport report = score_utterances(references, hypotheses);
  EXPECT_EQ(report.words, (ErrorCounts{7, 0, 3, 0}));
  EXPECT_EQ(report.wrong_sentences, 2);
  EXPECT_TRUE(report.missing.empty());
  EXPECT_EQ(report.extra, std::vector<std::string>{"z"});

  const ScoreReport none = score_utterances(references, {});
  EXPECT_EQ(none.words, (ErrorCounts{7, 0, 7, 0}));
  EXPECT_EQ(none.missing, (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_DOUBLE_EQ(none.sentence_error_rate(), 1.0);
}

TEST(Score, NormalizationCanBeTurnedOff) {
  const std::vector<UtteranceText> references = {{"a", "The cat.", "", ""}};
  const std::vector<UtteranceText> hypotheses = {{"a", "the cat", "", ""}};
  EXPECT_EQ(score_utterances(references, hypotheses).words.errors(), 0);
  ScoreOptions as_it_is;
  as_it_is.normalize = false;
  EXPECT_EQ(score_utterances(references, hypotheses, as_it_is).words.errors(), 2);
}

TEST(Score, DrawsSpeakersOnlyWhenThereAreEnough) {
  std::vector<UtteranceText> references;
  for (int i = 0; i < 40; ++i) {
    references.push_back({std::to_string(i), "a b", "s" + std::to_string(i % 10), ""});
  }
  EXPECT_TRUE(score_utterances(references, {}).over_speakers);
  references[3].speaker = "";
  EXPECT_FALSE(score_utterances(references, {}).over_speakers);
  EXPECT_EQ(score_utterances(references, {}).num_speakers, 0);
}

}  // namespace
}  // namespace bivox
