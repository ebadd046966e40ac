// Maximum-likelihood linear transform (semi-tied covariance, one class): the square matrix A under
// which diagonal covariances fit best.
//
//   maximise N log |det A| - 1/2 sum_i a_i G_i a_i^T,   a_i the rows of A
//   G_i = sum_t gamma_t / v_{t,i} (x_t - mu_t)(x_t - mu_t)^T
//
// with the mean mu_t and variance v_t of frame t's likeliest density. Row by row, a_i = c_i G_i^-1
// sqrt(N / (c_i G_i^-1 c_i^T)) with the cofactors c_i. Afterwards features and means are multiplied
// by A, and variances are estimated anew by the next pass.
// Thread rule: one object per thread; statistics of parts add up. Source: Gales, "Semi-tied
// covariance matrices for hidden Markov models", IEEE Trans. SAP 7(3), 1999, section III.
// Test: tests/legacy/feature_transforms_test.cpp.
#pragma once

#include <vector>

#include "dsp/features/feature_matrix.h"
#include "legacy/gmm/mixture_model.h"

namespace bivox {

class MlltStatistics {
 public:
  explicit MlltStatistics(int dims);

  /// Frames `features` [frames x dims] with their states [frames]; negative: not counted.
  void accumulate(const MixtureModel& model, const FeatureView& features,
                  std::span<const int> states);
  void add(const MlltStatistics& other);
  double frames() const { return frames_; }
  /// A [dims x dims]; the identity when there are too few frames.
  FeatureMatrix estimate(int iterations = 20) const;

 private:
  double frames_ = 0.0;
  std::vector<Eigen::MatrixXd> squares_;  // G_i
};

/// The density of a mixture that gives x the highest weighted likelihood.
int likeliest_density(const Mixture& mixture, const float* x, int dims);

}  // namespace bivox
