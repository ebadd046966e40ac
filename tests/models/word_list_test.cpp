#include "models/lexicon/word_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dsp/core/error.h"

namespace bivox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

PhoneSet some_phones() {
  PhoneSet phones;
  phones.add("SIL", true);
  for (const char* name : {"AA", "B", "K", "T"}) phones.add(name);
  return phones;
}

TEST(WordList, ReadsWordsPhonesAndBoosts) {
  const PhoneSet phones = some_phones();
  const auto words = parse_word_list(
      "\xEF\xBB\xBF# names\r\nBat\tB AA1 T\t2.5\r\n\ntab\n  kat \t K  AA T \nbob\t-1.5 # less\n"
      "tak\t\t+3\nc#\tK AA\t\n",
      phones, "names.txt");
  ASSERT_EQ(words.size(), 6U);
  EXPECT_EQ(words[0].word, "Bat");
  EXPECT_THAT(words[0].phones, ElementsAre(2, 1, 4));
  EXPECT_EQ(words[0].boost, 2.5F);
  EXPECT_EQ(words[1].word, "tab");
  EXPECT_THAT(words[1].phones, IsEmpty());
  EXPECT_EQ(words[1].boost, std::nullopt);
  EXPECT_EQ(words[2].word, "kat");
  EXPECT_THAT(words[2].phones, ElementsAre(3, 1, 4));
  EXPECT_EQ(words[3].boost, -1.5F);
  EXPECT_THAT(words[3].phones, IsEmpty());
  EXPECT_EQ(words[4].boost, 3.0F);
  EXPECT_EQ(words[5].word, "c#");
  EXPECT_EQ(words[5].boost, std::nullopt);
}

TEST(WordList, ReadsPhrases) {
  const auto phrases = parse_phrase_list("new  york\n#no\nronicky drew\t3\nkyiv\t\n", "p.txt");
  ASSERT_EQ(phrases.size(), 3U);
  EXPECT_THAT(phrases[0].words, ElementsAre("new", "york"));
  EXPECT_EQ(phrases[0].boost, std::nullopt);
  EXPECT_THAT(phrases[1].words, ElementsAre("ronicky", "drew"));
  EXPECT_EQ(phrases[1].boost, 3.0F);
  EXPECT_THAT(phrases[2].words, ElementsAre("kyiv"));
}

TEST(WordList, EmptyListsAreEmpty) {
  EXPECT_THAT(parse_phrase_list("", "p.txt"), IsEmpty());
  EXPECT_TRUE(parse_word_list("\n \t \n# only a comment", some_phones(), "w.txt").empty());
}

struct BadList {
  const char* text;
  const char* reason;
};

class BadWordLists : public testing::TestWithParam<BadList> {};

TEST_P(BadWordLists, AreRefusedWithLineAndReason) {
  try {
    parse_word_list("# first\ntab\n" + std::string(GetParam().text), some_phones(), "w.txt");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    EXPECT_THAT(error.message(), HasSubstr("w.txt:3: "));
    EXPECT_THAT(error.message(), HasSubstr(GetParam().reason));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Reasons, BadWordLists,
    testing::Values(BadList{"new york\tB AA", "more than one word"},
                    BadList{"bat\tB OO T", "phone 'OO', which the acoustic model does not have"},
                    BadList{"bat\tB SIL T", "silence or noise"},
                    BadList{"bat\tB AA T\tmuch", "'much' is not a number"},
                    BadList{"bat\tB AA T\t1e9", "not between"}, BadList{"bat\tnan", "not between"},
                    BadList{"bat\tB AA T\t1\t2", "4 fields"},
                    BadList{"\tB AA T", "word is missing"}));

TEST(WordList, ZeroBytesAreRefused) {
  EXPECT_THROW(parse_phrase_list(std::string("a\0b", 3), "p.txt"), Error);
}

TEST(WordList, BadPhrasesAreRefusedWithLineAndReason) {
  for (const BadList& bad :
       {BadList{"new york\tvery", "'very' is not a number"}, BadList{"new york\t1\t2", "3 fields"},
        BadList{"\t1", "phrase is missing"}}) {
    try {
      parse_phrase_list("a\n" + std::string(bad.text), "p.txt");
      FAIL() << "no error";
    } catch (const Error& error) {
      EXPECT_THAT(error.message(), HasSubstr("p.txt:2: "));
      EXPECT_THAT(error.message(), HasSubstr(bad.reason));
    }
  }
}

}  // namespace
}  // namespace bivox
