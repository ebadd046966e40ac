// From tables of n-grams to the automaton of ngram.h: what every reader of a foreign format ends
// in.
//
// The tables are a forward trie: level k holds the n-grams of k words, sorted by context (an entry
// of level k - 1) and then by last word. Every n-gram's context and its suffix (the n-gram without
// its oldest word) must be in the table; readers insert what a pruned file leaves out, with the
// probability that backing off gives, which changes no P(w | h).
//
// Quantization: probabilities of level 2 and up become indices of a codebook. With at most
// `codebook_size` distinct values it is exact; otherwise the sorted values are cut into parts of
// equal population and each becomes the mean of its part (as the Sphinx and KenLM tries do:
// Whittaker and Raj 2001, "Quantization-based language model compression", section 3). At 65536
// values the perplexity changes by far less than 0.1 % (tested at 4096 already). Cost: linear in
// the number of n-grams but for the quantization's sort; no hash tables, no pointers. Thread rule:
// values. Errors: Error(kModel) when a model exceeds what the automaton can count. Test:
// tests/models/ngram_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/lm/ngram.h"

namespace bivox {

inline constexpr uint32_t kMaxCodebookSize = 65536;

/// The n-grams of k >= 2 words. Index types: an entry is 0-based within its level.
struct NgramLevel {
  std::vector<uint32_t> words;     ///< Last word, ascending within a context.
  std::vector<uint16_t> probs;     ///< Index into codebook.
  std::vector<float> backoffs;     ///< Natural log; empty for the highest level.
  std::vector<uint32_t> begins;    ///< Entries of context c: [begins[c], begins[c + 1]).
  std::vector<uint32_t> suffixes;  ///< Entry of level k - 1. Empty for k = 2: it is the word.
  std::vector<float> codebook;     ///< Natural log, at most kMaxCodebookSize.

  uint32_t suffix(size_t entry) const { return suffixes.empty() ? words[entry] : suffixes[entry]; }
};

struct NgramTables {
  std::string word_bytes;                ///< All words, one after the other.
  std::vector<uint32_t> word_ends;       ///< Where each word ends in word_bytes.
  std::vector<float> unigram_log_probs;  ///< Natural log.
  std::vector<float> unigram_backoffs;   ///< Natural log.
  std::vector<NgramLevel> levels;        ///< Of 2, 3, ... words.
};

/// Builds the automaton; `name` stands for the path in errors. A word listed twice is an Error.
std::shared_ptr<const NgramModel> build_ngram_model(const NgramTables& tables,
                                                    std::string_view name);

/// Parts of the above for builders of other automata. The first fills the sections of words from
/// all words, one after the other, and where each ends, and sets the special words of the header;
/// the second fills the buckets once contexts and arcs are there.
void fill_ngram_words(std::string_view word_bytes, std::span<const uint32_t> word_ends,
                      std::string_view name, NgramBlock& block);
void fill_ngram_buckets(NgramBlock& block);

/// A codebook for `values` of at most `size` entries, ascending.
std::vector<float> make_codebook(std::span<const float> values, uint32_t size);
/// Index of the entry nearest to `value`.
uint16_t nearest_code(std::span<const float> codebook, float value);

}  // namespace bivox
