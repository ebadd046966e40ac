#include "apps/user_vocabulary.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/unknown_words.h"
#include "dsp/core/error.h"
#include "models/lm/arpa.h"
#include "tests/apps/run_bivox.h"

namespace bivox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view kArpa = R"(\data\
ngram 1=5

\1-grams:
-1 </s>
-99 <s>
-0.5 drew
-0.9 was
-3.0 ronick

\end\
)";

class UserVocabularyTest : public testing::Test {
 protected:
  UserVocabularyTest() {
    phones_.add("SIL", true);
    for (const char* name :
         {"AA", "AE", "AH", "AO", "AW", "AY", "B",  "CH", "D", "DH", "EH", "ER", "EY",
          "F",  "G",  "HH", "IH", "IY", "JH", "K",  "L",  "M", "N",  "NG", "OW", "OY",
          "P",  "R",  "S",  "SH", "T",  "TH", "UH", "UW", "V", "W",  "Y",  "Z",  "ZH"}) {
      phones_.add(name);
    }
    lexicon_ = Lexicon::parse("drew D R UW\nwas W AA Z\nseldom S EH L D AH M\n", phones_, "small");
    ngram_ = parse_arpa(std::as_bytes(std::span(kArpa.data(), kArpa.size())), "small");
  }
  UserVocabulary load() { return load_user_vocabulary(options_, *ngram_, phones_, lexicon_); }
  void list(const std::string& text) {
    scratch_.write("words.txt", text);
    options_.words = (scratch_.path() / "words.txt").string();
  }

  ScratchFolder scratch_;
  PhoneSet phones_;
  Lexicon lexicon_;
  std::shared_ptr<const NgramModel> ngram_;
  VocabularyOptions options_;
};

TEST_F(UserVocabularyTest, NothingListedAddsNothing) {
  EXPECT_TRUE(load().empty());
  EXPECT_EQ(lexicon_.num_words(), 3);
}

TEST_F(UserVocabularyTest, WordsAreAddedWhereTheyAreMissing) {
  list("Drew\nseldom\t\t2\nzork\tZ AO R K\nSELDOM\n");
  const UserVocabulary vocabulary = load();
  ASSERT_EQ(vocabulary.added.size(), 2U);  // "Drew" is the model's "drew"
  EXPECT_EQ(vocabulary.added[0].text, "seldom");
  EXPECT_EQ(vocabulary.added[1].text, "zork");
  EXPECT_EQ(vocabulary.added[0].log_prob, rare_word_log_prob(*ngram_));
  ASSERT_EQ(vocabulary.phrases.size(), 1U);
  EXPECT_THAT(vocabulary.phrases[0].words, ElementsAre("seldom"));
  EXPECT_EQ(vocabulary.phrases[0].bonus, 2.0F);
  EXPECT_THAT(vocabulary.pronounced, IsEmpty());
  EXPECT_EQ(lexicon_.num_words(), 4);
}

TEST_F(UserVocabularyTest, ListedPronunciationsJoinThoseOfTheDictionary) {
  list("WAS\tW AH0 Z\nwas\tW AA Z\n");
  load();
  EXPECT_EQ(lexicon_.num_pronunciations(*lexicon_.find("was")), 2);
  EXPECT_EQ(lexicon_.num_words(), 3);
}

TEST_F(UserVocabularyTest, UnknownWordsArePronouncedAndTold) {
  list("Quibblefast\n");
  options_.boosts = {"Blivet, drew"};
  const UserVocabulary vocabulary = load();
  ASSERT_EQ(vocabulary.pronounced.size(), 2U);
  EXPECT_EQ(vocabulary.pronounced[0].word, "Blivet");
  EXPECT_EQ(vocabulary.pronounced[1].word, "Quibblefast");
  for (const PronouncedWord& word : vocabulary.pronounced) {
    EXPECT_GE(word.phones.size(), 4U);
    EXPECT_GT(word.confidence, 0.0F);
    EXPECT_LE(word.confidence, 1.0F);
    EXPECT_GE(lexicon_.num_pronunciations(lexicon_.find(word.word).value()), 1);
  }
  EXPECT_EQ(vocabulary.added.size(), 2U);
  ASSERT_EQ(vocabulary.phrases.size(), 1U);
  EXPECT_THAT(vocabulary.phrases[0].words, ElementsAre("Blivet", "drew"));
  EXPECT_EQ(vocabulary.phrases[0].bonus, options_.boost);
  EXPECT_THAT(describe(vocabulary.pronounced, 1), HasSubstr("Blivet (B L"));
  EXPECT_THAT(describe(vocabulary.pronounced, 1), HasSubstr("and 1 more"));
}

// The language model's spelling wins over the user's where only it knows the word.
TEST_F(UserVocabularyTest, WordsOfTheLanguageModelGetTheirPronunciation) {
  list("Ronick\tR AA N IH K\n");
  EXPECT_TRUE(load().empty());
  EXPECT_TRUE(lexicon_.find("ronick").has_value());
}

TEST_F(UserVocabularyTest, PhrasesComeFromFilesToo) {
  scratch_.write("phrases.txt", "# names\nwas Drew\t3\ndrew\n");
  options_.boosts = {(scratch_.path() / "phrases.txt").string(), "was\t-1"};
  options_.boost = 0.5F;
  const UserVocabulary vocabulary = load();
  ASSERT_EQ(vocabulary.phrases.size(), 3U);
  EXPECT_THAT(vocabulary.phrases[0].words, ElementsAre("was", "drew"));
  EXPECT_EQ(vocabulary.phrases[0].bonus, 3.0F);
  EXPECT_EQ(vocabulary.phrases[1].bonus, 0.5F);
  EXPECT_EQ(vocabulary.phrases[2].bonus, -1.0F);
}

TEST_F(UserVocabularyTest, WhatCannotBeUsedIsAnError) {
  list("ok\tOW K EY\n1984\n");
  EXPECT_THROW(load(), Error);
  options_.words.clear();
  options_.boosts = {"..."};
  EXPECT_THROW(load(), Error);
  options_.boosts = {""};
  EXPECT_THROW(load(), Error);
  options_.boosts.clear();
  list("two words\n");
  try {
    load();
    FAIL() << "no error";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInput);
    EXPECT_THAT(error.message(), HasSubstr("words.txt:1: "));
  }
}

TEST_F(UserVocabularyTest, AlignmentNeedsNoLanguageModel) {
  list("Zork\tZ AO R K\nblivet\n");
  const auto pronounced = add_listed_words(options_, phones_, lexicon_);
  ASSERT_EQ(pronounced.size(), 1U);
  EXPECT_EQ(pronounced[0].word, "blivet");
  EXPECT_TRUE(lexicon_.find("Zork").has_value());
}

}  // namespace
}  // namespace bivox
