// Speech from feature rows without anything learnt: a source of pulses and noise through filters
// that follow the mel spectrum. It is intelligible as it is, and the start of the parallel WaveNet.
//
//   x = sum_t hann(n - t hop) [ pulses * h_t + noise * g_t ],
//   |H_t(f)|^2 = E_t(f) v_t^2 c(f)^2,   |G_t(f)|^2 = E_t(f) (1 - v_t^2 c(f)^2)
//
// with E the envelope (mel_envelope.h), both filters of minimum phase (from the cepstrum of
// ln E / 2), applied by overlap-add of windows of two hops. Pulses stand one a period, band-limited
// and exact between samples (pulse_train.h); noise is Gaussian of variance 1.
//
// Streaming: every accepted row yields one block of hop samples once two rows are ahead; finish()
// yields the rest: as many blocks as rows. Beside the speech come its excitations, which the
// WaveNet looks at.
//
// Deterministic: the same seed and rows give the same samples on one machine. Thread rule: one per
// stream; accept() and finish() do not allocate. Errors: those of the options; BIVOX_CHECK for rows
// of a wrong size. Sources: Wang, Takaki & Yamagishi 2019 (NSF), section II (harmonics plus noise);
// Oppenheim & Schafer, Discrete-Time Signal Processing, section 13.5 (minimum phase by cepstrum).
// Test: tests/tts/source_filter_test.cpp.
#pragma once

#include <complex>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "dsp/audio/audio_buffer.h"
#include "dsp/core/random.h"
#include "dsp/features/fft.h"
#include "tts/vocoder/mel_envelope.h"
#include "tts/vocoder/pulse_train.h"

namespace bivox {

/// What is the same for all streams.
class SourceFilterModel {
 public:
  explicit SourceFilterModel(const VocoderFeatureOptions& features,
                             const MelEnvelopeOptions& envelope = {})
      : features_(features), envelope_(features, envelope) {}

  const VocoderFeatureOptions& features() const { return features_; }
  const MelEnvelope& envelope() const { return envelope_; }

 private:
  VocoderFeatureOptions features_;
  MelEnvelope envelope_;
};

class SourceFilter {
 public:
  SourceFilter(std::shared_ptr<const SourceFilterModel> model, uint64_t seed);

  /// hop samples each; valid until the next call.
  struct Block {
    std::span<const float> speech;
    std::span<const float> pulses;  ///< Flat, times voicing.
    std::span<const float> noise;   ///< White, variance 1.
  };

  /// Takes a row; true when a block is ready.
  bool accept(std::span<const float> row);
  /// No more rows: true as long as blocks are left.
  bool finish();
  Block block() const;
  /// A new utterance.
  void reset(uint64_t seed);

 private:
  void start_row(std::span<const float> row);
  bool advance();
  void filter_frame();
  void minimum_phase(std::span<const float> power);

  std::shared_ptr<const SourceFilterModel> model_;
  Random random_;
  PulseTrain train_;
  RealFft fft_;
  size_t hop_;
  int64_t rows_ = 0;             // started, the virtual ones of finish() included
  int64_t real_ = 0;             // accepted
  int64_t blocks_ = 0;           // given
  std::vector<float> previous_;  // the row before the current one
  std::vector<float> current_;
  std::vector<float> pulses_;  // the last two hops of excitation, times nothing
  std::vector<float> noise_;
  std::vector<float> voiced_;  // pulses times voicing
  std::vector<float> window_;
  std::vector<float> overlap_;  // what frames have added to the present and to come
  std::vector<float> speech_;
  std::vector<float> segment_;
  std::vector<float> power_;
  std::vector<std::complex<float>> filter_;
  std::vector<std::complex<float>> pulse_spectrum_;
  std::vector<std::complex<float>> noise_spectrum_;
};

/// One-shot: all rows `[frames x columns]` to frames * hop samples.
AudioBuffer source_filter_speech(const std::shared_ptr<const SourceFilterModel>& model,
                                 FeatureView rows, uint64_t seed);

}  // namespace bivox
