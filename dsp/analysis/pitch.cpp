#include "dsp/analysis/pitch.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "dsp/core/error.h"
#include "dsp/features/frame_kernels.h"

namespace bivox {

namespace {

// Peaks lower than this share of the frame's highest are no candidates.
constexpr float kPeakShare = 0.3F;

struct Candidate {
  float f0_hz;  // 0: unvoiced
  float correlation;
  float local_cost;
};

void expect_range(std::string_view option, double found, double low, double high) {
  if (found >= low && found <= high) return;
  throw Error(ErrorCode::kUsage,
              fmt::format("pitch {} {}: expected {} to {}", option, found, low, high));
}

/// Correlations of one utterance, frame by frame.
class Correlator {
 public:
  Correlator(const PitchOptions& options, AudioView audio)
      : rate_(audio.sample_rate_hz),
        window_(static_cast<int>(std::lround(options.window_s * rate_))),
        min_lag_(std::max(2, static_cast<int>(std::floor(rate_ / options.max_hz)))),
        max_lag_(static_cast<int>(std::ceil(rate_ / options.min_hz))),
        margin_(window_ + max_lag_ + 2),
        padded_(audio.samples.size() + 2 * static_cast<size_t>(margin_)),
        energy_before_(padded_.size() + 1) {
    float* signal = padded_.data() + margin_;
    kernels::scale_samples(audio.samples, 1.0F, false, signal);
    double mean = 0.0;
    for (size_t i = 0; i < audio.samples.size(); ++i) mean += signal[i];
    mean /= std::max<double>(1.0, static_cast<double>(audio.samples.size()));
    for (size_t i = 0; i < audio.samples.size(); ++i) signal[i] -= static_cast<float>(mean);
    for (size_t i = 0; i < padded_.size(); ++i) {
      energy_before_[i + 1] = energy_before_[i] + static_cast<double>(padded_[i]) * padded_[i];
    }
    const double mean_energy = energy_before_.back() * window_ /
                               std::max<double>(1.0, static_cast<double>(audio.samples.size()));
    ballast_ = std::pow(options.ballast * mean_energy, 2.0);
  }

  int min_lag() const { return min_lag_; }
  int max_lag() const { return max_lag_; }

  /// c(k) for k = min_lag - 1 .. max_lag + 1 about sample `centre`, in that order.
  void correlate(int64_t centre, std::vector<float>& out) const {
    out.clear();
    for (int k = min_lag_ - 1; k <= max_lag_ + 1; ++k) {
      const int64_t wanted = centre + margin_ - (window_ + k) / 2;
      // A centre beyond the ends of the signal is possible with reflected frames: look at its edge.
      const auto first = static_cast<size_t>(
          std::clamp<int64_t>(wanted, 0, static_cast<int64_t>(padded_.size()) - window_ - k));
      const size_t second = first + static_cast<size_t>(k);
      const double product = energy(first) * energy(second) + ballast_;
      const float sum = kernels::dot(padded_.data() + first, padded_.data() + second, window_);
      out.push_back(product > 0.0 ? static_cast<float>(sum / std::sqrt(product)) : 0.0F);
    }
  }

 private:
  double energy(size_t first) const {
    return std::max(0.0,
                    energy_before_[first + static_cast<size_t>(window_)] - energy_before_[first]);
  }

  double rate_;
  int window_;
  int min_lag_;
  int max_lag_;
  int margin_;  // zeros on both sides, so that no frame looks outside
  std::vector<float> padded_;
  std::vector<double> energy_before_;
  double ballast_ = 0.0;
};

/// Candidates of a frame: unvoiced first, then the highest peaks.
std::vector<Candidate> find_candidates(const PitchOptions& options, const Correlator& correlator,
                                       const std::vector<float>& c, double rate) {
  const float highest = std::clamp(*std::max_element(c.begin() + 1, c.end() - 1), 0.0F, 1.0F);
  std::vector<Candidate> candidates = {{0.0F, highest, highest}};
  for (size_t i = 1; i + 1 < c.size(); ++i) {
    if (!(c[i] > 0.0F && c[i] >= kPeakShare * highest && c[i] > c[i - 1] && c[i] >= c[i + 1])) {
      continue;
    }
    // The vertex of the parabola through three points.
    const float curvature = c[i - 1] - 2.0F * c[i] + c[i + 1];
    const float offset = curvature < 0.0F ? 0.5F * (c[i - 1] - c[i + 1]) / curvature : 0.0F;
    const float peak = std::min(1.0F, c[i] - 0.25F * (c[i - 1] - c[i + 1]) * offset);
    const double lag = correlator.min_lag() - 1 + static_cast<double>(i) + offset;
    const double weight = 1.0 - options.lag_bias * lag / correlator.max_lag();
    candidates.push_back(
        {static_cast<float>(rate / lag), peak, static_cast<float>(1.0 - peak * weight)});
  }
  const auto keep = static_cast<size_t>(options.max_candidates) + 1;
  if (candidates.size() > keep) {
    std::partial_sort(
        candidates.begin() + 1, candidates.begin() + static_cast<ptrdiff_t>(keep), candidates.end(),
        [](const Candidate& a, const Candidate& b) { return a.local_cost < b.local_cost; });
    candidates.resize(keep);
  }
  return candidates;
}

float change_cost(const PitchOptions& options, const Candidate& from, const Candidate& to) {
  const bool was_voiced = from.f0_hz > 0.0F;
  const bool is_voiced = to.f0_hz > 0.0F;
  if (was_voiced != is_voiced) return static_cast<float>(options.voicing_cost);
  if (!is_voiced) return 0.0F;
  return static_cast<float>(options.jump_cost) * std::fabs(std::log(to.f0_hz / from.f0_hz));
}

}  // namespace

void PitchOptions::validate() const {
  expect_range("min_hz", min_hz, 10.0, 2000.0);
  expect_range("max_hz", max_hz, min_hz * 1.01, 4000.0);
  expect_range("frame_length_s", frame_length_s, 1e-4, 10.0);
  expect_range("frame_shift_s", frame_shift_s, 1e-4, 10.0);
  expect_range("window_s", window_s, 1e-3, 1.0);
  expect_range("ballast", ballast, 0.0, 1e3);
  expect_range("lag_bias", lag_bias, 0.0, 1.0);
  expect_range("jump_cost", jump_cost, 0.0, 1e3);
  expect_range("voicing_cost", voicing_cost, 0.0, 1e3);
  expect_range("max_candidates", max_candidates, 1, 1000);
}

std::vector<PitchFrame> track_pitch(const PitchOptions& options, AudioView audio) {
  options.validate();
  if (audio.samples.empty()) return {};
  expect_range("sample rate", audio.sample_rate_hz, 4.0 * options.max_hz, 1e6);

  FramingOptions framing;
  framing.length =
      std::max(1, static_cast<int>(std::lround(options.frame_length_s * audio.sample_rate_hz)));
  framing.shift =
      std::max(1, static_cast<int>(std::lround(options.frame_shift_s * audio.sample_rate_hz)));
  framing.fft_size = framing.length;
  framing.placement = options.placement;
  const auto frames =
      static_cast<size_t>(num_frames(framing, static_cast<int64_t>(audio.samples.size())));

  // Forward pass: best cost of every candidate and where it came from.
  const Correlator correlator(options, audio);
  std::vector<std::vector<Candidate>> candidates(frames);
  std::vector<std::vector<int>> came_from(frames);
  std::vector<float> correlations;
  std::vector<float> costs;
  std::vector<float> previous_costs;
  for (size_t t = 0; t < frames; ++t) {
    const int64_t centre = frame_start(framing, static_cast<int64_t>(t)) + framing.length / 2;
    correlator.correlate(centre, correlations);
    candidates[t] = find_candidates(options, correlator, correlations, audio.sample_rate_hz);
    costs.assign(candidates[t].size(), 0.0F);
    came_from[t].assign(candidates[t].size(), 0);
    for (size_t i = 0; i < candidates[t].size(); ++i) {
      if (t > 0) {
        float best = std::numeric_limits<float>::infinity();
        for (size_t j = 0; j < previous_costs.size(); ++j) {
          const float cost =
              previous_costs[j] + change_cost(options, candidates[t - 1][j], candidates[t][i]);
          if (cost < best) {
            best = cost;
            came_from[t][i] = static_cast<int>(j);
          }
        }
        costs[i] = best;
      }
      costs[i] += candidates[t][i].local_cost;
    }
    // Only differences matter; keep the sums small so that hours of audio lose no precision.
    const float lowest = *std::min_element(costs.begin(), costs.end());
    for (float& cost : costs) cost -= lowest;
    previous_costs.swap(costs);
  }

  std::vector<PitchFrame> track(frames);
  if (frames == 0) return track;
  auto at = static_cast<size_t>(std::min_element(previous_costs.begin(), previous_costs.end()) -
                                previous_costs.begin());
  for (size_t t = frames; t-- > 0;) {
    track[t] = {candidates[t][at].f0_hz, candidates[t][at].correlation};
    at = static_cast<size_t>(came_from[t][at]);
  }
  return track;
}

}  // namespace bivox
