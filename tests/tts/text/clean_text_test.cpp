#include "tts/text/clean_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tts/text/characters.h"

namespace bivox {
namespace {

using testing::ElementsAre;

std::string clean(std::string_view text) {
  std::string result = clean_text(text).text;
  while (!result.empty() && is_blank(result.back())) result.pop_back();
  return result;
}

TEST(CleanText, PlainFormsOfCharacters) {
  EXPECT_EQ(clean("“It’s” – na\u00EFve\u2026"), "\"It's\" - naive...");
  EXPECT_EQ(clean("3\u00BD \u20AC5"),
            "3 1/2 \xE2\x82\xAC"
            "5");
  EXPECT_EQ(clean("\uFF21\uFF11"), "A1");
  EXPECT_EQ(clean("zero\u200Bwidth soft\u00ADhyphen"), "zerowidth softhyphen");
}

TEST(CleanText, WhatHasNoReadingIsCounted) {
  EXPECT_EQ(clean_text("日本").skipped, 2U);
  EXPECT_EQ(clean_text("a\xFFz\xC3").skipped, 2U);
  EXPECT_EQ(clean_text("\xED\xA0\x80").skipped, 3U) << "a surrogate is no character";
  EXPECT_EQ(clean("the \u03B1 cell"), "the  alpha  cell");
  EXPECT_EQ(clean("\u03B1\u03B2\u03B3"), "");
}

TEST(CleanText, Markdown) {
  EXPECT_EQ(clean("## Title ##\ntext"), "Title \ntext");
  EXPECT_EQ(clean("**bold** _it_ a*b 2 * 3 `x`"), "bold it a*b 2 * 3 x");
  EXPECT_EQ(clean("see [the page](http://x.org/a) now"), "see the page now");
  EXPECT_EQ(clean("| a | b |\n|---|---|\n| c | d |"), "a, b\nc, d");
  EXPECT_EQ(clean("x <b>y</b> &amp; z"), "x y & z");
  EXPECT_EQ(clean("3 < 5 and [1] stay"), "3 < 5 and [1] stay");
  EXPECT_EQ(clean_text("**a**", {.markdown = false}).text, "**a** ");
}

TEST(CleanText, SourcesPointIntoTheInput) {
  const std::string input = "**b\u00F6ld** caf\u00E9";
  const MarkedText text = clean_text(input);
  ASSERT_EQ(text.source.size(), text.text.size() + 1);
  EXPECT_EQ(text.source.back(), input.size());
  for (size_t i = 1; i < text.source.size(); ++i) EXPECT_LE(text.source[i - 1], text.source[i]);
  EXPECT_EQ(text.source[text.text.find("cafe")], input.find("caf"));
}

TEST(CleanText, InlinePhones) {
  const MarkedText text = clean_text("say [[HH AH0 L OW1]], not [[this one]]");
  ASSERT_EQ(text.atoms.size(), 1U);
  EXPECT_THAT(text.atoms[0].phones, ElementsAre("HH", "AH0", "L", "OW1"));
  EXPECT_EQ(text.atoms[0].source_begin, 4U);
  EXPECT_EQ(text.atoms[0].source_end, 20U);
  EXPECT_NE(text.text.find("[[this one]]"), std::string::npos);
  EXPECT_FALSE(are_phones({"HH"})) << "no vowel";
  EXPECT_FALSE(are_phones({"HH1", "AA"})) << "a consonant with stress";
}

TEST(CleanText, ControlCharactersAreBlanks) {
  EXPECT_EQ(clean_text(std::string("a\x01"
                                   "b\0c",
                                   5))
                .text,
            "a b c ");
}

TEST(CleanText, OpenMarksTakeLinearTime) {
  // A quadratic reader would not come to an end here.
  for (const char* piece : {"[", "[[", "<", "![", "*", "`", "&", "[a](", "<a"}) {
    std::string text;
    while (text.size() < 1000000) text += piece;
    EXPECT_LE(clean_text(text).text.size(), text.size() + 2);
  }
}

}  // namespace
}  // namespace bivox
