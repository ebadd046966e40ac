// The front end: one configured chain from samples to feature rows, used by both recognizers and by
// synthesis. It expresses the chains of CMU Sphinx, Kaldi and librosa exactly (tested to 1e-3).
//
//   samples * input_scale -> framing -> dither -> DC removal -> pre-emphasis -> window ->
//   |DFT|^power
//     -> noise removal? -> mel filters -> log -> DCT-II + lifter -> CMVN -> deltas -> splice
//
// accept() takes audio in [-1, 1]; rows come out `[frames x dims]`. Times: row t is centred on
// t * frame_shift_s + frame_length / 2 (frame_placement kSnip, kSphinx), on (t + 1/2) *
// frame_shift_s (kKaldiReflect) or on t * frame_shift_s (kCentre).
//
// Streaming: any chunking of the audio equals the one-shot output bit for bit
// (tests/dsp/front_end_test.cpp). Rows wait only for the right context of deltas and splice;
// utterance CMVN waits for finish().
// Errors: Error(kUsage) naming option, value and what is expected; Error(kInput) for audio at
// another rate. Audio shorter than a frame gives zero rows. NaN or infinite samples count as
// silence. Thread rule: one FrontEnd per stream; options are plain values. Sources: Davis &
// Mermelstein 1980 (MFCC); sphinxbase fe_sigproc.c, feat.c, cmn.c, cmn_live.c; Kaldi
// feature-window.cc, mel-computations.cc; librosa filters.py, core/spectrum.py.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "dsp/audio/audio_buffer.h"
#include "dsp/features/feature_matrix.h"

namespace bivox {

/// Where frames lie, with N samples, length L and shift S.
enum class FramePlacement : uint8_t {
  kSnip,          ///< Frame t covers [tS, tS + L); only whole frames: 1 + (N - L) / S.
  kSphinx,        ///< As kSnip, then one zero-padded frame for what is left over (sphinx_fe).
  kKaldiReflect,  ///< Frame t is centred on (t + 1/2) S; edges reflect: (N + S/2) / S frames.
  kCentre,        ///< Frame t is centred on tS; edges reflect about the end samples (librosa).
  kCentreZero,    ///< Frame t is centred on tS; zeros outside (librosa pad_mode "constant").
};

enum class PreEmphasisPrior : uint8_t {
  kStream,  ///< y[0] = x[0] - a * (sample before the frame); zero before the stream (Sphinx).
  kFrame,   ///< y[0] = x[0] - a * x[0] (Kaldi).
};

enum class WindowKind : uint8_t {
  kRectangular,
  kHamming,       ///< 0.54 - 0.46 cos(2 pi n / (L - 1))
  kHann,          ///< 0.5 - 0.5 cos(2 pi n / (L - 1))
  kHannPeriodic,  ///< 0.5 - 0.5 cos(2 pi n / L) (librosa)
  kPovey,         ///< kHann ^ 0.85 (Kaldi)
  kBlackman,      ///< 0.42 - 0.5 cos(2 pi n / (L - 1)) + 0.08 cos(4 pi n / (L - 1))
};

enum class MelScale : uint8_t {
  kHtk,     ///< 1127 ln(1 + f / 700); triangles in mel (HTK, Kaldi).
  kSlaney,  ///< Linear below 1 kHz, log above; triangles in Hz (librosa, htk=False).
  kHtkHz,   ///< 2595 log10(1 + f / 700); triangles in Hz (librosa, htk=True).
  kSphinx,  ///< 2595 log10(1 + f / 700); triangles in Hz with edges rounded to DFT bins
            ///< (sphinx_fe).
};

enum class MelNorm : uint8_t {
  kPeak,  ///< Every triangle has peak 1 (Kaldi, librosa norm=None).
  kArea,  ///< Every triangle has area 1 in Hz (Sphinx unit area, librosa norm="slaney").
};

enum class LogFloor : uint8_t {
  kMax,  ///< ln(max(x, log_floor)) (Kaldi, librosa).
  kAdd,  ///< ln(x + log_floor) (Sphinx).
};

enum class FeatureKind : uint8_t {
  kPowerSpectrum,  ///< fft_size / 2 + 1 values, no log.
  kMel,            ///< num_mel filter outputs, no log.
  kLogMel,         ///< num_mel natural logs.
  kMfcc,           ///< num_cepstra cepstra.
};

enum class DctKind : uint8_t {
  kUnitary,       ///< sqrt(2/M) cos(pi i (j + 1/2) / M), row 0 times sqrt(1/2) (Sphinx dct, Kaldi).
  kHtk,           ///< The same without the factor for row 0 (HTK, Sphinx "htk").
  kSphinxLegacy,  ///< 1/M cos(pi i (j + 1/2) / M), j = 0 counted half (Sphinx "legacy").
};

enum class DeltaKind : uint8_t {
  kNone,
  kRegression,  ///< Orders 1 .. delta_order by regression over +-delta_window frames (HTK, Kaldi).
  kSphinx1sCDDd,  ///< d[t] = c[t+2] - c[t-2]; dd[t] = (c[t+3] - c[t-1]) - (c[t+1] - c[t-3]).
};

enum class CmvnKind : uint8_t {
  kNone,
  kUtterance,  ///< Mean of the whole utterance; rows wait for finish().
  kSliding,    ///< Mean of the last cmvn_window frames, the current one included (causal).
  kRunning,    ///< Prior mean cmvn_prior, updated as Sphinx's live CMN does (cmn_live.c).
};

/// Every field is plain data; defaults are a Kaldi-like 80-bin log-mel at 16 kHz.
struct FrontEndOptions {
  int sample_rate_hz = 16000;

  // Framing.
  double frame_length_s = 0.025;  ///< Rounded to samples; see frame_length().
  double frame_shift_s = 0.010;
  int fft_size = 0;  ///< 0: the smallest power of two that holds a frame.
  FramePlacement frame_placement = FramePlacement::kSnip;

  // Samples.
  float input_scale =
      32768.0F;  ///< Applied first; 32768 gives the 16-bit scale of Sphinx and Kaldi.
  bool round_to_int16 = false;  ///< Round scaled samples to 16-bit integers as files hold them.
  float dither = 0.0F;         ///< Standard deviation of Gaussian noise, in scaled units; 0 is off.
  uint32_t dither_seed = 1;    ///< The same seed gives the same output.
  bool remove_dc = true;       ///< Subtract each frame's mean.
  float pre_emphasis = 0.97F;  ///< y[n] = x[n] - a x[n-1]; 0 is off.
  PreEmphasisPrior pre_emphasis_prior = PreEmphasisPrior::kFrame;
  WindowKind window = WindowKind::kPovey;

  // Spectrum and mel filters.
  bool power = true;  ///< |X|^2; false takes the magnitude |X|.
  bool noise_removal =
      false;  ///< Sphinx noise tracking on mel powers (dsp/analysis/noise_removal.h).
  MelScale mel_scale = MelScale::kHtk;
  MelNorm mel_norm = MelNorm::kPeak;
  int num_mel = 80;
  double low_hz = 20.0;
  double high_hz = 0.0;  ///< 0 or negative: offset from half the sample rate.
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

  // Normalisation, over time.
  CmvnKind cmvn = CmvnKind::kNone;
  bool cmvn_variance = false;          ///< Also divide by the standard deviation.
  bool cmvn_skip_negative_c0 = false;  ///< Frames with value 0 below 0 do not count (Sphinx).
  int cmvn_window = 300;               ///< Frames, for kSliding.
  std::vector<float> cmvn_prior;       ///< Mean to start from, for kRunning; missing values are 0.

  // Context.
  DeltaKind deltas = DeltaKind::kNone;
  int delta_order = 2;
  int delta_window = 2;
  int splice_left = 0;  ///< Rows become [t - left .. t + right] side by side; edges replicate.
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

class FrontEnd {
 public:
  /// Validates the options.
  explicit FrontEnd(const FrontEndOptions& options);
  ~FrontEnd();
  FrontEnd(FrontEnd&& other) noexcept;
  FrontEnd& operator=(FrontEnd&& other) noexcept;
  FrontEnd(const FrontEnd&) = delete;
  FrontEnd& operator=(const FrontEnd&) = delete;

  /// Takes any number of samples.
  void accept(AudioView audio);
  /// No more audio: flushes the last frames and their context.
  void finish();
  /// Starts a new utterance. A running CMVN keeps what it has learnt (reset_prior() forgets it).
  void reset();
  void reset_prior();

  /// Columns of a row.
  int dims() const;
  /// Rows that pop() would give.
  int frames_ready() const;
  /// All ready rows `[frames x dims]`; they are then forgotten.
  FeatureMatrix pop();

  const FrontEndOptions& options() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// One-shot: accept, finish, pop.
FeatureMatrix compute_features(const FrontEndOptions& options, AudioView audio);

}  // namespace bivox
