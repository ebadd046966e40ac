// Expectation and maximisation for mixtures whose states are known for every frame (by forced
// alignment): exact sufficient statistics, and the update that they give.
//
//   gamma_k = w_k N(x; mu_k, v_k) / sum_j w_j N(x; mu_j, v_j)
//   occ_k += gamma_k,  sum_k += gamma_k x,  square_k += gamma_k x^2
//   w_k = occ_k / sum_j occ_j,  mu_k = sum_k / occ_k,  v_k = square_k / occ_k - mu_k^2
//
// Sums are doubles. Statistics of parts of the data add up; training adds them in a fixed order, so
// that its result does not depend on the number of threads or processes.
// Thread rule: one object per thread. Source: Dempster, Laird & Rubin 1977; Rabiner 1989, eq.
// 52-54. Test: tests/legacy/em_statistics_test.cpp.
#pragma once

#include <span>
#include <vector>

#include "legacy/gmm/mixture_model.h"
#include "models/nn/distributed.h"

namespace bivox {

struct MixtureUpdateOptions {
  float variance_floor = 0.01F;  ///< Share of the global variance, if update() is given one.
  double min_occupancy = 5.0;    ///< A density with fewer frames is removed (not a state's last).
  double min_state_occupancy = 3.0;  ///< A state with fewer frames stays as it is.
};

class EmStatistics {
 public:
  /// Empty statistics for `model`; the model must outlive them and not change meanwhile.
  explicit EmStatistics(const MixtureModel& model);

  /// A frame of a state, `x` [dims]. Returns log p(x | s).
  double accumulate(int state, const float* x, float weight = 1.0F);
  /// Adds statistics of the same model.
  void add(const EmStatistics& other);
  /// Replaces the statistics by their sum over the ranks. Exact when one rank has all frames and
  /// the others none.
  void sum_over_ranks(Communicator& communicator);

  double frames() const { return frames_; }
  double log_likelihood() const { return log_likelihood_; }
  /// Frames of each state.
  std::vector<double> occupancy() const;

  /// What was summed, by density: those of state 0, then those of state 1, ...
  size_t first_density(int state) const { return first_[static_cast<size_t>(state)]; }
  std::span<const double> density_occupancy() const { return occupancy_; }
  std::span<const double> sums() const { return sums_; }        ///< [densities x dims]
  std::span<const double> squares() const { return squares_; }  ///< [densities x dims]

  /// Maximises: new weights, means and variances of `model`. `global_variance` [dims] floors the
  /// variances. Returns how many densities were removed.
  int update(MixtureModel& model, std::span<const float> global_variance,
             const MixtureUpdateOptions& options = {}) const;

 private:
  const MixtureModel* model_;
  size_t dims_;
  std::vector<size_t> first_;      // [states + 1] density
  std::vector<double> occupancy_;  // [densities]
  std::vector<double> sums_;       // [densities x dims]
  std::vector<double> squares_;    // [densities x dims]
  std::vector<float> constants_;   // [densities] log w + log normaliser
  std::vector<float> inverse_;     // [densities x dims] 1 / v
  std::vector<float> posteriors_;  // scratch
  double frames_ = 0.0;
  double log_likelihood_ = 0.0;
};

}  // namespace bivox
