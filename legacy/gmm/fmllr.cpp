#include "legacy/gmm/fmllr.h"

#include <Eigen/LU>
#include <cmath>

#include "dsp/core/check.h"

namespace bivox {

FmllrStatistics::FmllrStatistics(int dims)
    : linear_(Eigen::MatrixXd::Zero(dims, dims + 1)),
      squares_(static_cast<size_t>(dims), Eigen::MatrixXd::Zero(dims + 1, dims + 1)) {}

void FmllrStatistics::accumulate(const MixtureModel& model, const FeatureView& adapted,
                                 const FeatureView& plain, std::span<const int> states) {
  const int dims = model.dims();
  BIVOX_CHECK(plain.cols() == dims && static_cast<size_t>(dims) == squares_.size());
  BIVOX_CHECK(adapted.cols() == dims && adapted.rows() == plain.rows());
  Eigen::MatrixXf extended(plain.rows(), dims + 1);
  // Per frame: sum_k gamma_k / v_k and sum_k gamma_k mu_k / v_k.
  Eigen::MatrixXf inverse = Eigen::MatrixXf::Zero(plain.rows(), dims);
  Eigen::MatrixXf scaled_mean = Eigen::MatrixXf::Zero(plain.rows(), dims);
  std::vector<float> scores;
  Eigen::Index rows = 0;
  for (Eigen::Index t = 0; t < plain.rows(); ++t) {
    const int state = states[static_cast<size_t>(t)];
    if (state < 0) continue;
    const Mixture& mixture = model.state(state);
    const float* x = adapted.data() + t * adapted.outerStride();
    const auto count = static_cast<size_t>(mixture.size());
    scores.assign(count, 0.0F);
    float best = -1e30F;
    for (size_t k = 0; k < count && count > 1; ++k) {
      const size_t at = k * static_cast<size_t>(dims);
      scores[k] = std::log(mixture.weights[k]) +
                  static_cast<float>(
                      log_density({x, static_cast<size_t>(dims)},
                                  {mixture.means.data() + at, static_cast<size_t>(dims)},
                                  {mixture.variances.data() + at, static_cast<size_t>(dims)}));
      best = std::max(best, scores[k]);
    }
    float total = 0.0F;
    for (float& score : scores) {
      score = count > 1 ? std::exp(score - best) : 1.0F;
      total += score;
    }
    for (size_t k = 0; k < count; ++k) {
      const float gamma = scores[k] / total;
      if (gamma < 1e-3F) continue;
      for (int d = 0; d < dims; ++d) {
        const size_t at = k * static_cast<size_t>(dims) + static_cast<size_t>(d);
        const float weight = gamma / mixture.variances[at];
        inverse(rows, d) += weight;
        scaled_mean(rows, d) += weight * mixture.means[at];
      }
    }
    for (int d = 0; d < dims; ++d) extended(rows, d) = plain(t, d);
    extended(rows, dims) = 1.0F;
    ++rows;
  }
  const auto xi = extended.topRows(rows);
  linear_ += (scaled_mean.topRows(rows).transpose() * xi).cast<double>();
  for (int i = 0; i < dims; ++i) {
    const Eigen::MatrixXf weighted = xi.array().colwise() * inverse.col(i).head(rows).array();
    squares_[static_cast<size_t>(i)] += (weighted.transpose() * xi).cast<double>();
  }
  frames_ += static_cast<double>(rows);
}

FeatureMatrix FmllrStatistics::estimate(const FmllrOptions& options) const {
  const Eigen::Index dims = linear_.rows();
  Eigen::MatrixXd w = Eigen::MatrixXd::Zero(dims, dims + 1);
  w.leftCols(dims).setIdentity();
  if (frames_ < options.min_frames) return w.cast<float>();
  std::vector<Eigen::MatrixXd> inverses;
  for (const Eigen::MatrixXd& square : squares_) inverses.push_back(square.inverse());
  Eigen::RowVectorXd p = Eigen::RowVectorXd::Zero(dims + 1);
  for (int pass = 0; pass < options.iterations; ++pass) {
    for (Eigen::Index i = 0; i < dims; ++i) {
      p.head(dims) = w.leftCols(dims).inverse().transpose().row(i);
      const Eigen::RowVectorXd p_inverse = p * inverses[static_cast<size_t>(i)];
      const double a = p_inverse.dot(p);
      const double b = p_inverse.dot(linear_.row(i));
      const double root = std::sqrt(b * b + 4.0 * a * frames_);
      const auto gain = [&](double alpha) {
        return frames_ * std::log(std::abs(alpha * a + b)) - 0.5 * alpha * alpha * a;
      };
      const double high = (-b + root) / (2.0 * a);
      const double low = (-b - root) / (2.0 * a);
      const double alpha = gain(high) >= gain(low) ? high : low;
      w.row(i) = (alpha * p + linear_.row(i)) * inverses[static_cast<size_t>(i)];
    }
  }
  return w.cast<float>();
}

FeatureMatrix apply_affine(const FeatureMatrix& transform, const FeatureView& features) {
  const Eigen::Index dims = features.cols();
  BIVOX_CHECK(transform.cols() == dims + 1);
  FeatureMatrix out = features * transform.leftCols(dims).transpose();
  out.rowwise() += transform.col(dims).transpose();
  return out;
}

}  // namespace bivox
