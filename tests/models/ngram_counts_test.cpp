#include "models/lm/ngram_counts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "dsp/core/error.h"
#include "lm_test_texts.h"
#include "models/lm/packed_ngrams.h"

namespace bivox {
namespace {

using Ngram = std::vector<uint32_t>;

/// Every n-gram of a trie with its count; also checks the suffixes.
std::vector<std::map<Ngram, uint32_t>> unfold(const NgramCounts& counts) {
  std::vector<std::map<Ngram, uint32_t>> result(counts.levels.size() + 1);
  std::vector<Ngram> entries;
  for (uint32_t w = 0; w < counts.unigrams.size(); ++w) {
    entries.push_back({w});
    if (counts.unigrams[w] > 0) result[0][{w}] = counts.unigrams[w];
  }
  for (size_t k = 0; k < counts.levels.size(); ++k) {
    const NgramCountLevel& level = counts.levels[k];
    EXPECT_EQ(level.begins.size(), entries.size() + 1);
    EXPECT_EQ(level.begins.back(), level.words.size());
    std::vector<Ngram> longer;
    for (size_t c = 0; c < entries.size(); ++c) {
      for (uint32_t e = level.begins[c]; e < level.begins[c + 1]; ++e) {
        Ngram ngram = entries[c];
        ngram.push_back(level.words[e]);
        EXPECT_EQ(Ngram(ngram.begin() + 1, ngram.end()), entries[level.suffix(e)]);
        result[k + 1][ngram] = level.counts[e];
        longer.push_back(ngram);
      }
    }
    entries = std::move(longer);
  }
  return result;
}

std::vector<std::map<Ngram, uint32_t>> count_plainly(const std::vector<std::string>& sentences,
                                                     const TrainingText& text,
                                                     const TrainingVocabulary& vocabulary,
                                                     size_t order) {
  std::vector<std::map<Ngram, uint32_t>> result(order);
  for (const std::string& sentence : sentences) {
    Ngram words = {kTextBegin};
    std::istringstream in(sentence);
    for (std::string word; in >> word;) {
      words.push_back(vocabulary.numbers[text.words().find(word).value()]);
    }
    words.push_back(kTextEnd);
    for (size_t k = 1; k <= order; ++k) {
      for (size_t i = 0; i + k <= words.size(); ++i) {
        ++result[k - 1][Ngram(words.begin() + static_cast<long>(i),
                              words.begin() + static_cast<long>(i + k))];
      }
    }
  }
  return result;
}

TEST(NgramCounts, AgreeWithPlainCounting) {
  const auto sentences = test::random_sentences(400, 50, 3);
  TrainingText text;
  for (const std::string& sentence : sentences) text.add_sentence(sentence);
  for (const size_t max_words : {size_t{0}, size_t{20}}) {
    const TrainingVocabulary vocabulary = frequent_words(text, max_words);
    for (int order = 1; order <= kMaxCountedOrder; ++order) {
      const NgramCounts counts = count_ngrams(text, vocabulary, {.order = order});
      EXPECT_EQ(unfold(counts),
                count_plainly(sentences, text, vocabulary, static_cast<size_t>(order)));
    }
  }
}

TEST(NgramCounts, SortingOnDiskChangesNothing) {
  // So many words that 5-grams need 128 bits; so little memory that there are dozens of runs.
  auto sentences = test::random_sentences(800, 400, 4);
  for (int i = 0; i < 9000; ++i) sentences.push_back("x" + std::to_string(i));
  for (const int order : {2, 3, 5}) {
    NgramCounts results[2];
    for (const bool on_disk : {false, true}) {
      TrainingText text({.memory_bytes = on_disk ? size_t{4096} : size_t{1} << 30});
      for (const std::string& sentence : sentences) text.add_sentence(sentence);
      results[on_disk ? 1 : 0] =
          count_ngrams(text, frequent_words(text),
                       {.order = order, .memory_bytes = on_disk ? size_t{6000} : size_t{1} << 30});
    }
    ASSERT_EQ(results[0].levels.size(), results[1].levels.size());
    EXPECT_EQ(results[0].unigrams, results[1].unigrams);
    for (size_t k = 0; k < results[0].levels.size(); ++k) {
      EXPECT_EQ(results[0].levels[k].words, results[1].levels[k].words);
      EXPECT_EQ(results[0].levels[k].counts, results[1].levels[k].counts);
      EXPECT_EQ(results[0].levels[k].begins, results[1].levels[k].begins);
      EXPECT_EQ(results[0].levels[k].suffixes, results[1].levels[k].suffixes);
    }
  }
}

TEST(NgramCounts, TemporaryFolderThatIsNotThere) {
  TrainingText text({.memory_bytes = 64, .temp_folder = "/no/such/folder"});
  try {
    for (int i = 0; i < 100; ++i) text.add_sentence("a b c");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kRuntime);
    EXPECT_THAT(error.message(), testing::HasSubstr("/no/such/folder"));
    EXPECT_THAT(error.hint(), testing::HasSubstr("--temp"));
  }
}

template <class Key>
void expect_sorted(int num_bits, size_t count) {
  std::mt19937_64 random(count);
  std::vector<Key> keys(count);
  for (Key& key : keys) {
    key = static_cast<Key>(random());
    if (num_bits > 64) key = key << (num_bits - 64) | static_cast<Key>(random() % 4);
    if (num_bits < 64) key &= (Key{1} << num_bits) - 1;
  }
  std::vector<Key> expected = keys;
  std::sort(expected.begin(), expected.end());
  std::vector<Key> scratch(count);
  const auto sorted = radix_sort<Key>(keys, scratch, num_bits);
  EXPECT_TRUE(std::equal(sorted.begin(), sorted.end(), expected.begin(), expected.end()));
}

TEST(PackedNgrams, RadixSort) {
  for (const size_t count : {size_t{0}, size_t{1}, size_t{2}, size_t{5000}}) {
    for (const int bits : {1, 11, 23, 54, 64}) expect_sorted<PackedShort>(bits, count);
    for (const int bits : {72, 100, 128}) expect_sorted<PackedLong>(bits, count);
  }
}

}  // namespace
}  // namespace bivox
