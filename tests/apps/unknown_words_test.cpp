#include "apps/unknown_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dsp/core/error.h"

namespace bivox {
namespace {

using testing::ElementsAre;

PhoneSet phones_for(std::initializer_list<const char*> names) {
  PhoneSet phones;
  for (const char* name : names) phones.add(name);
  return phones;
}

TEST(UnknownWords, OnlyMissingOnesArePronounced) {
  const PhoneSet phones = phones_for({"AE", "T", "B", "K"});
  Lexicon lexicon = Lexicon::parse("bat B AE T\n", phones, "small");
  const CompletedWords completed =
      complete_lexicon(lexicon, phones, std::vector<std::string>{"bat", "tack", "tack"});
  ASSERT_EQ(completed.pronounced.size(), 1U);
  EXPECT_EQ(completed.pronounced[0].word, "tack");
  EXPECT_THAT(completed.pronounced[0].phones, ElementsAre("T", "AE1", "K"));  // with stress
  EXPECT_TRUE(completed.silent.empty());
  const auto word = lexicon.find("tack");
  ASSERT_TRUE(word.has_value());
  EXPECT_THAT(std::vector<PhoneId>(lexicon.pronunciation(*word, 0).begin(),
                                   lexicon.pronunciation(*word, 0).end()),
              ElementsAre(1, 0, 3));
}

TEST(UnknownWords, WhatHasNoLettersOrNoPhonesStaysSilent) {
  const PhoneSet phones = phones_for({"AE", "T"});
  Lexicon lexicon;
  const CompletedWords completed =
      complete_lexicon(lexicon, phones, std::vector<std::string>{"at", "1984", "bob", "1984"});
  ASSERT_EQ(completed.pronounced.size(), 1U);
  EXPECT_THAT(completed.silent, ElementsAre("1984", "bob"));
  EXPECT_EQ(lexicon.num_words(), 1);
}

TEST(UnknownWords, NoticesAreShort) {
  const std::vector<PronouncedWord> words(8, {"tack", {"T", "AE1", "K"}, 0.9F});
  EXPECT_EQ(describe(std::span(words).first(2)), "tack (T AE1 K), tack (T AE1 K)");
  EXPECT_THAT(describe(words), testing::EndsWith(" and 3 more"));
  EXPECT_EQ(describe({}), "");
}

}  // namespace
}  // namespace bivox
