// Mixtures of diagonal Gaussians, one for each tied state, in the form that training changes:
// every state has as many densities as its share of the data earns.
//
//   p(x | s) = sum_k w[s][k] N(x; mu[s][k], diag v[s][k])
//
// Training starts from one Gaussian a state and splits: after each pass the densities are dealt out
// so that state s gets a share that grows with occupancy(s)^power, and the heaviest densities of a
// state are split in two, their means moved apart by `perturbation` standard deviations.
//
// to_parameters() makes the form that scoring packs (gmm_set.h), one codebook a state.
// Thread rule: a value. Sources: Young et al., The HTK Book, section 8.6 (splitting); Povey et al.,
// "The Kaldi speech recognition toolkit", ASRU 2011 (power 0.2). Test:
// tests/legacy/mixture_model_test.cpp.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "legacy/gmm/gmm_set.h"

namespace bivox {

/// One state's densities.
struct Mixture {
  std::vector<float> weights;    ///< [densities], sum 1.
  std::vector<float> means;      ///< [densities x dims]
  std::vector<float> variances;  ///< [densities x dims]

  int size() const { return static_cast<int>(weights.size()); }
};

class MixtureModel {
 public:
  MixtureModel() = default;
  /// Every state one Gaussian: the same mean and variance.
  MixtureModel(int states, std::span<const float> mean, std::span<const float> variance);

  int dims() const { return dims_; }
  int num_states() const { return static_cast<int>(states_.size()); }
  int num_gaussians() const;
  Mixture& state(int s) { return states_[static_cast<size_t>(s)]; }
  const Mixture& state(int s) const { return states_[static_cast<size_t>(s)]; }

  /// Splits until there are about `target` Gaussians; `occupancy` [states] in frames. A state keeps
  /// at least `min_frames` frames a density. Seeded: the same call gives the same model.
  void split(int target, std::span<const double> occupancy, double power, double min_frames,
             uint64_t seed, float perturbation = 0.2F);

  /// x -> A x on every mean, A `[dims x dims]` row-major; for a change of the feature space that
  /// keeps variances to be estimated anew (MLLT).
  void transform_means(std::span<const float> matrix);

  /// `transform`: the matrix that GmmSet applies to features first; empty for none.
  GmmParameters to_parameters(const FeatureMatrix& transform = {}) const;

 private:
  int dims_ = 0;
  std::vector<Mixture> states_;
};

}  // namespace bivox
