#include "tts/prosody/phone_features.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/tts/text/front_end_fixture.h"

namespace bivox {
namespace {

TEST(PhoneFeatures, TellPhonesStressAndPlaceApart) {
  const auto utterances = front_end().utterances("Hello, my friend?");
  const auto contexts = phone_contexts(utterances.at(0));
  const FeatureMatrix rows = phone_features(contexts, 2, 1);
  ASSERT_EQ(rows.rows(), static_cast<Eigen::Index>(contexts.size()));
  ASSERT_EQ(rows.cols(), phone_feature_columns(2));
  for (size_t p = 0; p < contexts.size(); ++p) {
    const auto row = rows.row(static_cast<Eigen::Index>(p));
    // One phone, one speaker, one kind of sentence.
    EXPECT_EQ(row.head(40).sum(), 1.0F);
    EXPECT_EQ(row[contexts[p].phone.phone], 1.0F);
    EXPECT_EQ(row[rows.cols() - 1], 1.0F);
    EXPECT_EQ(row[rows.cols() - 2], 0.0F);
    EXPECT_TRUE(row.array().isFinite().all());
    EXPECT_LE(row.maxCoeff(), 1.0F);
    EXPECT_GE(row.minCoeff(), 0.0F);
    if (contexts[p].word < 0) {
      EXPECT_EQ(row.segment(40, 12).sum(), 0.0F);
    }
  }
  // HH AH0 L OW1: the second vowel is stressed, and so is its syllable.
  EXPECT_EQ(rows(2, 40), 1.0F);
  EXPECT_EQ(rows(4, 41), 1.0F);
  EXPECT_EQ(rows(3, 44), 1.0F);
  EXPECT_NE(rows.row(1), rows.row(2));
}

TEST(PhoneFeatures, QuestionsDifferFromStatements) {
  const auto question = phone_contexts(front_end().utterances("My friend?").at(0));
  const auto statement = phone_contexts(front_end().utterances("My friend.").at(0));
  ASSERT_EQ(question.size(), statement.size());
  EXPECT_NE(phone_features(question, 1, 0), phone_features(statement, 1, 0));
}

}  // namespace
}  // namespace bivox
