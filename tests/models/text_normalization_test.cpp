#include "models/lexicon/text_normalization.h"

#include <gtest/gtest.h>

namespace bivox {
namespace {

TEST(TextNormalization, FoldsCaseAndStripsPunctuation) {
  EXPECT_EQ(normalize_text("\"Well,\" SAID he -- twenty-one; and/or (1,000)!"),
            "well said he twenty one and or 1000");
}

TEST(TextNormalization, KeepsApostrophesInsideOfWords) {
  EXPECT_EQ(normalize_text("I'm 'here', don't"), "i'm here don't");
  EXPECT_EQ(normalize_text("don\xE2\x80\x99t \xE2\x80\x98quote\xE2\x80\x99"), "don't quote");
}

TEST(TextNormalization, KnowsUnicode) {
  EXPECT_EQ(normalize_text("\xC3\x89t\xC3\xA9 \xE2\x80\x94 \xC2\xABTest\xC2\xBB \xD0\x9C"),
            "\xC3\xA9t\xC3\xA9 test \xD0\xBC");
}

TEST(TextNormalization, LeavesBytesThatAreNotUtf8) {
  EXPECT_EQ(normalize_text("a\xFF\xC3"), "a\xFF\xC3");
}

TEST(TextNormalization, StepsCanBeTurnedOff) {
  EXPECT_EQ(normalize_text("A, b", {.fold_case = false}), "A b");
  EXPECT_EQ(normalize_text("A,  'b-c'", {.strip_punctuation = false}), "a, 'b-c'");
}

}  // namespace
}  // namespace bivox
