// What the autoregressive WaveNet draws: speech around its linear prediction.
//
//   p(y[n] | y[< n], features) = p(e[n] | e[< n], features) / (s g_b),   e = (y - prediction) / (s
//   g_b)
//
// The predictor of block b comes from the features alone: from the mean, in the logarithm, of the
// envelopes of frames b and b + 1. So y and e are one to one, a likelihood of e is one of y, and a
// network that knows nothing yet already draws noise of the right spectrum. The scale s = 16 brings
// e into [-1, 1]; what is beyond (pulses of 16 deviations) is clipped in training.
//
// Thread rule: one per stream; no call allocates. Source: Hwang et al. 2018, "LP-WaveNet",
// arXiv 1811.11913, section 3 (mixture density around a linear prediction).
// Test: tests/tts/linear_prediction_test.cpp.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "tts/vocoder/linear_prediction.h"
#include "tts/vocoder/source_filter.h"

namespace bivox {

inline constexpr float kExcitationScale = 16.0F;

/// The predictors of blocks, from rows one after the other.
class BlockPredictors {
 public:
  explicit BlockPredictors(std::shared_ptr<const SourceFilterModel> model);

  /// Takes the next row; from the second on returns the predictor of the block before it.
  const LinearPredictor& next(std::span<const float> row) noexcept;
  /// Of the last block, which has no row after it.
  const LinearPredictor& last() noexcept;
  void reset() noexcept { rows_ = 0; }

 private:
  std::shared_ptr<const SourceFilterModel> model_;
  PredictorMaker maker_;
  LinearPredictor predictor_;
  std::vector<float> before_;  // envelopes
  std::vector<float> here_;
  std::vector<float> mean_;
  int64_t rows_ = 0;
};

/// e of a recording, [rows.rows() * hop] samples in [-1, 1]; `first_block` predicts from the
/// samples before: `samples` has kPredictorOrder samples more in front.
std::vector<float> speech_excitation(const std::shared_ptr<const SourceFilterModel>& model,
                                     FeatureView rows, std::span<const float> samples);

}  // namespace bivox
