#include "tts/text/sentences.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tts/text/clean_text.h"

namespace bivox {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> sentences_of(const std::string& text) {
  const MarkedText clean = clean_text(text);
  std::vector<std::string> result;
  for (const SentenceRange& range : split_sentences(clean.text)) {
    result.push_back(clean.text.substr(range.begin, range.end - range.begin));
  }
  return result;
}

TEST(Sentences, SurviveTitlesAndDecimals) {
  EXPECT_THAT(sentences_of("Dr. Smith's 3.5 km run. It rained."),
              ElementsAre("Dr. Smith's 3.5 km run.", "It rained."));
  EXPECT_THAT(sentences_of("Version v1.2.3 is out. Get it at example.com. Now!"),
              ElementsAre("Version v1.2.3 is out.", "Get it at example.com.", "Now!"));
}

TEST(Sentences, AbbreviationsEndOneOnlyBeforeABeginning) {
  EXPECT_THAT(sentences_of("The U.S. Army came. He left the U.S. The end."),
              ElementsAre("The U.S. Army came.", "He left the U.S.", "The end."));
  EXPECT_THAT(sentences_of("Tea, milk, etc. are here. Tea, etc. Then go."),
              ElementsAre("Tea, milk, etc. are here.", "Tea, etc.", "Then go."));
  EXPECT_THAT(sentences_of("At 5 p.m. we ate. At 6 p.m. We slept."),
              ElementsAre("At 5 p.m. we ate.", "At 6 p.m.", "We slept."));
  EXPECT_THAT(sentences_of("See No. 5. No. I said no."),
              ElementsAre("See No. 5.", "No.", "I said no."));
  EXPECT_THAT(sentences_of("J. R. R. Tolkien and I. M. Pei met."),
              ElementsAre("J. R. R. Tolkien and I. M. Pei met."));
  EXPECT_THAT(sentences_of("She and I. They left."), ElementsAre("She and I.", "They left."));
}

TEST(Sentences, QuotesAndEllipses) {
  EXPECT_THAT(sentences_of("\"Stop!\" he said. \"Go.\" She went."),
              ElementsAre("\"Stop!\" he said.", "\"Go.\"", "She went."));
  EXPECT_THAT(sentences_of("Wait... what? Well... Then go."),
              ElementsAre("Wait... what?", "Well...", "Then go."));
  EXPECT_THAT(sentences_of("What?! No! (Really.) Yes."),
              ElementsAre("What?!", "No!", "(Really.)", "Yes."));
}

TEST(Sentences, LowerCaseTextsAreSplitToo) {
  EXPECT_THAT(sentences_of("hello there. how are you? fine."),
              ElementsAre("hello there.", "how are you?", "fine."));
}

TEST(Sentences, HeadingsAndItemsEndParagraphs) {
  EXPECT_THAT(sentences_of("# A title\nSome text\nthat goes on\n\n- one\n- two\n"),
              ElementsAre("A title", "Some text that goes on", "one", "two"));
}

TEST(Sentences, NothingToReadIsNoSentence) {
  EXPECT_THAT(sentences_of(""), IsEmpty());
  EXPECT_THAT(sentences_of(" \n ... !!! \n ---\n"), IsEmpty());
}

TEST(Sentences, LengthIsBounded) {
  std::string words;
  for (int i = 0; i < 2000; ++i) words += "word ";
  for (const std::string& text : {words, std::string(100000, 'x'), std::string(5000, '\xB0')}) {
    const MarkedText clean = clean_text(text);
    size_t total = 0;
    size_t end = 0;
    for (const SentenceRange& range : split_sentences(clean.text)) {
      EXPECT_LE(range.end - range.begin, kMaxSentenceBytes);
      EXPECT_GE(range.begin, end);
      end = range.end;
      total += range.end - range.begin;
    }
    EXPECT_GE(total + 2000 + clean.skipped, text.size() - 2000);
  }
}

TEST(Sentences, LongOnesAreCutAtCommas) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "apples and pears, ";
  const MarkedText clean = clean_text(text);
  const auto ranges = split_sentences(clean.text);
  ASSERT_GE(ranges.size(), 3U);
  EXPECT_TRUE(ranges[0].continues);
  EXPECT_EQ(clean.text[ranges[0].end - 1], ',');
}

}  // namespace
}  // namespace bivox
