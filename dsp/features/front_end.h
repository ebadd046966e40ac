// The front end: one configured chain from samples to feature rows, used by both recognizers and by
// synthesis. It expresses the chains of CMU Sphinx, Kaldi and librosa (golden tests within 1e-3).
//
//   samples * input_scale -> dither -> framing -> DC removal -> pre-emphasis -> window
//   -> |DFT|^2 -> mel filters -> noise removal -> log -> DCT-II and lifter
//   -> CMVN -> deltas -> splice
//
// accept() takes audio in [-1, 1]; rows come out `[frames x dims]`, one every frame_shift_s. Where
// frame t lies is said in dsp/features/framing.h.
//
// Streaming: any chunking of the audio equals the one-shot output bit for bit. Rows wait only for
// the right context of deltas and splice; utterance CMVN waits for finish().
//
// Errors: Error(kUsage) naming option, value and what is expected; Error(kInput) for audio at
// another rate. Audio shorter than a frame gives zero rows with kSnip and kSphinx. NaN, infinite
// and absurd samples (beyond 1e6) count as silence.
//
// Thread rule: one FrontEnd per stream. accept() allocates only to grow its queues.
//
// Sources: the headers of the stages. Tests: tests/dsp/front_end_test.cpp (streaming),
// sphinx_golden_test.cpp, kaldi_golden_test.cpp, librosa_golden_test.cpp.
#pragma once

#include <memory>

#include "dsp/audio/audio_buffer.h"
#include "dsp/features/feature_matrix.h"
#include "dsp/features/front_end_options.h"

namespace bivox {

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
