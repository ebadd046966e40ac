#include "dsp/analysis/noise_removal.h"

#include <algorithm>

#include "dsp/core/check.h"

namespace bivox {

namespace {

constexpr double kPowerMemory = 0.7;
constexpr double kRiseMemory = 0.995;
constexpr double kFallMemory = 0.5;
constexpr double kPeakMemory = 0.85;
constexpr double kMaskedLevel = 0.2;
constexpr double kMaxGain = 20.0;
constexpr double kSmallestSignal = 1.0;
constexpr int kSmoothBands = 4;

double lower_envelope(double envelope, double value) {
  const double memory = value >= envelope ? kRiseMemory : kFallMemory;
  return memory * envelope + (1.0 - memory) * value;
}

}  // namespace

NoiseRemoval::NoiseRemoval(int num_bands) {
  BIVOX_CHECK(num_bands >= 1);
  for (auto* state : {&power_, &noise_, &floor_, &peak_, &gain_}) {
    state->resize(static_cast<size_t>(num_bands));
  }
}

void NoiseRemoval::process(std::span<float> powers) noexcept {
  const size_t bands = power_.size();
  if (!started_) {
    for (size_t m = 0; m < bands; ++m) {
      power_[m] = powers[m];
      noise_[m] = powers[m] / kMaxGain;
      floor_[m] = powers[m] / kMaxGain;
      peak_[m] = 0.0;
    }
    started_ = true;
  }
  for (size_t m = 0; m < bands; ++m) {
    power_[m] = kPowerMemory * power_[m] + (1.0 - kPowerMemory) * powers[m];
    noise_[m] = lower_envelope(noise_[m], power_[m]);
    const double input = std::max(power_[m] - noise_[m], kSmallestSignal);
    floor_[m] = lower_envelope(floor_[m], input);

    peak_[m] *= kPeakMemory;
    double signal = input < kPeakMemory * peak_[m] ? kMaskedLevel * peak_[m] : input;
    peak_[m] = std::max(peak_[m], input);

    signal = std::max(signal, floor_[m]);
    // A band without power cannot be divided by; it gets the largest gain.
    const double gain = signal < kMaxGain * power_[m] ? signal / power_[m] : kMaxGain;
    gain_[m] = std::max(gain, 1.0 / kMaxGain);
  }
  const int last = static_cast<int>(bands) - 1;
  for (int m = 0; m <= last; ++m) {
    const int from = std::max(m - kSmoothBands, 0);
    const int to = std::min(m + kSmoothBands, last);
    double sum = 0.0;
    for (int n = from; n <= to; ++n) sum += gain_[static_cast<size_t>(n)];
    float& power = powers[static_cast<size_t>(m)];
    power = static_cast<float>(power * (sum / (to - from + 1)));
  }
}

}  // namespace bivox
