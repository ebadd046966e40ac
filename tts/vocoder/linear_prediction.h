// Linear prediction of speech from its spectral envelope: no coefficients need to be sent along.
//
//   y[n] = sum_{k=1}^{p} a_k y[n - k] + g e[n]
//
// The power envelope E(f) is that of an all-pole filter; its inverse transform is the
// autocorrelation r, from which Levinson's recursion gets a_k and g^2 = r_0 - sum a_k r_k, the
// power of what cannot be predicted. e then has about variance 1 and a flat spectrum, whatever the
// sound.
//
// residual() and synthesize() undo each other exactly up to rounding (tested), whatever the
// predictors of successive blocks. The filter of a predictor is stable (reflection coefficients
// below 1 in size).
// Thread rule: one object per stream; no call allocates. Sources: Makhoul 1975, "Linear prediction:
// a tutorial review", sections II and III; Valin & Skoglund 2019 (LPCNet), section 3.1 (predictors
// from band energies). Test: tests/tts/linear_prediction_test.cpp.
#pragma once

#include <array>
#include <complex>
#include <span>
#include <vector>

#include "dsp/features/fft.h"

namespace bivox {

inline constexpr int kPredictorOrder = 24;

struct LinearPredictor {
  std::array<float, kPredictorOrder> a = {};  ///< a_1 first.
  float gain = 1.0F;
};

/// Makes predictors of envelopes.
class PredictorMaker {
 public:
  explicit PredictorMaker(int fft_size);
  /// `envelope` [fft_size / 2 + 1], powers.
  LinearPredictor make(std::span<const float> envelope) noexcept;

 private:
  RealFft fft_;
  std::vector<std::complex<float>> spectrum_;
  std::vector<float> correlation_;
};

/// The last samples of y, for both directions.
class PredictionMemory {
 public:
  /// e of given y.
  void residual(const LinearPredictor& predictor, std::span<const float> y,
                std::span<float> e) noexcept;
  /// y of given e; may be in place.
  void synthesize(const LinearPredictor& predictor, std::span<const float> e,
                  std::span<float> y) noexcept;
  void reset() noexcept { last_ = {}; }

 private:
  float predict(const LinearPredictor& predictor) const noexcept;
  void push(float y) noexcept;

  std::array<float, kPredictorOrder> last_ = {};  // y[n - 1] first
};

}  // namespace bivox
