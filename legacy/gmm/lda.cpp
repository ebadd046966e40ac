#include "legacy/gmm/lda.h"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>

#include "dsp/core/check.h"
#include "dsp/core/error.h"

namespace bivox {

LdaStatistics::LdaStatistics(int classes, int dims)
    : frames_(static_cast<size_t>(classes), 0.0),
      sums_(Eigen::MatrixXd::Zero(classes, dims)),
      squares_(Eigen::MatrixXd::Zero(dims, dims)) {}

void LdaStatistics::accumulate(const FeatureView& features, std::span<const int> classes) {
  BIVOX_CHECK(features.cols() == squares_.rows());
  BIVOX_CHECK(features.rows() == static_cast<Eigen::Index>(classes.size()));
  Eigen::MatrixXd counted(features.rows(), features.cols());
  Eigen::Index rows = 0;
  for (Eigen::Index t = 0; t < features.rows(); ++t) {
    const int c = classes[static_cast<size_t>(t)];
    if (c < 0) continue;
    counted.row(rows) = features.row(t).cast<double>();
    frames_[static_cast<size_t>(c)] += 1.0;
    sums_.row(c) += counted.row(rows);
    ++rows;
  }
  squares_.noalias() += counted.topRows(rows).transpose() * counted.topRows(rows);
}

void LdaStatistics::add(const LdaStatistics& other) {
  for (size_t c = 0; c < frames_.size(); ++c) frames_[c] += other.frames_[c];
  sums_ += other.sums_;
  squares_ += other.squares_;
}

FeatureMatrix LdaStatistics::estimate(int out_dims) const {
  const Eigen::Index dims = squares_.rows();
  BIVOX_CHECK(out_dims >= 1 && out_dims <= dims);
  double total = 0.0;
  for (const double frames : frames_) total += frames;
  if (total < static_cast<double>(2 * dims)) {
    throw Error(ErrorCode::kInput,
                fmt::format("linear discriminant analysis in {} dimensions: {} frames are too few",
                            dims, total),
                "give more speech");
  }
  const Eigen::RowVectorXd mean = sums_.colwise().sum() / total;
  const Eigen::MatrixXd whole = squares_ / total - mean.transpose() * mean;
  Eigen::MatrixXd between = -(mean.transpose() * mean);
  for (Eigen::Index c = 0; c < sums_.rows(); ++c) {
    const double frames = frames_[static_cast<size_t>(c)];
    if (frames > 0.0) between += sums_.row(c).transpose() * sums_.row(c) / (frames * total);
  }
  Eigen::MatrixXd within = whole - between;
  within.diagonal().array() += 1e-6 * within.diagonal().mean();
  // Eigenvalues ascend: the last ones separate best.
  const Eigen::GeneralizedSelfAdjointEigenSolver<Eigen::MatrixXd> solver(between, within);
  FeatureMatrix out(out_dims, dims);
  for (int i = 0; i < out_dims; ++i) {
    Eigen::VectorXd direction = solver.eigenvectors().col(dims - 1 - i);
    // The sign is arbitrary; this makes it the same everywhere.
    Eigen::Index largest = 0;
    direction.cwiseAbs().maxCoeff(&largest);
    if (direction[largest] < 0.0) direction = -direction;
    out.row(i) = direction.transpose().cast<float>();
  }
  return out;
}

}  // namespace bivox
