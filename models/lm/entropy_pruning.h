// Entropy pruning: leaves out the n-grams that change a model least.
//
// Without (h, w) the model backs off there, with a back-off weight bo' that keeps the sum 1. The
// relative entropy between the two models, over everything that can follow h, is
//
//   D = -P(h) { p(w|h) [log p(w|h') + log bo'(h) - log p(w|h)]
//               + (1 - sum_v p(v|h)) [log bo'(h) - log bo(h)] }
//
// and n-grams with D below a threshold go, but for those on which a longer one that stays rests
// (its context or its suffix). P(h) is the relative frequency of h where the counts of the training
// text are known, and else the model's own frequency of h (ngram_marginals.h): the lower orders of
// a Kneser-Ney model do not say how frequent a context is. The threshold is searched by halving
// until the Bivox binary just fits into the size asked for. Cost: a few passes over the n-grams.
// Thread rule: free functions. Errors: Error(kUsage) when not even the 1-grams fit. Sources:
// Stolcke 1998, "Entropy-based pruning of backoff language models", section 3; Chelba et al. 2010,
// "Study on interaction between entropy pruning and Kneser-Ney smoothing", section 4 (the
// frequencies of contexts). Test: tests/models/entropy_pruning_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "models/lm/backoff_trie.h"

namespace bivox {

/// Which entries of every level stay; [levels][entries], not 0 is yes.
using KeptNgrams = std::vector<std::vector<uint8_t>>;

/// Occurrences of the n-grams of 1 .. order - 1 words in the training text; empty: not known.
using ContextCounts = std::vector<std::vector<uint32_t>>;

/// D of every n-gram of two words and more, in nats.
std::vector<std::vector<float>> pruning_costs(const BackoffTrie& trie,
                                              const ContextCounts& counts = {});

/// The n-grams whose cost is at least `threshold`, and those they rest on.
KeptNgrams keep_above(const BackoffTrie& trie, const std::vector<std::vector<float>>& costs,
                      double threshold);

/// Size of the Bivox binary of the n-grams that stay.
uint64_t binary_size(const BackoffTrie& trie, const KeptNgrams& kept,
                     uint32_t codebook_size = kMaxCodebookSize);

/// The most n-grams of least cost that leave a binary of at most `max_bytes`.
KeptNgrams keep_within(const BackoffTrie& trie, const std::vector<std::vector<float>>& costs,
                       uint64_t max_bytes, uint32_t codebook_size = kMaxCodebookSize);

/// Leaves out all others and sets the back-off weights anew.
void remove_ngrams(BackoffTrie& trie, const KeptNgrams& kept);

/// The whole walk: costs, what stays within `max_bytes`, removal.
void prune_to_size(BackoffTrie& trie, uint64_t max_bytes, const ContextCounts& counts = {},
                   uint32_t codebook_size = kMaxCodebookSize);
/// The same for a least change of the perplexity, as a share (e.g. 1e-8).
void prune_below(BackoffTrie& trie, double share, const ContextCounts& counts = {});

}  // namespace bivox
