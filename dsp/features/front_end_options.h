// The options of the front end, plain data that a model folder stores, and the known
// configurations.
//
// Units are in the names; mel, log and cepstrum definitions stand beside their enumerators in the
// headers of each stage.
// Errors: validate() throws Error(kUsage) naming option, value and what is expected; it bounds
// every size, so that options from a file cannot ask for absurd amounts of memory. Thread rule:
// values. Test: tests/dsp/front_end_options_test.cpp.
#pragma once

#include <cstdint>

#include "dsp/features/cmvn.h"
#include "dsp/features/deltas.h"
#include "dsp/features/frame_kernels.h"
#include "dsp/features/framing.h"
#include "dsp/features/mel_filterbank.h"
#include "dsp/features/mfcc.h"
#include "dsp/features/window.h"

namespace bivox {

enum class FeatureKind : uint8_t {
  kPowerSpectrum,  ///< fft_size / 2 + 1 values, no log.
  kMel,            ///< num_mel filter outputs, no log.
  kLogMel,         ///< num_mel natural logs.
  kMfcc,           ///< num_cepstra cepstra.
};

/// Every field is plain data; defaults are a Kaldi-like 80-bin log-mel at 16 kHz.
struct FrontEndOptions {  // NOLINT(clang-analyzer-optin.performance.Padding): in chain order
  int sample_rate_hz = 16000;

  // Framing.
  double frame_length_s = 0.025;  ///< Rounded to samples; see frame_length().
  double frame_shift_s = 0.010;
  int fft_size = 0;  ///< 0: the smallest power of two that holds a frame.
  FramePlacement frame_placement = FramePlacement::kSnip;

  // Samples.
  float input_scale = 32768.0F;  ///< Applied first; 32768 is the 16-bit scale of Sphinx and Kaldi.
  bool round_to_int16 = false;   ///< Round scaled samples to 16-bit integers, as files hold them.
  float dither = 0.0F;         ///< Standard deviation of Gaussian noise, in scaled units; 0 is off.
  uint32_t dither_seed = 1;    ///< The same seed gives the same output.
  bool remove_dc = true;       ///< Subtract each frame's mean.
  float pre_emphasis = 0.97F;  ///< y[n] = x[n] - a x[n-1]; 0 is off.
  PreEmphasisPrior pre_emphasis_prior = PreEmphasisPrior::kFrame;
  WindowKind window = WindowKind::kPovey;

  // Spectrum and mel filters.
  bool power = true;           ///< |X|^2; false takes the magnitude |X|.
  bool noise_removal = false;  ///< On mel powers (dsp/analysis/noise_removal.h).
  MelScale mel_scale = MelScale::kHtk;
  MelNorm mel_norm = MelNorm::kPeak;
  int num_mel = 80;
  double low_hz = 20.0;
  double high_hz = 0.0;  ///< 0 or negative: offset from half the sample rate.
  double warp = 1.0;     ///< Of the mel filters' frequencies (VTLP); 1 is off.
  LogFloor log_floor_kind = LogFloor::kMax;
  float log_floor = 1.1920929e-07F;

  // Output.
  FeatureKind kind = FeatureKind::kLogMel;
  int num_cepstra = 13;
  DctKind dct = DctKind::kUnitary;
  float lifter = 22.0F;     ///< 1 + Q/2 sin(pi i / Q); 0 is off. Used for kMfcc only.
  bool use_energy = false;  ///< Replace c0 by the log energy of the frame (kMfcc, Kaldi).
  bool raw_energy = true;   ///< Energy before pre-emphasis and window.
  float energy_floor = 0.0F;

  CmvnOptions cmvn;  ///< Normalisation over time (dsp/features/cmvn.h).

  // Context.
  DeltaKind deltas = DeltaKind::kNone;
  int delta_order = 2;   ///< For kRegression.
  int delta_window = 2;  ///< For kRegression.
  int splice_left = 0;   ///< Rows become [t - left .. t + right] side by side; edges replicate.
  int splice_right = 0;

  /// In samples.
  int frame_length() const;
  int frame_shift() const;
  /// The transform's size after fft_size = 0 is resolved.
  int resolved_fft_size() const;
  /// The upper edge after offsets are resolved.
  double resolved_high_hz() const;
  /// Columns before deltas and splice, and of a finished row.
  int base_dims() const;
  int dims() const;
  /// Throws Error(kUsage) naming option, value and what is expected.
  void validate() const;
};

/// CMU Sphinx: 13 MFCC, 1s_c_d_dd, utterance CMN: 39 columns, c | d | dd.
FrontEndOptions sphinx_front_end();
/// Kaldi compute-fbank-feats with `num_mel` filters.
FrontEndOptions kaldi_fbank_front_end(int num_mel = 80);
/// Kaldi compute-mfcc-feats: 13 cepstra from 23 filters.
FrontEndOptions kaldi_mfcc_front_end();
/// librosa.feature.melspectrogram, natural log: centred, Hann, Slaney mel; power 2.
FrontEndOptions librosa_front_end(int sample_rate_hz = 22050, int num_mel = 128);

}  // namespace bivox
