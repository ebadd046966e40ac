// Triangular filters on the mel scale, kept sparse: filter m weighs `weights.size()` neighbouring
// DFT bins from `first_bin` on.
//
//   out[m] = sum_k w_m[k] P[k]
//
// Edges lie evenly on the mel scale between low_hz and high_hz; which mel scale, and in which
// domain the triangles are straight, is the definition chosen:
//   kHtk     1127 ln(1 + f / 700), straight in mel
//   kSlaney  3 f / 200 below 1 kHz, then 15 + 27 ln(f / 1000) / ln 6.4; straight in Hz
//   kHtkHz   2595 log10(1 + f / 700), straight in Hz
//   kSphinx  as kHtkHz, with edges rounded to DFT bins
// Edges may be warped, as if the speaker's vocal tract were shorter (warp > 1) or longer; with w
// the factor, c the cutoff and S/2 half the sample rate, f becomes
//   w f                                                   for f <= c min(w, 1) / w
//   S/2 - (S/2 - c min(w,1)) / (S/2 - c min(w,1)/w) (S/2 - f)    above
// A warped filter too narrow for any DFT bin takes the bin nearest to its centre.
//
// Thread rule: immutable after construction. Errors: Error(kUsage) when a filter would be empty
// (too many filters for the DFT's resolution) or the edges are out of order. Sources: Young et al.,
// The HTK Book 3.4, section 5.4; Slaney, Auditory Toolbox (1998); sphinxbase fe_sigproc.c,
// fe_build_melfilters; Jaitly & Hinton 2013 (VTLP), section 2 (warp). Test:
// tests/dsp/mel_filterbank_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

namespace bivox {

enum class MelScale : uint8_t { kHtk, kSlaney, kHtkHz, kSphinx };

enum class MelNorm : uint8_t {
  kPeak,  ///< Every triangle has peak 1 (Kaldi, librosa norm=None).
  kArea,  ///< Every triangle has area 1 in Hz (Sphinx unit area, librosa norm="slaney").
};

double hz_to_mel(MelScale scale, double hz);
double mel_to_hz(MelScale scale, double mel);

struct MelFilter {
  int first_bin = 0;
  std::vector<float> weights;
};

struct MelFilterbankOptions {
  MelScale scale = MelScale::kHtk;
  MelNorm norm = MelNorm::kPeak;
  int sample_rate_hz = 16000;
  int fft_size = 512;
  int num_mel = 80;
  double low_hz = 20.0;
  double high_hz = 8000.0;
  double warp = 1.0;               ///< 0.5 to 2; 1 is off. Not with kSphinx.
  double warp_cutoff_hz = 4800.0;  ///< Covers the formants that matter.
};

/// The warping function above.
double warp_frequency(double hz, double warp, double cutoff_hz, int sample_rate_hz);

/// `num_mel` filters over fft_size / 2 + 1 bins.
std::vector<MelFilter> make_mel_filterbank(const MelFilterbankOptions& options);

}  // namespace bivox
