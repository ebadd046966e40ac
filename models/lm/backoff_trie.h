// A back-off model while it is made or changed: estimated, pruned, mixed, written as ARPA.
//
// The same forward trie as NgramTables (ngram_builder.h), but with every probability as a float of
// its own, before quantization. Level k holds the n-grams of k words, sorted by context and then by
// last word; the suffix of every n-gram is in the trie.
//
//   P(w | h) = p(w | h)          if (h, w) is listed
//            = bo(h) P(w | h')   otherwise,   bo(h) = (1 - sum p(w | h)) / (1 - sum p(w | h'))
//
// where both sums run over the listed w. All log probabilities are natural logs. An n-gram takes
// 20 bytes, one of the highest order 12. Thread rule: a value. Errors: Error(kModel). Sources: Katz
// 1987. Test: tests/models/backoff_trie_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "models/lm/ngram.h"
#include "models/lm/ngram_builder.h"

namespace bivox {

/// What stands for log 0, as in ARPA files: 10^-99.
inline constexpr float kLogZero = -227.9559F;

/// The n-grams of k >= 2 words; entries are 0-based within their level.
struct BackoffLevel {
  std::vector<uint32_t> words;     ///< Last word, ascending within a context.
  std::vector<float> log_probs;    ///< log p(w | h).
  std::vector<float> backoffs;     ///< log bo of the n-gram as a context; empty at the top.
  std::vector<uint32_t> begins;    ///< Entries of context c: [begins[c], begins[c + 1]).
  std::vector<uint32_t> suffixes;  ///< Entry of level k - 1. Empty for k = 2: it is the word.

  uint32_t suffix(size_t entry) const { return suffixes.empty() ? words[entry] : suffixes[entry]; }
  size_t size() const { return words.size(); }
};

struct BackoffTrie {
  std::string word_bytes;                ///< All words, one after the other.
  std::vector<uint32_t> word_ends;       ///< Where each word ends in word_bytes.
  std::vector<float> unigram_log_probs;  ///< kLogZero for <s>.
  std::vector<float> unigram_backoffs;
  std::vector<BackoffLevel> levels;  ///< Of 2, 3, ... words.

  int order() const { return static_cast<int>(levels.size()) + 1; }
  std::string_view word(uint32_t word) const {
    const uint32_t begin = word == 0 ? 0 : word_ends[word - 1];
    return std::string_view(word_bytes).substr(begin, word_ends[word] - begin);
  }
  void set_words(const std::vector<std::string>& words);
  /// Probabilities and back-off weights of the n-grams of `length` words, 1 .. order().
  const std::vector<float>& log_probs(int length) const {
    return length == 1 ? unigram_log_probs : levels[static_cast<size_t>(length) - 2].log_probs;
  }
  std::vector<float>& backoffs(int length) {
    return length == 1 ? unigram_backoffs : levels[static_cast<size_t>(length) - 2].backoffs;
  }
  const std::vector<float>& backoffs(int length) const {
    return length == 1 ? unigram_backoffs : levels[static_cast<size_t>(length) - 2].backoffs;
  }
};

/// The n-grams of a model.
BackoffTrie make_backoff_trie(const NgramModel& model);

/// Sets every back-off weight so that the probabilities of its context sum to 1. Where less than
/// 1e-4 is left for backing off, or the listed words have all but 1e-4 of the lower order, rounding
/// would spoil the weight: it stays, but gives no more than 1e-4 of the context in the first case.
void set_backoff_weights(BackoffTrie& trie);

/// The automaton. Probabilities are quantized as in ngram_builder.h; when that changes any, the
/// back-off weights are set anew. `name` stands for the path in errors.
std::shared_ptr<const NgramModel> build_ngram_model(BackoffTrie trie, std::string_view name,
                                                    uint32_t codebook_size = kMaxCodebookSize);

/// Writes the ARPA form, compressed if the name ends in .gz.
void write_arpa(const BackoffTrie& trie, const std::filesystem::path& path);

}  // namespace bivox
