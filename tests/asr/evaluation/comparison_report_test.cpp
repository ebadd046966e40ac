#include "asr/evaluation/comparison_report.h"

#include <gtest/gtest.h>

#include <cmath>

namespace bivox {
namespace {

Comparison comparison() {
  std::vector<ComparedUtterance> utterances(2);
  utterances[0].id = "u<1>";
  utterances[0].reference = "a b c";
  utterances[0].duration_s = 2.0;
  utterances[1].id = "u2";
  utterances[1].reference = "d e";
  utterances[1].duration_s = 1.0;
  std::vector<SystemHypotheses> systems(2);
  systems[0].name = "one";
  systems[0].utterances = {{hypothesis_words("a x c"), ""}, {hypothesis_words("d e"), ""}};
  systems[1].name = "two";
  systems[1].utterances = {{hypothesis_words("a b c"), ""}, {{}, "broken file"}};
  systems[0].utterances[0].words[1].start_s = 0.5;
  systems[0].utterances[0].words[1].end_s = 1.0;
  return compare_systems(utterances, systems);
}

TEST(ComparisonReport, ErrorTableMarksTheBest) {
  UnknownWords unknown;
  unknown.words = 5;
  unknown.unknown = 1;
  unknown.by_word["x"] = 1;
  const ReportSection section = error_section(comparison(), unknown);
  ASSERT_EQ(section.tables.size(), 3U);  // errors, failed, unknown words
  const auto& rows = section.tables[0].rows;
  EXPECT_EQ(rows[0][5].text, "20.00");
  EXPECT_TRUE(rows[0][5].mark);
  EXPECT_EQ(rows[1][5].text, "40.00");
  EXPECT_FALSE(rows[1][5].mark);
  EXPECT_EQ(section.tables[1].rows[0][2].text, "broken file");
  EXPECT_NE(section.tables[0].note.find("1 of 5 words (20.00 %)"), std::string::npos);
}

TEST(ComparisonReport, TheSummaryNamesTheBestAndHowSurely) {
  std::vector<SystemMeasures> measures(2);
  measures[0].name = "one";
  measures[0].audio_s = 2.0;
  measures[0].core_s = 0.5;
  const std::vector<std::string> summary = comparison_summary(comparison(), measures);
  ASSERT_EQ(summary.size(), 3U);
  EXPECT_EQ(summary[0].find("one: 20.00 % of 5 words wrong"), 0U) << summary[0];
  EXPECT_EQ(summary[1].find("two: 40.00 %, one makes 50 % fewer errors (20.00 points"), 0U)
      << summary[1];
  EXPECT_NE(summary[1].find("may be chance"), std::string::npos) << summary[1];
  EXPECT_EQ(summary[2], "Core-seconds for a second of audio: one 0.250.");
  // The other way round the pair is turned, the sentence is not.
  const Comparison first = comparison();
  const Comparison turned =
      compare_systems(first.utterances, {first.hypotheses[1], first.hypotheses[0]});
  EXPECT_EQ(comparison_summary(turned, {})[1].substr(0, 40), summary[1].substr(0, 40));
}

TEST(ComparisonReport, ConfidenceIsHeldAgainstWhatIsRight) {
  Comparison judged = comparison();
  EXPECT_TRUE(confidence_section(judged).empty());  // nobody gave one
  for (SystemHypothesis& one : judged.hypotheses[0].utterances) {
    for (HypothesisWord& word : one.words) word.confidence = word.text == "x" ? 0.05F : 0.95F;
  }
  const ReportSection section = confidence_section(judged);
  ASSERT_EQ(section.tables[0].rows.size(), 1U);
  const auto& row = section.tables[0].rows[0];
  EXPECT_EQ(row[1].text, "5");
  EXPECT_EQ(row[2].text, "0.770");
  EXPECT_EQ(row[3].text, "80.00");
  EXPECT_EQ(row[4].text, "0.050");
  EXPECT_GT(row[5].value, 0.8);
}

TEST(ComparisonReport, OneSystemHasNobodyToBeComparedWith) {
  Comparison alone = comparison();
  alone = compare_systems(alone.utterances, {alone.hypotheses[0]});
  EXPECT_TRUE(significance_section(alone).empty());
  EXPECT_TRUE(overlap_section(alone).empty());
  EXPECT_FALSE(error_section(alone, std::nullopt).empty());
}

TEST(ComparisonReport, NoiseHasAPointForEachRatio) {
  const std::vector<std::string> systems = {"one"};
  std::vector<NoiseCondition> conditions(3);
  conditions[1].noise = conditions[2].noise = "rain";
  conditions[1].snr_db = 20.0;
  conditions[2].snr_db = 0.0;
  conditions[2].unseen = true;
  for (NoiseCondition& condition : conditions) {
    condition.words = {{10, 1, 1, 1}};
    condition.intervals = {{0.2, 0.4}};
  }
  const ReportSection section = noise_section(systems, conditions);
  EXPECT_EQ(section.tables[0].rows.size(), 3U);
  EXPECT_EQ(section.tables[0].rows[0][2].text, "clean");
  EXPECT_EQ(section.tables[0].rows[2][1].text, "never");
  EXPECT_NE(section.figures[0].html.find(">clean</text>"), std::string::npos);
  EXPECT_TRUE(noise_section(systems, {}).empty());
}

TEST(ComparisonReport, WhatWasNotMeasuredIsLeftOpen) {
  std::vector<SystemMeasures> measures(2);
  measures[0].name = "one";
  measures[0].audio_s = 3.0;
  measures[0].core_s = 0.3;
  measures[0].utterance_core_s = {0.2, 0.1};
  measures[1].name = "two";
  const ReportSection section = speed_section(comparison(), measures);
  EXPECT_EQ(section.tables[0].rows[0][2].text, "0.1000");
  EXPECT_EQ(section.tables[0].rows[1][2].text, "-");
  EXPECT_EQ(section.tables[1].rows.size(), 1U);
  EXPECT_TRUE(speed_section(comparison(), std::vector<SystemMeasures>(1)).empty());
}

TEST(ComparisonReport, CardsColourErrorsAndKeepTimes) {
  UtteranceCardOptions options;
  options.max_clips = 1;
  int asked = 0;
  options.audio = [&](const ComparedUtterance&) {
    ++asked;
    return AudioBuffer{std::vector<float>(16'000, 0.1F), 16'000};
  };
  const ReportSection section = utterance_section(comparison(), options);
  ASSERT_EQ(section.cards.cards.size(), 2U);
  EXPECT_EQ(asked, 1);
  // The utterance where they differ most comes first: "d e", 0 against 2 errors.
  EXPECT_EQ(section.cards.cards[0].title, "u2");
  EXPECT_NE(section.cards.cards[0].html.find("<span class=\"w del\">d</span>"), std::string::npos);
  EXPECT_NE(section.cards.cards[0].html.find("broken file"), std::string::npos);
  EXPECT_NE(section.cards.cards[1].html.find("<span class=\"w sub\" data-s=\"0.50\""),
            std::string::npos);
  EXPECT_EQ(section.cards.cards[1].keys, (std::vector<double>{1, 1, 0, 2}));
}

TEST(ComparisonReport, QuantilesLeaveOutWhatIsNoNumber) {
  EXPECT_DOUBLE_EQ(quantile_of({3.0, std::nan(""), 1.0}, 0.5), 2.0);
  EXPECT_TRUE(std::isnan(quantile_of({}, 0.5)));
}

}  // namespace
}  // namespace bivox
