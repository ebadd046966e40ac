#include "tts/text/pronounce.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "dsp/core/error.h"
#include "front_end_fixture.h"

namespace bivox {
namespace {

using testing::HasSubstr;

TEST(SpeechPhones, NamesAndStress) {
  EXPECT_EQ(phone_names(speech_phones("HH AH0 L OW1")), "HH AH0 L OW1");
  EXPECT_EQ(phone_names(speech_phones("HH AH L OW")), "HH AH1 L OW0")
      << "the first vowel is stressed";
  EXPECT_EQ(phone_names(speech_phones("DH AH0")), "DH AH0") << "no stress is meant";
  EXPECT_EQ(speech_phone("B1"), std::nullopt);
  EXPECT_EQ(speech_phone("XX"), std::nullopt);
  EXPECT_EQ(speech_phone("AA1")->stress, 1);
  EXPECT_EQ(speech_phone("B")->stress, -1);
}

TEST(Pronounce, WeakFormsByTheNextSound) {
  EXPECT_EQ(phones_of("the apple"), "DH IY0 | AE1 P AH0 L");
  EXPECT_EQ(phones_of("the dog"), "DH AH0 | D AO1 G");
  EXPECT_EQ(phones_of("a dog"), "AH0 | D AO1 G");
  EXPECT_EQ(phones_of("plan A"), "P L AE1 N | EY1");
  EXPECT_EQ(phones_of("to go"), "T AH0 | G OW1");
  EXPECT_EQ(phones_of("to eat"), "T UW0 | IY1 T");
}

TEST(Pronounce, LettersInARowStressTheLast) {
  EXPECT_EQ(phones_of("FBI"), "EH2 F | B IY2 | AY1");
  EXPECT_EQ(phones_of("two CDs"), "T UW1 | S IY2 | D IY1 Z");
}

TEST(Pronounce, DerivedForms) {
  const auto& pronouncer = *bundled_pronouncer();
  const auto phones = [&](std::string_view word) {
    return phone_names(pronouncer.pronounce_word(word).phones);
  };
  EXPECT_EQ(phones("smartphones"), "S M AA1 R T F OW2 N Z");
  EXPECT_EQ(phones("webcam's"), "W EH1 B K AE2 M Z");
  EXPECT_EQ(phones("livestreamed"), "L AY1 V S T R IY2 M D");
  EXPECT_EQ(phones("livestreaming"), "L AY1 V S T R IY2 M IH0 NG");
  EXPECT_EQ(pronouncer.pronounce_word("livestreaming").source, PhoneSource::kDerived);
  EXPECT_EQ(pronouncer.pronounce_word("zorblax").source, PhoneSource::kGuessed);
  EXPECT_EQ(pronouncer.pronounce_word("cat").source, PhoneSource::kDictionary);
  EXPECT_EQ(phone_names(with_s(speech_phones("F AA1 K S"))), "F AA1 K S IH0 Z");
  EXPECT_EQ(phone_names(with_s(speech_phones("K AE1 T"))), "K AE1 T S");
  EXPECT_EQ(phone_names(with_s(speech_phones("D AO1 G"))), "D AO1 G Z");
}

TEST(Pronounce, EveryWordHasAVowel) {
  const auto& pronouncer = *bundled_pronouncer();
  for (const char* word :
       {"zzz", "brr", "x", "'", "qwrtz", "o'", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    const ReadWord result = pronouncer.pronounce_word(word);
    if (std::string_view(word) == "'") {
      EXPECT_TRUE(result.phones.empty());
      continue;
    }
    EXPECT_TRUE(std::any_of(result.phones.begin(), result.phones.end(), [](StressedPhone phone) {
      return phone.stress >= 0;
    })) << word;
  }
}

TEST(Pronounce, UserLexiconsGoFirst) {
  const auto pronouncer =
      Pronouncer::parse("read R EH1 D\ncat K AE1 T\n", "Read R IY D\nBIVOX B IY V AA1 K S\n");
  EXPECT_EQ(phone_names(pronouncer->pronounce_word("read").phones), "R IY1 D");
  EXPECT_EQ(phone_names(pronouncer->pronounce_word("bivox").phones), "B IY0 V AA1 K S");
  EXPECT_EQ(pronouncer->pronounce_word("read").source, PhoneSource::kUserLexicon);
  EXPECT_TRUE(pronouncer->is_listed("bivox"));
  EXPECT_FALSE(pronouncer->is_listed("cat"));
}

TEST(Pronounce, BadUserLexiconsAreNamed) {
  try {
    Pronouncer::parse("cat K AE1 T\n", "grr G R\n");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    EXPECT_THAT(error.message(), HasSubstr("'grr'"));
  }
  try {
    Pronouncer::parse("cat K AE1 T\n", "cat K AE1 T\ndog D XX G\n");
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_THAT(error.message(), HasSubstr("XX"));
    EXPECT_THAT(error.message(), HasSubstr(":2"));
  }
}

TEST(Pronounce, WhatTheDictionarySpellsIsNoWord) {
  EXPECT_FALSE(bundled_pronouncer()->is_word("fbi"));
  EXPECT_TRUE(bundled_pronouncer()->is_word("stop"));
  EXPECT_FALSE(bundled_pronouncer()->is_word("qqqq"));
}

TEST(Pronounce, WithoutAModelUnknownWordsAreSpelled) {
  const auto pronouncer = Pronouncer::parse("cat K AE1 T\n");
  EXPECT_EQ(phone_names(pronouncer->pronounce_word("ab").phones), "EY1 B IY1");
}

}  // namespace
}  // namespace bivox
