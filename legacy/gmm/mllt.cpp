#include "legacy/gmm/mllt.h"

#include <Eigen/LU>
#include <cmath>

#include "dsp/core/check.h"

namespace bivox {

int likeliest_density(const Mixture& mixture, const float* x, int dims) {
  int best = 0;
  float best_score = -1e30F;
  for (int k = 0; k < mixture.size() && mixture.size() > 1; ++k) {
    const float* mean = mixture.means.data() + static_cast<ptrdiff_t>(k) * dims;
    const float* variance = mixture.variances.data() + static_cast<ptrdiff_t>(k) * dims;
    float distance = 0.0F;
    float product = 1.0F;  // of variances, so that there are few logarithms
    float logs = 0.0F;
    for (int d = 0; d < dims; ++d) {
      const float difference = x[d] - mean[d];
      distance += difference * difference / variance[d];
      product *= variance[d];
      if (product < 1e-12F || product > 1e12F) {
        logs += std::log(product);
        product = 1.0F;
      }
    }
    logs += std::log(product);
    const float score =
        std::log(mixture.weights[static_cast<size_t>(k)]) - 0.5F * (distance + logs);
    if (score > best_score) {
      best_score = score;
      best = k;
    }
  }
  return best;
}

MlltStatistics::MlltStatistics(int dims)
    : squares_(static_cast<size_t>(dims), Eigen::MatrixXd::Zero(dims, dims)) {}

void MlltStatistics::accumulate(const MixtureModel& model, const FeatureView& features,
                                std::span<const int> states) {
  const int dims = model.dims();
  BIVOX_CHECK(features.cols() == dims && static_cast<size_t>(dims) == squares_.size());
  Eigen::MatrixXf residuals(features.rows(), dims);
  Eigen::MatrixXf inverse(features.rows(), dims);
  Eigen::Index rows = 0;
  for (Eigen::Index t = 0; t < features.rows(); ++t) {
    const int state = states[static_cast<size_t>(t)];
    if (state < 0) continue;
    const Mixture& mixture = model.state(state);
    const float* x = features.data() + t * features.outerStride();
    const ptrdiff_t k = likeliest_density(mixture, x, dims);
    for (int d = 0; d < dims; ++d) {
      residuals(rows, d) = x[d] - mixture.means[static_cast<size_t>(k * dims + d)];
      inverse(rows, d) = 1.0F / mixture.variances[static_cast<size_t>(k * dims + d)];
    }
    ++rows;
  }
  const auto y = residuals.topRows(rows);
  for (int i = 0; i < dims; ++i) {
    const Eigen::MatrixXf weighted = y.array().colwise() * inverse.col(i).head(rows).array();
    squares_[static_cast<size_t>(i)] += (weighted.transpose() * y).cast<double>();
  }
  frames_ += static_cast<double>(rows);
}

void MlltStatistics::add(const MlltStatistics& other) {
  frames_ += other.frames_;
  for (size_t i = 0; i < squares_.size(); ++i) squares_[i] += other.squares_[i];
}

FeatureMatrix MlltStatistics::estimate(int iterations) const {
  const auto dims = static_cast<Eigen::Index>(squares_.size());
  if (frames_ < 2.0 * static_cast<double>(dims)) return FeatureMatrix::Identity(dims, dims);
  std::vector<Eigen::MatrixXd> inverses;
  for (const Eigen::MatrixXd& square : squares_) inverses.push_back(square.inverse());
  Eigen::MatrixXd a = Eigen::MatrixXd::Identity(dims, dims);
  for (int pass = 0; pass < iterations; ++pass) {
    for (Eigen::Index i = 0; i < dims; ++i) {
      // The cofactors of row i, up to the determinant, which cancels.
      const Eigen::RowVectorXd cofactors = a.inverse().transpose().row(i);
      const Eigen::RowVectorXd direction = cofactors * inverses[static_cast<size_t>(i)];
      a.row(i) = direction * std::sqrt(frames_ / direction.dot(cofactors));
    }
  }
  return a.cast<float>();
}

}  // namespace bivox
