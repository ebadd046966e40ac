#include "dsp/features/mel_filterbank.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "dsp/core/error.h"

namespace bivox {

namespace {

constexpr double kSlaneyBreakHz = 1000.0;
constexpr double kSlaneyHzPerMel = 200.0 / 3.0;
constexpr double kSlaneyBreakMel = kSlaneyBreakHz / kSlaneyHzPerMel;
constexpr double kSlaneyLogStep = 0.06875177742094912;  // ln(6.4) / 27

// Sphinx computes edges in single precision and rounds them to DFT bins; an edge that falls near
// the middle between two bins must round to the same side, so the same precision is used here.
std::array<double, 3> sphinx_edges_hz(const MelFilterbankOptions& o, int filter) {
  const auto mel = [](float hz) {
    return static_cast<float>(2595.0 * std::log10(1.0 + hz / 700.0));
  };
  const float low = mel(static_cast<float>(o.low_hz));
  const float high = mel(static_cast<float>(o.high_hz));
  const float step = (high - low) / static_cast<float>(o.num_mel + 1);
  const float bin_hz = static_cast<float>(o.sample_rate_hz) / static_cast<float>(o.fft_size);
  std::array<double, 3> edges{};
  for (size_t j = 0; j < 3; ++j) {
    const float at = static_cast<float>(filter + static_cast<int>(j)) * step + low;
    const float hz = static_cast<float>(700.0 * (std::pow(10.0, at / 2595.0) - 1.0));
    edges[j] = static_cast<float>(std::floor(hz / bin_hz + 0.5)) * bin_hz;
  }
  return edges;
}

}  // namespace

double hz_to_mel(MelScale scale, double hz) {
  switch (scale) {
    case MelScale::kHtk:
      return 1127.0 * std::log(1.0 + hz / 700.0);
    case MelScale::kSlaney:
      return hz < kSlaneyBreakHz ? hz / kSlaneyHzPerMel
                                 : kSlaneyBreakMel + std::log(hz / kSlaneyBreakHz) / kSlaneyLogStep;
    case MelScale::kHtkHz:
    case MelScale::kSphinx:
      return 2595.0 * std::log10(1.0 + hz / 700.0);
  }
  return 0.0;
}

double mel_to_hz(MelScale scale, double mel) {
  switch (scale) {
    case MelScale::kHtk:
      return 700.0 * (std::exp(mel / 1127.0) - 1.0);
    case MelScale::kSlaney:
      return mel < kSlaneyBreakMel
                 ? mel * kSlaneyHzPerMel
                 : kSlaneyBreakHz * std::exp((mel - kSlaneyBreakMel) * kSlaneyLogStep);
    case MelScale::kHtkHz:
    case MelScale::kSphinx:
      return 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0);
  }
  return 0.0;
}

double warp_frequency(double hz, double warp, double cutoff_hz, int sample_rate_hz) {
  const double top = 0.5 * sample_rate_hz;
  const double knee = cutoff_hz * std::min(warp, 1.0);  // where the straight part ends, warped
  if (hz * warp <= knee) return hz * warp;
  return top - (top - knee) / (top - knee / warp) * (top - hz);
}

std::vector<MelFilter> make_mel_filterbank(const MelFilterbankOptions& o) {
  if (!(o.low_hz >= 0.0 && o.low_hz < o.high_hz && o.high_hz <= 0.5 * o.sample_rate_hz)) {
    throw Error(ErrorCode::kUsage,
                fmt::format("mel filters from {} to {} Hz at {} Hz: expected 0 <= low < high <= {}",
                            o.low_hz, o.high_hz, o.sample_rate_hz, 0.5 * o.sample_rate_hz));
  }
  const bool warps = o.warp != 1.0;
  if (warps &&
      !(o.warp >= 0.5 && o.warp <= 2.0 && o.scale != MelScale::kSphinx && o.warp_cutoff_hz > 0.0 &&
        o.warp_cutoff_hz * std::max(1.0, 1.0 / o.warp) < 0.5 * o.sample_rate_hz)) {
    throw Error(ErrorCode::kUsage,
                fmt::format("mel filters warped by {} up to {} Hz at {} Hz: expected a factor of "
                            "0.5 to 2, a cutoff well below {} Hz, and not the Sphinx scale",
                            o.warp, o.warp_cutoff_hz, o.sample_rate_hz, 0.5 * o.sample_rate_hz));
  }
  const double low_mel = hz_to_mel(o.scale, o.low_hz);
  const double step = (hz_to_mel(o.scale, o.high_hz) - low_mel) / (o.num_mel + 1);
  const double bin_hz = static_cast<double>(o.sample_rate_hz) / o.fft_size;
  const int bins = o.fft_size / 2 + 1;

  std::vector<MelFilter> filters(static_cast<size_t>(o.num_mel));
  for (int m = 0; m < o.num_mel; ++m) {
    std::array<double, 3> edges_hz{};
    if (o.scale == MelScale::kSphinx) {
      edges_hz = sphinx_edges_hz(o, m);
    } else {
      for (size_t j = 0; j < 3; ++j) {
        edges_hz[j] = mel_to_hz(o.scale, low_mel + (m + static_cast<int>(j)) * step);
        if (warps) {
          edges_hz[j] = warp_frequency(edges_hz[j], o.warp, o.warp_cutoff_hz, o.sample_rate_hz);
        }
      }
    }
    // The domain in which the triangle's sides are straight.
    const auto domain = [&](double hz) {
      return o.scale == MelScale::kHtk ? hz_to_mel(o.scale, hz) : hz;
    };
    const double left = domain(edges_hz[0]);
    const double centre = domain(edges_hz[1]);
    const double right = domain(edges_hz[2]);
    const double gain = o.norm == MelNorm::kArea ? 2.0 / (edges_hz[2] - edges_hz[0]) : 1.0;

    MelFilter& filter = filters[static_cast<size_t>(m)];
    filter.first_bin = -1;
    for (int k = 0; k < bins; ++k) {
      const double at = domain(k * bin_hz);
      // Rounded edges may coincide (0/0): this order of min then takes the falling side, as Sphinx
      // does.
      const double weight =
          gain * std::min((right - at) / (right - centre), (at - left) / (centre - left));
      if (!(weight > 0.0)) continue;
      if (filter.first_bin < 0) filter.first_bin = k;
      filter.weights.push_back(static_cast<float>(weight));
    }
    if (filter.first_bin < 0 && warps) {
      filter.first_bin = std::min(static_cast<int>(std::lround(edges_hz[1] / bin_hz)), bins - 1);
      filter.weights.push_back(static_cast<float>(gain));
    }
    if (filter.first_bin < 0) {
      throw Error(ErrorCode::kUsage,
                  fmt::format("num_mel {}: filter {} ({:.0f} to {:.0f} Hz) holds no bin of a "
                              "{}-point transform",
                              o.num_mel, m, edges_hz[0], edges_hz[2], o.fft_size),
                  "take fewer filters or a larger fft_size");
    }
  }
  return filters;
}

}  // namespace bivox
