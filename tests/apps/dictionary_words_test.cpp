#include "apps/dictionary_words.h"

#include <gtest/gtest.h>

#include "asr/recognizer/word_spelling.h"

namespace bivox {
namespace {

Lexicon small_lexicon() {
  PhoneSet phones;
  phones.add("AH");
  return Lexicon::parse("'til AH\ndon't AH\ntwenty AH\none AH\nNASA AH\nmr. AH\n", phones, "test");
}

TEST(DictionaryWords, FindsTheSpellingOfTheDictionary) {
  const auto found =
      find_dictionary_words("\"Don\xE2\x80\x99t\", Mr. 'Til twenty-one nasa!", small_lexicon());
  EXPECT_EQ(found.words,
            (std::vector<std::string>{"don't", "mr.", "'til", "twenty", "one", "NASA"}));
  EXPECT_TRUE(found.unknown.empty());
}

TEST(DictionaryWords, ReturnsUnknownWordsOnce) {
  const auto found = find_dictionary_words("one Zyzzyva, zyzz-one Zyzzyva.", small_lexicon());
  EXPECT_EQ(found.words, (std::vector<std::string>{"one", "one"}));
  EXPECT_EQ(found.unknown, (std::vector<std::string>{"Zyzzyva", "zyzz"}));
}

TEST(DictionaryWords, SpellsAllWordsInOrder) {
  EXPECT_EQ(spell_words("One, Zyzz-nasa! one", small_lexicon()),
            (std::vector<std::string>{"one", "Zyzz", "NASA", "one"}));
  EXPECT_EQ(dictionary_spelling("Nasa", small_lexicon()), "NASA");
  EXPECT_EQ(dictionary_spelling("zyzz", small_lexicon()), std::nullopt);
}

}  // namespace
}  // namespace bivox
