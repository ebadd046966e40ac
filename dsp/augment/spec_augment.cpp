#include "dsp/augment/spec_augment.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dsp/core/error.h"
#include "dsp/core/random.h"

namespace bivox {
namespace {

// Row `pivot` moves to `pivot + shift`; rows between are interpolated.
void warp_time(Eigen::Ref<FeatureMatrix> features, Eigen::Index pivot, Eigen::Index shift) {
  const FeatureMatrix source = features;
  const Eigen::Index last = source.rows() - 1;
  const Eigen::Index target = pivot + shift;
  for (Eigen::Index t = 0; t <= last; ++t) {
    const double at =
        t <= target
            ? static_cast<double>(t) * static_cast<double>(pivot) / static_cast<double>(target)
            : static_cast<double>(pivot) + static_cast<double>(t - target) *
                                               static_cast<double>(last - pivot) /
                                               static_cast<double>(last - target);
    const auto before = std::min(static_cast<Eigen::Index>(at), last);
    const Eigen::Index after = std::min(before + 1, last);
    const auto weight = static_cast<float>(at - static_cast<double>(before));
    features.row(t) = (1.0F - weight) * source.row(before) + weight * source.row(after);
  }
}

}  // namespace

void SpecAugmentOptions::validate() const {
  const auto check = [](bool good, std::string_view name, double value, std::string_view expected) {
    if (good) return;
    throw Error(ErrorCode::kUsage,
                fmt::format("SpecAugment: {} is {}, expected {}", name, value, expected));
  };
  check(time_warp >= 0, "time_warp", time_warp, "0 or more");
  check(frequency_masks >= 0 && frequency_masks <= 100, "frequency_masks", frequency_masks,
        "0 to 100");
  check(frequency_width >= 0, "frequency_width", frequency_width, "0 or more");
  check(time_masks >= 0 && time_masks <= 100, "time_masks", time_masks, "0 to 100");
  check(time_width >= 0, "time_width", time_width, "0 or more");
  check(time_fraction >= 0.0 && time_fraction <= 1.0, "time_fraction", time_fraction, "0 to 1");
}

void spec_augment(Eigen::Ref<FeatureMatrix> features, const SpecAugmentOptions& options,
                  uint64_t seed) {
  options.validate();
  const Eigen::Index frames = features.rows();
  const Eigen::Index dims = features.cols();
  if (frames == 0 || dims == 0) return;
  Random random(seed);
  // In [0, most].
  const auto draw = [&random](Eigen::Index most) {
    return static_cast<Eigen::Index>(random.below(static_cast<uint64_t>(most) + 1));
  };
  const float fill = options.fill_with_mean ? features.mean() : 0.0F;
  const Eigen::Index warp = options.time_warp;
  if (warp > 0 && frames > 2 * warp + 2) {
    const Eigen::Index pivot = warp + 1 + draw(frames - 2 * warp - 3);
    warp_time(features, pivot, draw(2 * warp) - warp);
  }
  for (int i = 0; i < options.frequency_masks; ++i) {
    const Eigen::Index width = draw(std::min<Eigen::Index>(options.frequency_width, dims));
    features.middleCols(draw(dims - width), width).setConstant(fill);
  }
  const auto longest = static_cast<Eigen::Index>(
      std::min<double>(options.time_width, options.time_fraction * static_cast<double>(frames)));
  for (int i = 0; i < options.time_masks; ++i) {
    const Eigen::Index width = draw(longest);
    features.middleRows(draw(frames - width), width).setConstant(fill);
  }
}

}  // namespace bivox
