// How often a back-off model sees each of its n-grams: their frequency in the text it generates.
//
//   m(v w) = sum_u m(u v) P(w | u v)        (one word u; v may be several words, or none)
//
// is iterated, from m(v w) = m(v) p(w | v), over the n-grams one word longer: what a context u v
// lists counts as listed, everything else backs off to p(w | v). For <s>, which is never predicted,
// m(<s>) = m(</s>). A Kneser-Ney model's own lower orders are not these frequencies: they are made
// to be backed off to, and by them "Francisco" would be far too rare a context.
// Cost: a few passes over the n-grams. Thread rule: free function. Source: Kneser & Ney 1995,
// "Improved backing-off for m-gram language modeling", section 3 (the marginal constraint). Test:
// tests/models/ngram_marginals_test.cpp.
#pragma once

#include <vector>

#include "models/lm/backoff_trie.h"

namespace bivox {

/// Of the n-grams of 1 .. order - 1 words; [length - 1][entries]. Those of one length sum to 1, but
/// for what the model does not list.
using NgramMarginals = std::vector<std::vector<double>>;

NgramMarginals ngram_marginals(const BackoffTrie& trie);

}  // namespace bivox
