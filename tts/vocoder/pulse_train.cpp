#include "tts/vocoder/pulse_train.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dsp/core/check.h"

namespace bivox {
namespace {

constexpr int kSteps = 128;     // of the table, a sample
constexpr double kBand = 0.96;  // of half the rate

}  // namespace

PulseTrain::PulseTrain(int sample_rate_hz, int block) : rate_(sample_rate_hz) {
  BIVOX_CHECK(sample_rate_hz > 0 && block > 0);
  for (int i = 0; i <= 2 * kDelay * kSteps + 1; ++i) {
    const double x = static_cast<double>(i) / kSteps - kDelay;
    const double angle = std::numbers::pi * kBand * x;
    const double sinc = std::abs(x) < 1e-9 ? kBand : kBand * std::sin(angle) / angle;
    const double window =
        0.5 + 0.5 * std::cos(std::numbers::pi * std::clamp(x / kDelay, -1.0, 1.0));
    table_.push_back(static_cast<float>(sinc * window));
  }
  buffer_.assign(static_cast<size_t>(block + 2 * kDelay + 2), 0.0F);
}

void PulseTrain::reset(double phase) noexcept {
  phase_ = phase - std::floor(phase);
  std::fill(buffer_.begin(), buffer_.end(), 0.0F);
}

void PulseTrain::add_pulse(double place, double height, size_t samples) noexcept {
  // Sample n sees the sinc at n - place - kDelay, in [-kDelay, kDelay].
  const auto first = static_cast<size_t>(std::ceil(place));
  const auto scale = static_cast<float>(height);
  const size_t end = std::min(first + 2 * kDelay, samples + 2 * kDelay);
  for (size_t n = first; n < end; ++n) {
    const double at = (static_cast<double>(n) - place) * kSteps;
    const auto i = static_cast<size_t>(at);
    const auto share = static_cast<float>(at - static_cast<double>(i));
    buffer_[n] += scale * (table_[i] + share * (table_[i + 1] - table_[i]));
  }
}

void PulseTrain::next(double first_f0_hz, double last_f0_hz, std::span<float> out) noexcept {
  const size_t samples = out.size();
  const double ratio = std::pow(last_f0_hz / first_f0_hz, 1.0 / static_cast<double>(samples));
  double f0 = first_f0_hz;
  for (size_t n = 0; n < samples; ++n) {
    const double step = f0 / rate_;
    phase_ += step;
    if (phase_ >= 1.0) {
      phase_ -= 1.0;
      // The whole number was passed phase / step samples before n + 1.
      const double place = static_cast<double>(n) + 1.0 - phase_ / step;
      add_pulse(place, std::sqrt(rate_ / f0), samples);
    }
    f0 *= ratio;
  }
  std::copy_n(buffer_.begin(), samples, out.begin());
  std::copy(buffer_.begin() + static_cast<ptrdiff_t>(samples), buffer_.end(), buffer_.begin());
  std::fill(buffer_.end() - static_cast<ptrdiff_t>(samples), buffer_.end(), 0.0F);
}

}  // namespace bivox
