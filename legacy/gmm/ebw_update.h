// Extended Baum-Welch: the update of mixtures that makes what was said more likely (numerator) and
// what else could have been heard less likely (denominator).
//
// For each density, with n and d the sums of the numerator and of the denominator, m and v its mean
// and variance so far, m' and v' those that maximum likelihood gives (I-smoothing towards them):
//
//   occ  = occ_n - occ_d + tau
//   mean = (sum_n - sum_d + tau m' + D m) / (occ + D)
//   var  = (square_n - square_d + tau (v' + m'^2) + D (v + m^2)) / (occ + D) - mean^2
//
// D = E occ_d, or, where that is larger, twice what keeps all variances positive: a large D is a
// small step. Weights climb  sum_k (n_k + tau_w w_k) log w - d_k w / w_k  by iteration. Without a
// denominator and without smoothing this is the update of em_statistics.h.
//
// Errors: programmer errors only. Thread rule: pure functions. Sources: Povey, "Discriminative
// training for large vocabulary speech recognition", PhD thesis 2003, equations 4.19-4.24 and
// section 4.4; Povey et al., "Boosted MMI for model and feature-space discriminative training",
// ICASSP 2008, section 2. Test: tests/legacy/ebw_update_test.cpp.
#pragma once

#include <span>

#include "legacy/gmm/em_statistics.h"

namespace bivox {

struct EbwOptions {
  double e = 2.0;                  ///< E above.
  double smoothing = 100.0;        ///< tau, in frames.
  double weight_smoothing = 10.0;  ///< tau_w, in frames.
  double min_occupancy = 2.0;      ///< Numerator and denominator together; below: as it was.
  float variance_floor = 0.01F;    ///< Share of the global variance, if there is one.
};

/// `numerator`, `denominator` and `likelihood` (the statistics of maximum likelihood) are of
/// `model`, as it is. `global_variance` [dims] or empty.
void update_extended_baum_welch(const EmStatistics& numerator, const EmStatistics& denominator,
                                const EmStatistics& likelihood,
                                std::span<const float> global_variance, const EbwOptions& options,
                                MixtureModel& model);

}  // namespace bivox
