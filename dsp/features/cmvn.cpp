#include "dsp/features/cmvn.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dsp/core/error.h"

namespace bivox {

namespace {

// Sphinx's live window (cmn.h): the mean is renewed after kRenewAfter rows, which then weigh kKeep.
constexpr int kRenewAfter = 800;
constexpr int kKeep = 500;
// A constant column has no deviation; leave it at zero instead of dividing by it.
constexpr double kSmallestVariance = 1e-10;

double inverse_deviation(double variance) {
  return 1.0 / std::sqrt(std::max(variance, kSmallestVariance));
}

}  // namespace

void CmvnOptions::validate() const {
  if (kind == CmvnKind::kSliding && window < 1) {
    throw Error(ErrorCode::kUsage, fmt::format("cmvn.window {}: expected at least 1 row", window));
  }
  if (kind == CmvnKind::kSliding && prior_rows < 0) {
    throw Error(ErrorCode::kUsage,
                fmt::format("cmvn.prior_rows {}: expected 0 or more", prior_rows));
  }
  if (kind == CmvnKind::kRunning && variance) {
    throw Error(ErrorCode::kUsage, "cmvn.variance: the running normalisation knows means only",
                "use the sliding one");
  }
}

CmvnStage::CmvnStage(const CmvnOptions& options, int dims)
    : options_(options),
      dims_(dims),
      history_(dims),
      sum_(static_cast<size_t>(dims)),
      sum_squares_(static_cast<size_t>(dims)),
      mean_(static_cast<size_t>(dims)) {
  options_.validate();
  if (!options_.prior_mean.empty()) options_.prior_mean.resize(static_cast<size_t>(dims), 0.0F);
  forget();
}

void CmvnStage::forget() {
  history_.clear();
  count_ = 0;
  std::fill(sum_.begin(), sum_.end(), 0.0);
  std::fill(sum_squares_.begin(), sum_squares_.end(), 0.0);
  std::fill(mean_.begin(), mean_.end(), 0.0);
  std::copy(options_.prior_mean.begin(), options_.prior_mean.end(), mean_.begin());
}

void CmvnStage::reset() {
  if (options_.kind == CmvnKind::kRunning) {
    update_running_mean();
  } else {
    forget();
  }
}

void CmvnStage::accept(RowQueue& in, RowQueue& out) {
  for (int i = 0; i < in.size(); ++i) {
    switch (options_.kind) {
      case CmvnKind::kNone:
        out.push(in.row(i));
        break;
      case CmvnKind::kUtterance:
        history_.push(in.row(i));
        break;
      case CmvnKind::kSliding:
        slide(in.row(i), out);
        break;
      case CmvnKind::kRunning:
        run(in.row(i), out);
        break;
    }
  }
  in.drop(in.size());
}

void CmvnStage::finish(RowQueue& out) {
  if (options_.kind == CmvnKind::kUtterance) normalise_utterance(out);
}

void CmvnStage::normalise_utterance(RowQueue& out) {
  const int rows = history_.size();
  std::fill(mean_.begin(), mean_.end(), 0.0);
  int counted = 0;
  for (int t = 0; t < rows; ++t) {
    const float* row = history_.row(t);
    if (!counts(row)) continue;
    ++counted;
    for (int i = 0; i < dims_; ++i) mean_[static_cast<size_t>(i)] += row[i];
  }
  // Nothing but silence: there is no mean to take away.
  for (double& m : mean_) m = counted > 0 ? m / counted : 0.0;

  std::vector<double> scale(static_cast<size_t>(dims_), 1.0);
  if (options_.variance && rows > 0) {
    std::fill(scale.begin(), scale.end(), 0.0);
    for (int t = 0; t < rows; ++t) {
      const float* row = history_.row(t);
      for (int i = 0; i < dims_; ++i) {
        const double x = row[i] - mean_[static_cast<size_t>(i)];
        scale[static_cast<size_t>(i)] += x * x;
      }
    }
    for (double& s : scale) s = inverse_deviation(s / rows);
  }
  for (int t = 0; t < rows; ++t) {
    const float* row = history_.row(t);
    float* target = out.push();
    for (int i = 0; i < dims_; ++i) {
      const auto n = static_cast<size_t>(i);
      target[i] = static_cast<float>((row[i] - mean_[n]) * scale[n]);
    }
  }
  history_.clear();
}

void CmvnStage::slide(const float* row, RowQueue& out) {
  history_.push(row);
  const auto add = [&](const float* x, double sign) {
    if (!counts(x)) return;
    count_ += sign > 0.0 ? 1 : -1;
    for (int i = 0; i < dims_; ++i) {
      const auto n = static_cast<size_t>(i);
      sum_[n] += sign * x[i];
      sum_squares_[n] += sign * x[i] * x[i];
    }
  };
  add(row, 1.0);
  if (history_.size() > options_.window) {
    add(history_.row(0), -1.0);
    history_.drop(1);
  }
  const bool has_prior = !options_.prior_mean.empty();
  const int borrowed =
      has_prior ? std::min(options_.prior_rows, options_.window - std::min(count_, options_.window))
                : 0;
  const double weight = count_ + borrowed;
  const float* current = history_.row(history_.size() - 1);
  float* target = out.push();
  for (int i = 0; i < dims_; ++i) {
    const auto n = static_cast<size_t>(i);
    const double prior = has_prior ? options_.prior_mean[n] : 0.0;
    const double mean = weight > 0.0 ? (sum_[n] + borrowed * prior) / weight : 0.0;
    double scale = 1.0;
    if (options_.variance && count_ > 1) {
      const double own_mean = sum_[n] / count_;
      scale = inverse_deviation(sum_squares_[n] / count_ - own_mean * own_mean);
    }
    target[i] = static_cast<float>((current[i] - mean) * scale);
  }
}

void CmvnStage::run(const float* row, RowQueue& out) {
  float* target = out.push();
  const bool counted = counts(row);
  for (int i = 0; i < dims_; ++i) {
    const auto n = static_cast<size_t>(i);
    if (counted) sum_[n] += row[i];
    target[i] = static_cast<float>(row[i] - mean_[n]);
  }
  if (counted && ++count_ > kRenewAfter) update_running_mean();
}

void CmvnStage::update_running_mean() {
  if (count_ == 0) return;
  for (size_t i = 0; i < sum_.size(); ++i) mean_[i] = sum_[i] / count_;
  if (count_ > kRenewAfter) {
    for (double& s : sum_) s *= static_cast<double>(kKeep) / count_;
    count_ = kKeep;
  }
}

}  // namespace bivox
