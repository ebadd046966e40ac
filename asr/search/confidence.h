// How sure the recognizer is of a word.
//
// From the lattice: the posterior of a word w spoken over [s, e) is the largest share, over frames
// t in [s, e), of the probability mass of all paths that pass through the same word at t (C_max of
// Wessel et al. 2001, section III.C; pronunciations of a word count together). Lattice posteriors
// are too sure of themselves, since the search has pruned away what spoke against them, so they are
// calibrated:
//
//   confidence = 1 / (1 + exp(-(a logit(posterior) + b)))
//
// with a = slope, b = offset fitted by logistic regression on development data (apps: `bivox score
// --calibration` shows how well it holds). The result is in [0, 1] and estimates the probability
// that the word is right. Test: tests/asr/search/confidence_test.cpp.
#pragma once

#include "asr/search/decoder.h"

namespace bivox {

/// Fills in the confidence of every word of `result` from its lattice.
void fill_confidence(const SearchNetwork& network, DecoderResult& result, double posterior_scale,
                     const Calibration& calibration);

/// The calibrated value of a posterior.
float calibrate(double posterior, const Calibration& calibration);

}  // namespace bivox
