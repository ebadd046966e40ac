#include "legacy/gmm/ebw_update.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "dsp/core/check.h"
#include "legacy/gmm/gaussian.h"

namespace bivox {
namespace {

// Sums of one density after subtraction and smoothing.
struct Sums {
  double occupancy = 0.0;
  std::vector<double> first;   // [dims]
  std::vector<double> second;  // [dims]
};

// The density after the step that `d` allows; false if a variance is not positive.
bool step(const Sums& sums, double d, std::span<const float> mean, std::span<const float> variance,
          std::vector<double>& new_mean, std::vector<double>& new_variance) {
  const double total = sums.occupancy + d;
  if (!(total > 0.0)) return false;
  for (size_t i = 0; i < mean.size(); ++i) {
    const auto m = static_cast<double>(mean[i]);
    const auto v = static_cast<double>(variance[i]);
    new_mean[i] = (sums.first[i] + d * m) / total;
    new_variance[i] = (sums.second[i] + d * (v + m * m)) / total - new_mean[i] * new_mean[i];
    if (!(new_variance[i] > 0.0)) return false;
  }
  return true;
}

// Povey 2003, section 4.4.2: each turn maximises a bound.
void update_weights(std::span<const double> numerator, std::span<const double> denominator,
                    double smoothing, std::vector<float>& weights) {
  const size_t count = weights.size();
  std::vector<double> old(weights.begin(), weights.end());
  double largest = 0.0;
  for (size_t k = 0; k < count; ++k) {
    old[k] = std::max(old[k], static_cast<double>(kWeightFloor));
    largest = std::max(largest, denominator[k] / old[k]);
  }
  std::vector<double> now = old;
  for (int turn = 0; turn < 50; ++turn) {
    double total = 0.0;
    for (size_t k = 0; k < count; ++k) {
      now[k] = numerator[k] + smoothing * old[k] + now[k] * (largest - denominator[k] / old[k]);
      total += now[k];
    }
    if (!(total > 0.0)) return;
    for (double& weight : now) weight /= total;
  }
  for (size_t k = 0; k < count; ++k) weights[k] = static_cast<float>(now[k]);
}

}  // namespace

void update_extended_baum_welch(const EmStatistics& numerator, const EmStatistics& denominator,
                                const EmStatistics& likelihood,
                                std::span<const float> global_variance, const EbwOptions& options,
                                MixtureModel& model) {
  const auto dims = static_cast<size_t>(model.dims());
  BIVOX_CHECK(numerator.sums().size() == denominator.sums().size() &&
              numerator.sums().size() == likelihood.sums().size() &&
              numerator.sums().size() == static_cast<size_t>(model.num_gaussians()) * dims);
  Sums sums{0.0, std::vector<double>(dims), std::vector<double>(dims)};
  std::vector<double> mean(dims);
  std::vector<double> variance(dims);
  for (int s = 0; s < model.num_states(); ++s) {
    Mixture& mixture = model.state(s);
    const size_t first = numerator.first_density(s);
    const auto count = static_cast<size_t>(mixture.size());
    double seen = 0.0;
    for (size_t k = 0; k < count; ++k) {
      const size_t at = first + k;
      const double num = numerator.density_occupancy()[at];
      const double den = denominator.density_occupancy()[at];
      seen += num + den;
      if (num + den < options.min_occupancy) continue;
      const std::span<float> m(mixture.means.data() + k * dims, dims);
      const std::span<float> v(mixture.variances.data() + k * dims, dims);
      // What hardly any frame belongs to is smoothed towards itself.
      const double ml = likelihood.density_occupancy()[at];
      const bool has_ml = ml >= options.min_occupancy;
      const double tau = options.smoothing;
      sums.occupancy = num - den + tau;
      for (size_t i = 0; i < dims; ++i) {
        const size_t j = at * dims + i;
        const auto old_mean = static_cast<double>(m[i]);
        const double ml_mean = has_ml ? likelihood.sums()[j] / ml : old_mean;
        const double ml_square =
            has_ml ? likelihood.squares()[j] / ml : static_cast<double>(v[i]) + old_mean * old_mean;
        sums.first[i] = numerator.sums()[j] - denominator.sums()[j] + tau * ml_mean;
        sums.second[i] = numerator.squares()[j] - denominator.squares()[j] + tau * ml_square;
      }
      double half = options.e * den / 2.0;
      bool is_good = false;
      for (int turn = 0; turn < 400 && !is_good; ++turn) {
        is_good = step(sums, half, m, v, mean, variance);
        if (!is_good) half = std::max(half * 1.1, 1.0);
      }
      if (!is_good || !step(sums, 2.0 * half, m, v, mean, variance)) continue;
      for (size_t i = 0; i < dims; ++i) {
        const double floor = global_variance.empty() ? static_cast<double>(kVarianceFloor)
                                                     : static_cast<double>(options.variance_floor) *
                                                           static_cast<double>(global_variance[i]);
        m[i] = static_cast<float>(mean[i]);
        v[i] = static_cast<float>(std::max(variance[i], floor));
      }
    }
    if (seen >= options.min_occupancy) {
      update_weights(numerator.density_occupancy().subspan(first, count),
                     denominator.density_occupancy().subspan(first, count),
                     options.weight_smoothing, mixture.weights);
    }
  }
}

}  // namespace bivox
