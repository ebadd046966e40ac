#include "tts/text/heteronyms.h"

#include <gtest/gtest.h>

#include <string>

#include "front_end_fixture.h"

namespace bivox {
namespace {

TEST(Heteronyms, GoldenTable) {
  // A sentence, the word in it that counts (the n-th of its kind as word/n), and its phones.
  const auto rows = read_table("heteronyms.tsv");
  ASSERT_GE(rows.size(), 100U);
  for (const auto& row : rows) {
    ASSERT_EQ(row.size(), 3U) << row[0];
    std::string word = row[1];
    int wanted = 1;
    if (const size_t slash = word.find('/'); slash != std::string::npos) {
      wanted = std::stoi(word.substr(slash + 1));
      word.resize(slash);
    }
    std::string found;
    for (const Utterance& utterance : front_end().utterances(row[0])) {
      for (const UtteranceWord& candidate : utterance.words) {
        if (candidate.text == word && --wanted == 0) found = phones_of(utterance, candidate);
      }
    }
    EXPECT_EQ(found, row[2]) << row[0] << ": " << row[1];
  }
}

TEST(Heteronyms, OtherWordsHaveNone) {
  const std::vector<SpokenWord> words = {{"cat", 0, 3}, {"us", 4, 6}};
  EXPECT_EQ(heteronym_phones(words, 0), "");
  EXPECT_EQ(heteronym_phones(words, 1), "");
}

}  // namespace
}  // namespace bivox
