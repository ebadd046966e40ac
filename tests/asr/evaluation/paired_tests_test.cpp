#include "asr/evaluation/paired_tests.h"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "asr/evaluation/utterance_texts.h"
#include "dsp/core/file_io.h"

namespace bivox {
namespace {

const std::string kFolder = std::string(BIVOX_TEST_DATA) + "/scoring/";

std::vector<AlignedPair> align(std::string_view reference, std::string_view hypothesis) {
  return align_words(split_words(reference), split_words(hypothesis));
}

std::vector<ErrorSegment> segments_of(std::string_view reference, std::string_view a,
                                      std::string_view b) {
  std::vector<ErrorSegment> segments;
  append_error_segments(align(reference, a), align(reference, b), segments);
  return segments;
}

// Counts and alignments of the golden texts, in the order of the references.
struct Golden {
  nlohmann::json expected = nlohmann::json::parse(read_file(kFolder + "paired.json"));
  std::vector<ErrorCounts> a;
  std::vector<ErrorCounts> b;
  std::vector<ErrorSegment> segments;

  Golden() {
    std::map<std::string, std::string> text_b;
    std::map<std::string, std::string> text_a;
    for (const auto& u : read_utterance_texts(kFolder + "paired_a.trn")) text_a[u.id] = u.text;
    for (const auto& u : read_utterance_texts(kFolder + "paired_b.trn")) text_b[u.id] = u.text;
    for (const UtteranceText& reference : read_utterance_texts(kFolder + "paired_ref.trn")) {
      const auto align_a = align(reference.text, text_a.at(reference.id));
      const auto align_b = align(reference.text, text_b.at(reference.id));
      a.push_back(count_errors(align_a));
      b.push_back(count_errors(align_b));
      append_error_segments(align_a, align_b, segments);
    }
  }
};

TEST(PairedTests, MatchedPairsAsScStats) {
  const Golden golden;
  const MatchedPairs result = matched_pairs(golden.segments);
  EXPECT_EQ(result.segments, golden.expected["segments"]);
  EXPECT_NEAR(result.mean, golden.expected["mean"].get<double>(), 0.0006);
  EXPECT_NEAR(result.z, golden.expected["z"].get<double>(), 0.0006);
  EXPECT_NEAR(result.p, golden.expected["p"].get<double>(), 0.0002);
}

TEST(PairedTests, McNemarAsScStatsAndSciPy) {
  const Golden golden;
  const McNemar result = mcnemar(golden.a, golden.b);
  EXPECT_EQ(result.both_right, golden.expected["both_right"]);
  EXPECT_EQ(result.only_a_right, golden.expected["only_a_right"]);
  EXPECT_EQ(result.only_b_right, golden.expected["only_b_right"]);
  EXPECT_EQ(result.both_wrong, golden.expected["both_wrong"]);
  EXPECT_NEAR(result.p, golden.expected["mcnemar_p"].get<double>(), 1e-9);
}

TEST(PairedTests, BootstrapAsNumPy) {
  const Golden golden;
  const PairedBootstrap result = paired_bootstrap(golden.a, golden.b, {.num_resamples = 100'000});
  EXPECT_NEAR(result.difference, golden.expected["difference"].get<double>(), 1e-12);
  EXPECT_NEAR(result.interval.low, golden.expected["interval"][0].get<double>(), 0.001);
  EXPECT_NEAR(result.interval.high, golden.expected["interval"][1].get<double>(), 0.001);
  EXPECT_NEAR(result.probability, golden.expected["probability"].get<double>(), 0.003);
}

TEST(PairedTests, BootstrapTurnsAroundWithTheSystems) {
  const Golden golden;
  const PairedBootstrap forward = paired_bootstrap(golden.a, golden.b);
  const PairedBootstrap backward = paired_bootstrap(golden.b, golden.a);
  EXPECT_DOUBLE_EQ(forward.difference, -backward.difference);
  EXPECT_DOUBLE_EQ(forward.probability, 1.0 - backward.probability);
  EXPECT_NEAR(forward.interval.low, -backward.interval.high, 1e-12);
  EXPECT_DOUBLE_EQ(paired_bootstrap(golden.a, golden.a).probability, 0.5);
}

TEST(PairedTests, SegmentsEndAfterTwoGoodWords) {
  // One good word joins errors, two part them.
  EXPECT_EQ(segments_of("a b c d e", "x b y d e", "a b c d e").size(), 1U);
  EXPECT_EQ(segments_of("a b c d e", "x b c y e", "a b c d e").size(), 2U);
  // A word must be right in both to count as good.
  EXPECT_EQ(segments_of("a b c d e", "x b c y e", "a z c d e").size(), 1U);
  EXPECT_TRUE(segments_of("a b c", "a b c", "a b c").empty());
}

TEST(PairedTests, SegmentsCountInsertionsAnywhere) {
  const auto first = segments_of("a b", "x a b", "a b");
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].errors_a, 1);
  const auto last = segments_of("a b", "a b", "a b x y");
  ASSERT_EQ(last.size(), 1U);
  EXPECT_EQ(last[0].errors_b, 2);
  EXPECT_EQ(segments_of("", "x", "").size(), 1U);
  // An insertion between two good words parts them.
  EXPECT_EQ(segments_of("a b c d", "x b i c z", "a b c d").size(), 1U);
}

TEST(PairedTests, NothingDiffers) {
  EXPECT_DOUBLE_EQ(matched_pairs({}).p, 1.0);
  const std::vector<ErrorSegment> same(5, {2, 2});
  EXPECT_DOUBLE_EQ(matched_pairs(same).z, 0.0);
  const std::vector<ErrorCounts> right(10, {5, 0, 0, 0});
  EXPECT_DOUBLE_EQ(mcnemar(right, right).p, 1.0);
}

TEST(PairedTests, McNemarOfManyUtterances) {
  // 3,000 against 3,100: z = 100 / sqrt(6100) = 1.28 without and 1.27 with continuity correction.
  std::vector<ErrorCounts> a;
  std::vector<ErrorCounts> b;
  for (int i = 0; i < 6100; ++i) {
    a.push_back({1, 0, 0, i < 3000 ? 0 : 1});
    b.push_back({1, 0, 0, i < 3000 ? 1 : 0});
  }
  EXPECT_NEAR(mcnemar(a, b).p, 0.2050, 0.001);
}

}  // namespace
}  // namespace bivox
