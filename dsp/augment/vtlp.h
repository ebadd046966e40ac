// Vocal tract length perturbation: another speaker's resonances at the same pitch and tempo.
//
// A longer or shorter vocal tract scales the frequencies of the resonances, which here is done to
// the mel filters instead of the sound: MelFilterbankOptions::warp (the warping function stands in
// dsp/features/mel_filterbank.h), set through FrontEndOptions::warp. This draws the factor.
// Thread rule: a pure function. Source: Jaitly & Hinton 2013, "Vocal tract length perturbation
// (VTLP) improves speech recognition", section 2. Test: tests/dsp/augment_spectrum_test.cpp.
#pragma once

#include <cstdint>

namespace bivox {

struct VtlpOptions {
  double min_warp = 0.9;
  double max_warp = 1.1;
};

/// A warp factor for FrontEndOptions::warp, evenly in [min_warp, max_warp).
double random_warp(const VtlpOptions& options, uint64_t seed);

}  // namespace bivox
