#include "models/lm/training_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dsp/core/error.h"
#include "ngram_test_models.h"

namespace bivox {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<uint32_t> numbers_of(const TrainingText& text) {
  std::vector<uint32_t> all;
  text.for_each_piece(
      [&](std::span<const uint32_t> piece) { all.insert(all.end(), piece.begin(), piece.end()); });
  return all;
}

TEST(WordNumbers, AreDenseAndFound) {
  WordNumbers words;
  for (uint32_t i = 0; i < 5000; ++i) EXPECT_EQ(words.add(fmt::format("word{}", i)), i);
  for (uint32_t i = 0; i < 5000; ++i) {
    EXPECT_EQ(words.add(fmt::format("word{}", i)), i);
    EXPECT_EQ(words.find(fmt::format("word{}", i)), i);
    EXPECT_EQ(words.word(i), fmt::format("word{}", i));
  }
  EXPECT_EQ(words.size(), 5000U);
  EXPECT_FALSE(words.find("word5000"));
  EXPECT_EQ(words.add(""), 5000U);
  EXPECT_EQ(words.find(""), 5000U);
}

TEST(TrainingText, WordsAndSentences) {
  TrainingText text;
  const std::string lines = "the cat\n\n  \t \n<s> the <unk> dog </s>\nthe\tcat \r\n";
  TextLines reader(test::as_bytes(lines), "text");
  text.add(reader);
  EXPECT_EQ(text.num_sentences(), 3U);
  EXPECT_EQ(text.num_words(), 7U);
  EXPECT_EQ(text.words().word(3), "the");
  EXPECT_EQ(text.words().word(5), "dog");
  EXPECT_THAT(numbers_of(text), ElementsAre(3, 4, 2, 3, 0, 5, 2, 3, 4, 2));
  EXPECT_THAT(text.counts(), ElementsAre(1, 0, 3, 3, 2, 1));
}

TEST(TrainingText, LowerCaseAndDisk) {
  TrainingText small({.lower_case = true, .memory_bytes = 16});
  TrainingText large;
  for (int i = 0; i < 300; ++i) {
    small.add_sentence(fmt::format("The CAT{} sAt", i % 50));
    large.add_sentence(fmt::format("the cat{} sat", i % 50));
  }
  EXPECT_EQ(numbers_of(small), numbers_of(large));
  EXPECT_EQ(small.words().bytes(), large.words().bytes());
}

TEST(TrainingText, Vocabularies) {
  TrainingText text;
  text.add_sentence("c b a b c b");
  const TrainingVocabulary all = frequent_words(text);
  EXPECT_THAT(all.words, ElementsAre("<unk>", "<s>", "</s>", "b", "c", "a"));
  EXPECT_THAT(all.numbers, ElementsAre(0, 1, 2, 4, 3, 5));
  const TrainingVocabulary two = frequent_words(text, 2);
  EXPECT_THAT(two.words, ElementsAre("<unk>", "<s>", "</s>", "b", "c"));
  EXPECT_THAT(two.numbers, ElementsAre(0, 1, 2, 4, 3, 0));
  const std::vector<std::string> list = {"z", "a", "</s>", "b", "z"};
  const TrainingVocabulary listed = listed_words(text, list);
  EXPECT_THAT(listed.words, ElementsAre("<unk>", "<s>", "</s>", "b", "a", "z"));
  EXPECT_THAT(listed.numbers, ElementsAre(0, 1, 2, 0, 3, 4));
}

std::string error_of(const std::string& list, bool is_dictionary = false) {
  try {
    read_word_list(test::as_bytes(list), "list", is_dictionary);
  } catch (const Error& error) {
    return error.message();
  }
  return "no error";
}

TEST(WordList, Forms) {
  const std::string list = "# words\nthe\n\ncat\nthe\n#hash\n";
  EXPECT_THAT(read_word_list(test::as_bytes(list), "list"), ElementsAre("the", "cat", "#hash"));
  const std::string dictionary = ";;; c\nthe DH AH\nthe(2) DH IY\n(paren P\ncat K AE T # note\n";
  EXPECT_THAT(read_word_list(test::as_bytes(dictionary), "list", true),
              ElementsAre("the", "(paren", "cat"));
}

TEST(WordList, Errors) {
  EXPECT_THAT(error_of("the\ncat sat\n"), HasSubstr("list:2: 2 words, expected one a line"));
  EXPECT_THAT(error_of(std::string("the\nc\0t\n", 8)), HasSubstr("list:2: a zero byte"));
  EXPECT_THAT(error_of("# \n\n"), HasSubstr("list:2: the list holds no word"));
}

}  // namespace
}  // namespace bivox
