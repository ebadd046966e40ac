// Feature-space maximum-likelihood linear regression: an affine transform of one speaker's features
// towards the model.
//
//   y = A x + b, W = [A b], xi = [x; 1]; maximise
//   beta log |det A| + sum_i ( w_i k_i^T - 1/2 w_i G_i w_i^T )
//   k_i = sum_t gamma mu_i / v_i xi^T,  G_i = sum_t gamma / v_i xi xi^T,  beta = sum_t gamma
//
// Rows are updated in turn: w_i = (alpha p_i + k_i) G_i^-1 with p_i = [cofactors of row i, 0] and
// alpha the root of a quadratic that gives the larger likelihood.
// Speaker-adaptive training estimates W on the known text.
// Thread rule: one object per speaker. Source: Gales, "Maximum likelihood linear transformations
// for HMM-based speech recognition", Computer Speech and Language 12, 1998, section 5 and appendix.
// Test: tests/legacy/feature_transforms_test.cpp.
#pragma once

#include <span>
#include <vector>

#include "dsp/features/feature_matrix.h"
#include "legacy/gmm/mixture_model.h"

namespace bivox {

struct FmllrOptions {
  double min_frames = 300.0;  ///< With fewer the identity is kept.
  int iterations = 20;
};

class FmllrStatistics {
 public:
  explicit FmllrStatistics(int dims);

  /// Frames with their states [frames]; negative: not counted. `plain` [frames x dims] are the rows
  /// to be transformed, `adapted` the same under the transform so far (or the same rows): the
  /// model's posteriors of the densities are those of the latter.
  void accumulate(const MixtureModel& model, const FeatureView& adapted, const FeatureView& plain,
                  std::span<const int> states);
  double frames() const { return frames_; }
  /// W [dims x dims + 1], the last column b.
  FeatureMatrix estimate(const FmllrOptions& options = {}) const;

 private:
  double frames_ = 0.0;
  Eigen::MatrixXd linear_;                // row i: k_i
  std::vector<Eigen::MatrixXd> squares_;  // G_i
};

/// y = A x + b on every row.
FeatureMatrix apply_affine(const FeatureMatrix& transform, const FeatureView& features);

}  // namespace bivox
