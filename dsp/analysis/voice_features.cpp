#include "dsp/analysis/voice_features.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "dsp/core/check.h"

namespace bivox {
namespace {

constexpr double kWindowS = 0.04;
constexpr double kLowHz = 150.0;
constexpr double kHighHz = 4000.0;
constexpr double kVoicingLowHz = 80.0;
constexpr double kVoicingHighHz = 1800.0;
constexpr double kMinPitchHz = 70.0;
constexpr double kMaxPitchHz = 400.0;
// Bins beside a peak that still belong to it: the main lobe of the window, zero-padded 1.6 times.
constexpr int kLobeBins = 5;
constexpr float kTiny = 1e-10F;

double mel(double hz) { return 1127.0 * std::log1p(hz / 700.0); }
double hz_of_mel(double value) { return 700.0 * std::expm1(value / 1127.0); }

int window_size(int sample_rate_hz) { return static_cast<int>(kWindowS * sample_rate_hz); }

// Zero padding of at least 60 %: room for the lags down to kMinPitchHz without wrapping around.
int transform_size(int sample_rate_hz) {
  return static_cast<int>(std::bit_ceil(static_cast<unsigned>(1.6 * window_size(sample_rate_hz))));
}

float decibels(float power) { return 10.0F * std::log10(power + kTiny); }

}  // namespace

VoiceFeatures::VoiceFeatures(int sample_rate_hz)
    : sample_rate_hz_(sample_rate_hz),
      shift_(static_cast<int>(kVoiceFrameShiftS * sample_rate_hz)),
      fft_size_(transform_size(sample_rate_hz)),
      window_(static_cast<size_t>(window_size(sample_rate_hz))),
      fft_(fft_size_),
      time_(static_cast<size_t>(fft_size_)),
      spectrum_(static_cast<size_t>(fft_size_ / 2 + 1)),
      power_(static_cast<size_t>(fft_size_ / 2 + 1)) {
  BIVOX_CHECK(sample_rate_hz >= 8000);
  // Scaled so that sum |W x|^2 is the mean square of x.
  double square_sum = 0.0;
  const double size = static_cast<double>(window_.size());
  for (size_t n = 0; n < window_.size(); ++n) {
    const double w =
        0.5 - 0.5 * std::cos(2.0 * std::numbers::pi * (static_cast<double>(n) + 0.5) / size);
    window_[n] = static_cast<float>(w);
    square_sum += w * w;
  }
  for (float& w : window_) w = static_cast<float>(w / std::sqrt(square_sum));
  const int max_lag = static_cast<int>(sample_rate_hz / kMinPitchHz) + 1;
  for (int lag = 0; lag <= max_lag; ++lag) {
    double sum = 0.0;
    for (size_t n = 0; n + static_cast<size_t>(lag) < window_.size(); ++n) {
      sum += static_cast<double>(window_[n]) * window_[n + static_cast<size_t>(lag)];
    }
    inverse_window_correlation_.push_back(static_cast<float>(1.0 / sum));
  }
  const double high_hz = std::min(kHighHz, 0.48 * sample_rate_hz);
  for (int b = 0; b <= kVoiceBands; ++b) {
    band_edges_[static_cast<size_t>(b)] =
        bin_of(hz_of_mel(mel(kLowHz) + (mel(high_hz) - mel(kLowHz)) * b / kVoiceBands));
  }
}

int VoiceFeatures::bin_of(double frequency_hz) const {
  return static_cast<int>(std::lround(frequency_hz * fft_size_ / sample_rate_hz_));
}

VoiceFrame VoiceFeatures::analyze(std::span<const float> samples) {
  BIVOX_CHECK(samples.size() == window_.size());
  VoiceFrame frame;
  // A constant offset leaks into the lowest bands: take the mean out first.
  float mean = 0.0F;
  for (const float x : samples) mean += x;
  mean /= static_cast<float>(samples.size());
  for (size_t n = 0; n < window_.size(); ++n) time_[n] = (samples[n] - mean) * window_[n];
  std::fill(time_.begin() + static_cast<ptrdiff_t>(window_.size()), time_.end(), 0.0F);
  fft_.forward(time_.data(), spectrum_.data());
  const float scale = 2.0F / static_cast<float>(fft_size_);
  for (size_t k = 0; k < power_.size(); ++k) power_[k] = std::norm(spectrum_[k]) * scale;

  float total = 0.0F;
  for (size_t b = 0; b < kVoiceBands; ++b) {
    float sum = 0.0F;
    for (int k = band_edges_[b]; k < band_edges_[b + 1]; ++k) sum += power_[static_cast<size_t>(k)];
    frame.bands_db[b] = decibels(sum);
    total += sum;
  }
  frame.energy_db = decibels(total);

  const int first = bin_of(kVoicingLowHz);
  const int last = band_edges_[kVoiceBands];
  // The three highest peaks, each with its lobe taken out of the way of the next.
  std::array<float, 3> peaks{};
  std::array<int, 3> places{};
  for (size_t p = 0; p < peaks.size(); ++p) {
    for (int k = first; k < last; ++k) {
      const float value = power_[static_cast<size_t>(k)];
      if (value <= peaks[p]) continue;
      bool free = true;
      for (size_t q = 0; q < p; ++q) free &= std::abs(k - places[q]) > kLobeBins;
      if (!free) continue;
      peaks[p] = value;
      places[p] = k;
    }
  }
  frame.dominance_db = decibels(peaks[0]) - decibels(peaks[2]);

  const int voicing_last = bin_of(kVoicingHighHz);
  float band_energy = 0.0F;
  for (int k = 0; k < static_cast<int>(power_.size()); ++k) {
    const bool inside = k >= first && k <= voicing_last;
    const float value = inside ? power_[static_cast<size_t>(k)] : 0.0F;
    spectrum_[static_cast<size_t>(k)] = value;
    band_energy += value;
  }
  if (band_energy <= kTiny) return frame;
  fft_.inverse(spectrum_.data(), time_.data());
  const int min_lag = static_cast<int>(sample_rate_hz_ / kMaxPitchHz);
  const int max_lag = static_cast<int>(inverse_window_correlation_.size()) - 1;
  float best = 0.0F;
  for (int lag = min_lag; lag <= max_lag; ++lag) {
    const auto i = static_cast<size_t>(lag);
    best = std::max(best, time_[i] * inverse_window_correlation_[i]);
  }
  frame.voicing = std::clamp(best / time_[0], 0.0F, 1.0F);
  return frame;
}

}  // namespace bivox
