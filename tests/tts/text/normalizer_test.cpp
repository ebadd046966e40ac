#include "tts/text/normalizer.h"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>
#include <utility>

#include "front_end_fixture.h"
#include "tts/text/clean_text.h"

namespace bivox {
namespace {

TEST(Normalizer, GoldenTable) {
  const auto rows = read_table("normalization.tsv");
  ASSERT_GE(rows.size(), 400U);
  std::map<std::string, int> classes;
  for (const auto& row : rows) {
    ASSERT_EQ(row.size(), 3U) << row[0];
    ++classes[row[2]];
    EXPECT_EQ(words_of(row[0], TextForm::kPlain), row[1])
        << "input: " << row[0] << " (" << row[2] << ")";
  }
  for (const char* name :
       {"complaint", "cardinal", "ordinal", "year", "date", "time", "money", "unit", "phone", "zip",
        "roman", "abbreviation", "acronym", "internet", "version", "fraction", "range", "symbol"}) {
    EXPECT_GE(classes[name], 5) << name;
  }
}

TEST(Normalizer, WordsKnowTheirBytes) {
  const std::string text =
      "Pay \xE2\x82\xAC"
      "20 in 1908, Dr. No.";
  const auto utterances = front_end().utterances(text);
  ASSERT_EQ(utterances.size(), 1U);
  std::string sources;
  for (const UtteranceWord& word : utterances[0].words) {
    sources += '[' + text.substr(word.source_begin, word.source_end - word.source_begin) + ']';
  }
  EXPECT_EQ(sources,
            "[Pay][\xE2\x82\xAC"
            "20][\xE2\x82\xAC"
            "20][in][1908][1908][1908][Dr][No]");
}

TEST(Normalizer, KeepsPunctuation) {
  const Normalizer normalizer([](std::string_view) { return true; });
  const MarkedText text = clean_text("One, two; (three) four... five -- six?");
  const auto sentences = split_sentences(text.text);
  ASSERT_EQ(sentences.size(), 1U);
  std::vector<Punctuation> marks;
  for (const SpokenWord& word : normalizer.normalize(text, sentences[0]))
    marks.push_back(word.after);
  const std::vector<Punctuation> expected = {Punctuation::kComma,       Punctuation::kSemicolon,
                                             Punctuation::kParenthesis, Punctuation::kEllipsis,
                                             Punctuation::kDash,        Punctuation::kQuestion};
  EXPECT_EQ(marks, expected);
}

TEST(Normalizer, WorksWithoutADictionary) {
  const Normalizer normalizer(nullptr);
  EXPECT_EQ(normalizer.words_of("The FBI paid $5."), "the F B I paid five dollars");
}

TEST(Normalizer, ListedWordsGoBeforeRules) {
  const auto pronouncer =
      Pronouncer::parse("the DH AH0\nis IH1 Z\n", "SQL S IY1 K W AH0 L\nst S T AH1\n");
  const TextFrontEnd own(pronouncer);
  const auto utterances = own.utterances("SQL is St.");
  ASSERT_EQ(utterances.size(), 1U);
  EXPECT_EQ(display_words(utterances[0]), "sql is st.");
  EXPECT_EQ(display_phones(utterances[0]), "S IY1 K W AH0 L | IH1 Z | S T AH1 .");
}

}  // namespace
}  // namespace bivox
