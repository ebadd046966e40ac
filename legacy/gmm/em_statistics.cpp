#include "legacy/gmm/em_statistics.h"

#include <algorithm>
#include <cmath>

#include "dsp/core/check.h"

namespace bivox {

EmStatistics::EmStatistics(const MixtureModel& model)
    : model_(&model), dims_(static_cast<size_t>(model.dims())) {
  size_t largest = 0;
  first_.push_back(0);
  for (int s = 0; s < model.num_states(); ++s) {
    const Mixture& mixture = model.state(s);
    for (size_t k = 0; k < mixture.weights.size(); ++k) {
      const std::span<const float> variances(mixture.variances.data() + k * dims_, dims_);
      constants_.push_back(std::log(std::max(mixture.weights[k], 1e-20F)) +
                           static_cast<float>(log_normaliser(variances)));
      for (const float v : variances) inverse_.push_back(1.0F / v);
    }
    first_.push_back(constants_.size());
    largest = std::max(largest, mixture.weights.size());
  }
  occupancy_.assign(constants_.size(), 0.0);
  sums_.assign(constants_.size() * dims_, 0.0);
  squares_.assign(constants_.size() * dims_, 0.0);
  posteriors_.resize(largest);
}

double EmStatistics::accumulate(int state, const float* x, float weight) {
  const auto s = static_cast<size_t>(state);
  const Mixture& mixture = model_->state(state);
  const size_t first = first_[s];
  const size_t count = first_[s + 1] - first;
  float best = -1e30F;
  for (size_t k = 0; k < count; ++k) {
    const float* mean = mixture.means.data() + k * dims_;
    const float* inverse = inverse_.data() + (first + k) * dims_;
    float distance = 0.0F;
    for (size_t d = 0; d < dims_; ++d) {
      const float difference = x[d] - mean[d];
      distance += difference * difference * inverse[d];
    }
    posteriors_[k] = constants_[first + k] - 0.5F * distance;
    best = std::max(best, posteriors_[k]);
  }
  float total = 0.0F;
  for (size_t k = 0; k < count; ++k) {
    posteriors_[k] = std::exp(posteriors_[k] - best);
    total += posteriors_[k];
  }
  for (size_t k = 0; k < count; ++k) {
    const double gamma = static_cast<double>(posteriors_[k] / total * weight);
    if (gamma == 0.0) continue;
    occupancy_[first + k] += gamma;
    double* sum = sums_.data() + (first + k) * dims_;
    double* square = squares_.data() + (first + k) * dims_;
    for (size_t d = 0; d < dims_; ++d) {
      const double part = gamma * static_cast<double>(x[d]);
      sum[d] += part;
      square[d] += part * static_cast<double>(x[d]);
    }
  }
  const double log_prob = static_cast<double>(best) + std::log(static_cast<double>(total));
  frames_ += static_cast<double>(weight);
  log_likelihood_ += static_cast<double>(weight) * log_prob;
  return log_prob;
}

void EmStatistics::add(const EmStatistics& other) {
  BIVOX_CHECK(other.occupancy_.size() == occupancy_.size() && other.dims_ == dims_);
  const auto add_to = [](std::vector<double>& to, const std::vector<double>& from) {
    for (size_t i = 0; i < to.size(); ++i) to[i] += from[i];
  };
  add_to(occupancy_, other.occupancy_);
  add_to(sums_, other.sums_);
  add_to(squares_, other.squares_);
  frames_ += other.frames_;
  log_likelihood_ += other.log_likelihood_;
}

void EmStatistics::sum_over_ranks(Communicator& communicator) {
  if (communicator.ranks() == 1) return;
  double totals[2] = {frames_, log_likelihood_};
  communicator.sum(std::span<double>(totals));
  frames_ = totals[0];
  log_likelihood_ = totals[1];
  communicator.sum(std::span<double>(occupancy_));
  communicator.sum(std::span<double>(sums_));
  communicator.sum(std::span<double>(squares_));
}

std::vector<double> EmStatistics::occupancy() const {
  std::vector<double> sums(first_.size() - 1, 0.0);
  for (size_t s = 0; s + 1 < first_.size(); ++s) {
    for (size_t k = first_[s]; k < first_[s + 1]; ++k) sums[s] += occupancy_[k];
  }
  return sums;
}

int EmStatistics::update(MixtureModel& model, std::span<const float> global_variance,
                         const MixtureUpdateOptions& options) const {
  BIVOX_CHECK(model.num_states() + 1 == static_cast<int>(first_.size()));
  int removed = 0;
  for (int s = 0; s < model.num_states(); ++s) {
    const size_t first = first_[static_cast<size_t>(s)];
    const size_t count = first_[static_cast<size_t>(s) + 1] - first;
    double total = 0.0;
    for (size_t k = 0; k < count; ++k) total += occupancy_[first + k];
    if (total < options.min_state_occupancy) continue;
    const size_t heaviest = static_cast<size_t>(
        std::max_element(occupancy_.begin() + static_cast<ptrdiff_t>(first),
                         occupancy_.begin() + static_cast<ptrdiff_t>(first + count)) -
        occupancy_.begin() - static_cast<ptrdiff_t>(first));
    Mixture next;
    double kept = 0.0;
    for (size_t k = 0; k < count; ++k) {
      const double occupancy = occupancy_[first + k];
      if (occupancy < options.min_occupancy && k != heaviest) {
        ++removed;
        continue;
      }
      kept += occupancy;
      next.weights.push_back(static_cast<float>(occupancy));
      for (size_t d = 0; d < dims_; ++d) {
        const double mean = sums_[(first + k) * dims_ + d] / occupancy;
        const double variance = squares_[(first + k) * dims_ + d] / occupancy - mean * mean;
        const double floor = global_variance.empty() ? static_cast<double>(kVarianceFloor)
                                                     : static_cast<double>(options.variance_floor) *
                                                           static_cast<double>(global_variance[d]);
        next.means.push_back(static_cast<float>(mean));
        next.variances.push_back(static_cast<float>(std::max(variance, floor)));
      }
    }
    for (float& weight : next.weights) weight /= static_cast<float>(kept);
    model.state(s) = std::move(next);
  }
  return removed;
}

}  // namespace bivox
