// SpecAugment: hides stripes of a spectrogram, so that a network learns not to lean on any of them.
//
//   time warp       the frame at a random place moves by up to +-W frames; both sides are stretched
//                   linearly to fit
//   frequency mask  F stripes of 0 to f columns take the fill value
//   time mask       T stripes of 0 to min(t, p frames) rows take the fill value
//
// The fill is the mean of the features, or 0 for features that are normalised to mean 0. Shapes
// `[frames x dims]`, one channel a column. Seeded: the same seed gives the same stripes.
// Thread rule: pure functions. Errors: Error(kUsage) naming the option.
// Source: Park et al. 2019, "SpecAugment: a simple data augmentation method for automatic speech
// recognition", section 2 (the time warp in its linear form, as in ESPnet). Test:
// tests/dsp/augment_spectrum_test.cpp.
#pragma once

#include <cstdint>

#include "dsp/features/feature_matrix.h"

namespace bivox {

struct SpecAugmentOptions {
  int time_warp = 0;            ///< W, frames; 0: none.
  int frequency_masks = 2;      ///< How many stripes.
  int frequency_width = 15;     ///< f, columns.
  int time_masks = 2;           ///< How many stripes.
  int time_width = 50;          ///< t, frames.
  double time_fraction = 0.2;   ///< p: of the utterance, at most, each.
  bool fill_with_mean = false;  ///< false: 0.

  void validate() const;
};

/// Changes `features` in place; the number of frames stays.
void spec_augment(Eigen::Ref<FeatureMatrix> features, const SpecAugmentOptions& options,
                  uint64_t seed);

}  // namespace bivox
