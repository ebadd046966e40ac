// Recordings ready for training a vocoder: samples and their features, in memory.
//
// Samples are kept as 16-bit numbers and features as floats: 64 kB a second of sound at 16 kHz. An
// example is a stretch of about three seconds of an utterance; each time it is used a new crop of
// it is drawn, at a new level.
//
// Thread rule: immutable once filled; share freely. Test: tests/tts/vocoder_training_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "dsp/audio/audio_buffer.h"
#include "dsp/core/random.h"
#include "tts/vocoder/vocoder_features.h"

namespace bivox {

class VocoderData {
 public:
  explicit VocoderData(const VocoderFeatureOptions& options) : options_(options) {}

  /// Computes the features. Utterances shorter than `kLeastFrames` are left out: false.
  bool add(AudioView audio);
  static constexpr Eigen::Index kLeastFrames = 20;

  const VocoderFeatureOptions& options() const { return options_; }
  size_t size() const { return rows_.size(); }
  double seconds() const;
  const std::vector<FeatureMatrix>& rows() const { return rows_; }
  const FeatureMatrix& rows(size_t utterance) const { return rows_[utterance]; }
  /// Samples [first, first + count) of an utterance, in [-1, 1]; zeros beyond its end.
  void copy_samples(size_t utterance, int64_t first, std::span<float> out) const;

  /// About one for three seconds, at least one an utterance.
  struct Example {
    size_t utterance = 0;
    Eigen::Index first = 0;  ///< Frames.
    Eigen::Index frames = 0;
  };
  std::vector<Example> examples(Eigen::Index crop_frames) const;

  /// A crop of `frames` frames with its samples, both louder or quieter by a random factor.
  struct Crop {
    size_t utterance = 0;
    Eigen::Index first = 0;
    float gain = 1.0F;
    std::vector<float> samples;  ///< frames * hop
  };
  Crop draw(const Example& example, Eigen::Index frames, Random& random) const;
  /// The rows of frames [first, first + count) at the gain of the crop, held beyond the edges.
  FeatureMatrix crop_rows(const Crop& crop, Eigen::Index first, Eigen::Index count) const;

 private:
  VocoderFeatureOptions options_;
  std::vector<FeatureMatrix> rows_;
  std::vector<std::vector<int16_t>> samples_;
};

}  // namespace bivox
