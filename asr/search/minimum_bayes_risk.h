// From the lattice to the words with the fewest expected errors, and how sure of each the search
// is.
//
// The best path maximises the probability of the whole sentence; word error rate counts words.
// Given path posteriors P(W) from the lattice (scores times posterior_scale), this finds
//
//   R = argmin_R  sum_W P(W) L(W, R),     L = Levenshtein distance in words,
//
// by the recursion of Xu et al. over the lattice: it aligns all paths with R = (empty, w1, empty,
// w2,
// ..., empty), sums posteriors gamma(q, w) of words in each place q, puts the likeliest word into
// each, and repeats until nothing changes. It starts from the best path.
//
// gamma(q, w) is the posterior of the word. The search has pruned away much of what spoke against
// it, so it is calibrated:  confidence = 1 / (1 + exp(-(slope logit(gamma) + offset))), in [0, 1],
// with slope and offset fitted by logistic regression on development data; it estimates the
// probability that the word is right. Times are means over the arcs that put the word into its
// place, made monotone.
//
// Where the best path itself is wanted, as a sentence of a grammar is, its words keep the times
// that they have there; gamma is the sum over arcs of the same word that span the middle of it
// (Wessel et al. 2001, section III). Source: Xu, Povey, Mangu, Zhu 2011, "Minimum Bayes Risk
// decoding and system combination based on a recursion for edit distance", algorithms 1 to 4. Test:
// tests/asr/search/minimum_bayes_risk_test.cpp (against the minimum over all word sequences).
#pragma once

#include <vector>

#include "asr/search/decoder.h"
#include "asr/search/lattice.h"

namespace bivox {

/// Words with times and confidence; fillers are empty.
std::vector<DecodedWord> minimum_bayes_risk(const SearchNetwork& network, const Lattice& lattice,
                                            double posterior_scale, const Calibration& calibration);

/// The same of the best path, however unlikely it is beside the sum of all others.
std::vector<DecodedWord> best_path_words(const SearchNetwork& network, const Lattice& lattice,
                                         double posterior_scale, const Calibration& calibration);

/// The calibrated value of a posterior.
float calibrate(double posterior, const Calibration& calibration);

}  // namespace bivox
