// What a predicted spectrum has lost in variance, measured and given back.
//
//   c_k = sqrt(2 / M) sum_m y_m cos(pi k (m + 1/2) / M)          (c_0 / sqrt 2)
//   y'  = y + sum_k (g_k - 1) (c_k - mean_k) basis_k,  g_k = clamp((s_k / s'_k)^strength)
//
// with s_k the deviation of c_k in recordings and s'_k that of what was predicted for them:
// formants stand out again, and bursts from closures (c_0 is the level). Frames of silence (below
// -45 dB of the loudest) are left out of the measure. Shapes: `[frames x num_mel]`, natural logs.
// Thread rule: values. Source: Toda & Tokuda 2007, section III (global variance); Silen et al.
// 2012, "Ways to implement global variance in statistical speech synthesis" (scaling of the
// trajectories). Test: tests/tts/prosody/liveliness_test.cpp.
#pragma once

#include <span>
#include <vector>

#include "dsp/features/feature_matrix.h"

namespace bivox {

/// The orthonormal cosine transform of rows of M numbers.
class MelCosines {
 public:
  explicit MelCosines(int num_mel);
  int size() const { return static_cast<int>(basis_.rows()); }
  void forward(std::span<const float> mel, std::span<float> cepstrum) const;
  /// Adds sum_k amount_k basis_k to `mel`.
  void add(std::span<const float> amount, std::span<float> mel) const;

 private:
  FeatureMatrix basis_;  // [k x mel]
};

/// Sums over frames of what was said and what was predicted.
class LivelinessMeter {
 public:
  explicit LivelinessMeter(int num_mel);
  /// Both `[frames x num_mel]`.
  void add(const FeatureView& natural, const FeatureView& predicted);
  /// g_k, of 1 to `limit`; 1 where nothing was measured.
  std::vector<float> gains(double strength, double limit) const;
  /// Means of what was predicted.
  std::vector<float> means() const;

 private:
  MelCosines cosines_;
  std::vector<double> sums_[2];
  std::vector<double> squares_[2];
  double frames_ = 0.0;
};

}  // namespace bivox
