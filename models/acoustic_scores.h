// THE seam: feature frames go in, log scores of states come out. Both paradigms implement it (the
// Gaussian mixtures of `legacy`, the ConvNet of `asr/convnet`), as do tests; the shared search
// reads it.
//
// score(t, s) = log p(x_t | s) for a generative model, or log p(s | x_t) - log p(s) for a
// discriminative one; natural logarithm, up to a constant per frame.
//
// Streaming: accept() any number of rows at a time, then finish(); scores do not depend on how the
// rows were cut. Frames are counted from 0 since the last reset(). A frame may be scored only while
// it is among the last `kept` ones; implementations must keep at least kScoreHistory frames behind
// the newest ready one, so that memory stays bounded on hours of audio.
// Thread rule: one object per stream (it holds buffers); the model behind it is immutable and
// shared.
#pragma once

#include <cstdint>
#include <span>

#include "dsp/features/feature_matrix.h"

namespace bivox {

/// Index of a tied HMM state ("senone"), 0-based.
using StateId = int32_t;

class AcousticScores {
 public:
  static constexpr int kScoreHistory = 1;

  virtual ~AcousticScores() = default;

  /// Forgets all frames; the next accept() starts an utterance.
  virtual void reset() = 0;
  /// Takes rows `[frames x dims]` as the front end gives them.
  virtual void accept(const FeatureView& features) = 0;
  /// No more rows will come: makes the frames ready that waited for right context.
  virtual void finish() = 0;
  /// Number of frames that can be scored since reset().
  virtual int frames_ready() const = 0;
  /// Writes out[s] for the states in `active` (and may write others); `out` has num_states()
  /// elements. An empty `active` means all states. Frames must be asked for in order.
  virtual void score(int frame, std::span<const StateId> active, std::span<float> out) = 0;
  virtual int num_states() const = 0;
  /// Multiplications with an addition that scoring took since construction; 0: not counted. What
  /// `bivox compare` sets against the length of the audio.
  virtual uint64_t multiply_adds() const { return 0; }
};

}  // namespace bivox
