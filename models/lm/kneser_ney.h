// Interpolated modified Kneser-Ney smoothing: from counts to a back-off model.
//
//   p(w | h) = max(0, a(h w) - D(a(h w))) / sum_v a(h v)  +  g(h) p(w | h')
//   g(h)     = (D1 n1(h) + D2 n2(h) + D3 n3+(h)) / sum_v a(h v)
//
// a is the number of occurrences for n-grams of the highest order and for those that begin with
// <s>, and else the number of different words that occur before the n-gram. n1(h), n2(h), n3+(h)
// count the words v with a(h v) = 1, 2, 3 or more. The recursion ends with the uniform
// distribution over the vocabulary without <s>; so <unk>, when it does not occur, has its share of
// the interpolation, and every word a probability. For each order, with t1..t4 n-grams of a = 1..4:
//
//   Y = t1 / (t1 + 2 t2),  D1 = 1 - 2 Y t2/t1,  D2 = 2 - 3 Y t3/t2,  D3+ = 3 - 4 Y t4/t3
//
// Since the listed probabilities are interpolated, g(h) is the back-off weight as it stands.
// Cost: linear in the n-grams. Thread rule: free functions. Errors: Error(kInput) when a discount
// cannot be estimated (a t is 0, or D is not in [0, j]) and no fallback is allowed; that happens
// with small or artificial texts. Sources: Chen & Goodman 1998, section 3 and equation 26; Heafield
// et al. 2013, "Scalable modified Kneser-Ney language model estimation", section 3. Test:
// tests/models/kneser_ney_test.cpp (a reference written from the equations).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "models/lm/backoff_trie.h"
#include "models/lm/ngram_counts.h"

namespace bivox {

/// D for a = 0 (which is 0), 1, 2, 3 and more.
using Discounts = std::array<double, 4>;

struct KneserNeyOptions {
  /// Takes `fallback` for an order whose discounts cannot be estimated, instead of an Error.
  bool allow_fallback = false;
  Discounts fallback = {0.0, 0.5, 1.0, 1.5};
};

struct KneserNeyModel {
  BackoffTrie trie;
  std::vector<Discounts> discounts;  ///< Of every order, 1-grams first.
  std::vector<int> fallback_orders;  ///< Orders that took the fallback.
  /// Occurrences of every n-gram of 1 .. order - 1 words: what entropy pruning weighs contexts by.
  std::vector<std::vector<uint32_t>> counts;
};

/// `words`: the vocabulary by number, <unk>, <s> and </s> first.
KneserNeyModel estimate_kneser_ney(NgramCounts counts, const std::vector<std::string>& words,
                                   const KneserNeyOptions& options = {});

}  // namespace bivox
