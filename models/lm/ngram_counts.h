// How often each n-gram occurs in a text: the counts that language models are estimated from.
//
// The result is a forward trie as in ngram_builder.h: level k holds the n-grams of k words, sorted
// by context and then by last word, each with the number of times it occurs and with the entry of
// its suffix (itself without the oldest word). Sentences begin with <s> and end with </s>; n-grams
// do not cross sentences.
//
// Method: from every position of the text the n-gram of the highest order is packed into one number
// of 64 or 128 bits, oldest word in the highest bits, zeros after </s>. Sorted, the numbers hold
// all shorter n-grams too, as prefixes, so that one pass over them builds the trie. What does not
// fit in the memory given is sorted by parts, which lie as runs in a temporary file and are merged.
// Cost: a radix sort, linear in the words of the text; 8 or 16 bytes a word, twice, or the memory
// given; the trie takes 16 bytes an n-gram. Suffixes are found by walking the trie in its order.
// Errors: Error(kRuntime) for the temporary file, Error(kInput) for more than 2^32 words. Thread
// rule: one thread. Test: tests/models/ngram_counts_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "models/lm/training_text.h"

namespace bivox {

/// The longest n-grams that are counted.
inline constexpr int kMaxCountedOrder = 5;

struct NgramCountOptions {
  int order = 3;
  /// Of the numbers that are sorted; not of the result.
  size_t memory_bytes = size_t{2} << 30;
  std::filesystem::path temp_folder = {};
};

/// N-grams of k >= 2 words; entries are 0-based within their level.
struct NgramCountLevel {
  std::vector<uint32_t> words;     ///< Last word, ascending within a context.
  std::vector<uint32_t> counts;    ///< Occurrences.
  std::vector<uint32_t> begins;    ///< Entries of context c: [begins[c], begins[c + 1]).
  std::vector<uint32_t> suffixes;  ///< Entry of level k - 1. Empty for k = 2: it is the word.

  uint32_t suffix(size_t entry) const { return suffixes.empty() ? words[entry] : suffixes[entry]; }
};

struct NgramCounts {
  std::vector<uint32_t> unigrams;       ///< [words of the vocabulary]; <s> counts sentences.
  std::vector<NgramCountLevel> levels;  ///< Of 2, 3, ... words.
};

/// `vocabulary` numbers the words of `text`.
NgramCounts count_ngrams(const TrainingText& text, const TrainingVocabulary& vocabulary,
                         const NgramCountOptions& options);

}  // namespace bivox
