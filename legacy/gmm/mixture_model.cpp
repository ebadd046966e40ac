#include "legacy/gmm/mixture_model.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <queue>

#include "dsp/core/check.h"
#include "dsp/core/random.h"

namespace bivox {

MixtureModel::MixtureModel(int states, std::span<const float> mean, std::span<const float> variance)
    : dims_(static_cast<int>(mean.size())) {
  BIVOX_CHECK(states > 0 && !mean.empty() && mean.size() == variance.size());
  Mixture one;
  one.weights = {1.0F};
  one.means.assign(mean.begin(), mean.end());
  one.variances.assign(variance.begin(), variance.end());
  states_.assign(static_cast<size_t>(states), one);
}

int MixtureModel::num_gaussians() const {
  return std::accumulate(states_.begin(), states_.end(), 0,
                         [](int sum, const Mixture& m) { return sum + m.size(); });
}

void MixtureModel::split(int target, std::span<const double> occupancy, double power,
                         double min_frames, uint64_t seed, float perturbation) {
  BIVOX_CHECK(occupancy.size() == states_.size());
  // Deal out one density at a time to the state with the largest occupancy^power per density.
  struct Claim {
    double share;
    int state;
    bool operator<(const Claim& other) const {
      return share < other.share || (share == other.share && state > other.state);
    }
  };
  std::vector<int> wanted(states_.size());
  std::priority_queue<Claim> claims;
  int total = 0;
  for (size_t s = 0; s < states_.size(); ++s) {
    wanted[s] = 1;
    ++total;
    claims.push({std::pow(std::max(occupancy[s], 1e-3), power), static_cast<int>(s)});
  }
  while (total < target && !claims.empty()) {
    const Claim claim = claims.top();
    claims.pop();
    const auto s = static_cast<size_t>(claim.state);
    if (occupancy[s] < min_frames * (wanted[s] + 1)) continue;  // has all it may have
    ++wanted[s];
    ++total;
    claims.push({std::pow(occupancy[s], power) / wanted[s], claim.state});
  }
  const auto dims = static_cast<size_t>(dims_);
  for (size_t s = 0; s < states_.size(); ++s) {
    Mixture& mixture = states_[s];
    Random random(mix_seeds(seed, s));
    while (mixture.size() < wanted[s]) {
      const auto heaviest =
          static_cast<size_t>(std::max_element(mixture.weights.begin(), mixture.weights.end()) -
                              mixture.weights.begin());
      mixture.weights[heaviest] /= 2.0F;
      mixture.weights.push_back(mixture.weights[heaviest]);
      for (size_t d = 0; d < dims; ++d) {
        const size_t at = heaviest * dims + d;
        const float mean = mixture.means[at];
        const float variance = mixture.variances[at];
        const float step =
            perturbation * static_cast<float>(random.gaussian()) * std::sqrt(variance);
        mixture.means[at] = mean + step;
        mixture.means.push_back(mean - step);
        mixture.variances.push_back(variance);
      }
    }
  }
}

void MixtureModel::transform_means(std::span<const float> matrix) {
  const auto dims = static_cast<size_t>(dims_);
  BIVOX_CHECK(matrix.size() == dims * dims);
  std::vector<float> moved(dims);
  for (Mixture& mixture : states_) {
    for (size_t k = 0; k < mixture.weights.size(); ++k) {
      float* mean = mixture.means.data() + k * dims;
      for (size_t i = 0; i < dims; ++i) {
        moved[i] = std::inner_product(mean, mean + dims, matrix.data() + i * dims, 0.0F);
      }
      std::copy(moved.begin(), moved.end(), mean);
    }
  }
}

GmmParameters MixtureModel::to_parameters(const FeatureMatrix& transform) const {
  const size_t states = states_.size();
  const auto dims = static_cast<size_t>(dims_);
  size_t densities = 1;
  for (const Mixture& mixture : states_) densities = std::max(densities, mixture.weights.size());
  GmmParameters out;
  out.num_codebooks = static_cast<int>(states);
  out.num_densities = static_cast<int>(densities);
  out.streams.resize(1);
  out.streams[0].resize(dims);
  std::iota(out.streams[0].begin(), out.streams[0].end(), 0);
  out.means.assign(states * densities * dims, 0.0F);
  out.variances.assign(states * densities * dims, 1.0F);
  out.weights.assign(densities * states, 0.0F);
  out.densities_of_codebook.resize(states);
  out.codebook_of_state.resize(states);
  std::iota(out.codebook_of_state.begin(), out.codebook_of_state.end(), 0);
  for (size_t s = 0; s < states; ++s) {
    const Mixture& mixture = states_[s];
    out.densities_of_codebook[s] = mixture.size();
    std::ranges::copy(mixture.means,
                      out.means.begin() + static_cast<ptrdiff_t>(s * densities * dims));
    std::ranges::copy(mixture.variances,
                      out.variances.begin() + static_cast<ptrdiff_t>(s * densities * dims));
    for (size_t k = 0; k < mixture.weights.size(); ++k) {
      out.weights[k * states + s] = mixture.weights[k];
    }
  }
  out.transform = transform;
  return out;
}

}  // namespace bivox
