#include "tts/text/text_front_end.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

#include "dsp/core/error.h"
#include "front_end_fixture.h"

namespace bivox {
namespace {

/// What must hold of every utterance, whatever was put in.
void check(const std::string& input, TextForm form = TextForm::kAuto) {
  for (const Utterance& utterance : front_end().utterances(input, form)) {
    ASSERT_FALSE(utterance.words.empty());
    ASSERT_LE(utterance.source_end, input.size());
    int phones = 0;
    for (const UtteranceWord& word : utterance.words) {
      ASSERT_FALSE(word.text.empty());
      ASSERT_EQ(word.first_phone, phones);
      ASSERT_GT(word.num_phones, 0);
      phones += word.num_phones;
      ASSERT_LE(word.source_begin, word.source_end);
      ASSERT_LE(word.source_end, input.size());
    }
    ASSERT_EQ(static_cast<size_t>(phones), utterance.phones.size());
    ASSERT_GE(phone_contexts(utterance).size(), utterance.phones.size() + 2);
  }
}

TEST(TextFrontEnd, OddInputs) {
  for (const std::string input : {"",
                                  " ",
                                  ".",
                                  "...",
                                  "\n\n\n",
                                  "'",
                                  "\"\"",
                                  "-",
                                  "--",
                                  "- - -",
                                  "*",
                                  "$",
                                  "$-",
                                  "%",
                                  "1.",
                                  ".1.",
                                  "1/0",
                                  "0/0",
                                  "1:99",
                                  "99:99:99",
                                  "//",
                                  "@",
                                  "a@",
                                  "@.",
                                  "http://",
                                  "www.",
                                  "#",
                                  "##",
                                  "\xC2\xB0",
                                  "5\xC2\xB0",
                                  "\xE2\x82\xAC",
                                  "-.5",
                                  "+-5",
                                  "1,2,3,4,,5",
                                  "1-2-3-4-5-6-7-8-9",
                                  "((((((",
                                  "))))",
                                  "[[",
                                  "]]",
                                  "[[AA1]]",
                                  "[[AA1]][[IY1]]",
                                  "a[[AA1]]b",
                                  "&amp;",
                                  "&",
                                  "<",
                                  "<>",
                                  "</p>",
                                  "\\",
                                  "_",
                                  "IIII",
                                  "Mr.",
                                  "Dr",
                                  "St.",
                                  "St. St. St.",
                                  "v",
                                  "v1.",
                                  "1st2nd",
                                  "12th3",
                                  "''''s",
                                  "'s",
                                  "s'",
                                  "5'",
                                  "5'10",
                                  "x^",
                                  "^2",
                                  "a/b/c/d/e/f/g/h/i/j/k",
                                  "+1",
                                  "+1 2",
                                  "(1) (2) (3)",
                                  "1-800-A-B-C",
                                  "\xF0\x9F\x98\x80",
                                  "\xFF\xFE",
                                  "0x1F",
                                  "1e10",
                                  "NaN",
                                  "a.b.c.d.e",
                                  "e.g.",
                                  "U.S.",
                                  "A.",
                                  "I.",
                                  "$1.2.3",
                                  "$$5",
                                  "5%%",
                                  "1990s2",
                                  "24:00",
                                  "99999999999999999999999999999999999999999999"}) {
    SCOPED_TRACE(input);
    check(input, TextForm::kPlain);
  }
}

TEST(TextFrontEnd, TenThousandArbitraryLines) {
  static const char* const kPieces[] = {"word",
                                        "Dr.",
                                        "St.",
                                        "$5",
                                        "1908",
                                        "12/25",
                                        "a@b.co",
                                        "http://x.y/z",
                                        "\xF0\x9F\x98\x80",
                                        "\xFF",
                                        "\x01",
                                        "\xE6\x97\xA5",
                                        "[[AA1]]",
                                        "<b>",
                                        "&amp;",
                                        "**",
                                        "_",
                                        "5kg",
                                        "3 3/4",
                                        "VIII",
                                        "FBI",
                                        "'",
                                        "\"",
                                        "...",
                                        "-",
                                        "--",
                                        ",",
                                        "?!",
                                        "(",
                                        ")",
                                        "%",
                                        "+",
                                        "=",
                                        "1-2",
                                        "10:30",
                                        "pm",
                                        "v1.2",
                                        "#1",
                                        "U.S.",
                                        "I",
                                        "A",
                                        "read",
                                        "\n",
                                        " ",
                                        "\t"};
  std::mt19937 random(1);
  for (int line = 0; line < 10000; ++line) {
    std::string input;
    const size_t pieces = random() % 12;
    for (size_t i = 0; i < pieces; ++i) {
      if (random() % 8 == 0) {
        input += static_cast<char>(random());
      } else {
        input += kPieces[random() % std::size(kPieces)];
      }
      if (random() % 2 == 0) input += ' ';
    }
    SCOPED_TRACE(input);
    check(input, TextForm::kPlain);
    if (HasFatalFailure()) return;
  }
}

TEST(TextFrontEnd, ArbitrarySsmlEndsInWordsOrAnError) {
  static const char* const kPieces[] = {"<p>",
                                        "</p>",
                                        "<s>",
                                        "</s>",
                                        "<break/>",
                                        "<break time='1s'/>",
                                        "<prosody rate='fast'>",
                                        "</prosody>",
                                        "text ",
                                        "5 ",
                                        "&amp;",
                                        "&",
                                        "<",
                                        ">",
                                        "<say-as interpret-as='ordinal'>",
                                        "</say-as>",
                                        "<sub alias='x'>",
                                        "</sub>",
                                        "<phoneme ph='a'>",
                                        "</phoneme>",
                                        "<mark name='m'/>",
                                        "<!--",
                                        "-->",
                                        "]]>"};
  std::mt19937 random(2);
  int errors = 0;
  for (int line = 0; line < 3000; ++line) {
    std::string input = "<speak>";
    for (size_t i = random() % 8; i > 0; --i) input += kPieces[random() % std::size(kPieces)];
    input += "</speak>";
    try {
      check(input);
    } catch (const Error& error) {
      ++errors;
      EXPECT_EQ(error.code(), ErrorCode::kInput);
    }
    if (HasFatalFailure()) return;
  }
  EXPECT_GT(errors, 100);
  EXPECT_LT(errors, 2990);
}

TEST(TextFrontEnd, LongTextsWithoutABlank) {
  for (const char* piece : {"a", "1", "a-", "1-", "A", "$", ".", "a.", "1,", "\xE6\x97\xA5", "Ab",
                            "a/", "1/", "[[AA1]]", "x@", "'"}) {
    std::string input;
    while (input.size() < 100000) input += piece;
    SCOPED_TRACE(piece);
    check(input, TextForm::kPlain);
  }
}

TEST(TextFrontEnd, SentenceBySentenceIsAllAtOnce) {
  const std::string input = "One two. Three? [[F AO1 R]] five. <not> [[S IH1 K S]]!";
  const MarkedText text = front_end().mark(input);
  const auto all = front_end().utterances(input);
  const auto ranges = split_sentences(text.text);
  ASSERT_EQ(ranges.size(), all.size());
  for (size_t i = 0; i < ranges.size(); ++i) {
    EXPECT_EQ(display_phones(front_end().analyze(text, ranges[i])), display_phones(all[i]));
  }
  EXPECT_EQ(display_phones(all[2]), "F AO1 R | F AY1 V .");
}

}  // namespace
}  // namespace bivox
