// Linear discriminant analysis: the projection that keeps classes apart.
//
//   W = within-class covariance, B = covariance of the class means; the rows of the result are the
//   leading solutions of B a = lambda W a, scaled so that A W A^T = I
//
// Shapes: features [frames x dims], result [out_dims x dims]. Sums are doubles.
// Thread rule: one object per thread; statistics of parts add up. Source: Haeb-Umbach & Ney,
// "Linear discriminant analysis for improved large vocabulary continuous speech recognition",
// ICASSP 1992. Test: tests/legacy/feature_transforms_test.cpp.
#pragma once

#include <span>
#include <vector>

#include "dsp/features/feature_matrix.h"

namespace bivox {

class LdaStatistics {
 public:
  LdaStatistics(int classes, int dims);

  /// classes[t] is the class of row t; negative: not counted.
  void accumulate(const FeatureView& features, std::span<const int> classes);
  void add(const LdaStatistics& other);
  /// Throws Error(kInput) when there are fewer frames than dimensions.
  FeatureMatrix estimate(int out_dims) const;

 private:
  std::vector<double> frames_;  // [classes]
  Eigen::MatrixXd sums_;        // [classes x dims]
  Eigen::MatrixXd squares_;     // [dims x dims]
};

}  // namespace bivox
