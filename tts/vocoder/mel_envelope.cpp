#include "tts/vocoder/mel_envelope.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "dsp/core/check.h"
#include "dsp/features/front_end.h"
#include "dsp/features/mel_filterbank.h"
#include "dsp/features/window.h"
#include "tts/vocoder/pulse_train.h"

namespace bivox {
namespace {

constexpr int kGrid = 64;  // F0s at which pulse trains are measured, evenly in the logarithm
constexpr int kMaxMel = 256;

float share_at(const MelEnvelopeOptions& options, double hz) {
  return static_cast<float>(
      1.0 / (1.0 + std::exp((hz - options.breath_cutoff_hz) / options.breath_width_hz)));
}

}  // namespace

MelEnvelope::MelEnvelope(const VocoderFeatureOptions& features, const MelEnvelopeOptions& options)
    : features_(features) {
  features.validate();
  const double nyquist = features.sample_rate_hz / 2.0;
  const double low = hz_to_mel(MelScale::kHtk, features.low_hz);
  const double step = (hz_to_mel(MelScale::kHtk, nyquist) - low) / (features.num_mel + 1);
  for (int m = 0; m < features.num_mel; ++m) {
    centre_hz_.push_back(static_cast<float>(mel_to_hz(MelScale::kHtk, low + (m + 1) * step)));
    mel_share_.push_back(share_at(options, static_cast<double>(centre_hz_.back())));
  }
  for (int k = 0; k <= features.fft_size / 2; ++k) {
    const double hz = static_cast<double>(k) * features.sample_rate_hz / features.fft_size;
    harmonic_share_.push_back(share_at(options, hz));
    const double place = (hz_to_mel(MelScale::kHtk, hz) - low) / step - 1.0;
    position_.push_back(
        static_cast<float>(std::clamp(place, 0.0, static_cast<double>(features.num_mel - 1))));
  }
  measure_noise();
  measure_pulses();
}

// The expected power of white noise in a bin is the energy of the window.
void MelEnvelope::measure_noise() {
  double energy = 0.0;
  for (const float w : make_window(WindowKind::kHannPeriodic, features_.window)) {
    energy += static_cast<double>(w) * static_cast<double>(w);
  }
  MelFilterbankOptions bank;
  bank.sample_rate_hz = features_.sample_rate_hz;
  bank.fft_size = features_.fft_size;
  bank.num_mel = features_.num_mel;
  bank.low_hz = features_.low_hz;
  bank.high_hz = features_.sample_rate_hz / 2.0;
  for (const MelFilter& filter : make_mel_filterbank(bank)) {
    double sum = 0.0;
    for (const float w : filter.weights) sum += static_cast<double>(w);
    noise_.push_back(static_cast<float>(sum * energy));
  }
}

void MelEnvelope::measure_pulses() {
  FrontEndOptions front_end = features_.front_end();
  front_end.kind = FeatureKind::kMel;
  const int frames = 24;
  const int margin = 4;  // beyond the edges of the signal
  std::vector<float> train(static_cast<size_t>((frames + 2 * margin) * features_.hop));
  for (int i = 0; i < kGrid; ++i) {
    const double share = static_cast<double>(i) / (kGrid - 1);
    const double f0 =
        features_.min_f0_hz * std::pow(features_.max_f0_hz / features_.min_f0_hz, share);
    PulseTrain pulses(features_.sample_rate_hz, features_.hop);
    for (size_t at = 0; at < train.size(); at += static_cast<size_t>(features_.hop)) {
      pulses.next(f0, f0, std::span(train).subspan(at, static_cast<size_t>(features_.hop)));
    }
    const FeatureMatrix mel = compute_features(front_end, {train, features_.sample_rate_hz});
    for (int m = 0; m < features_.num_mel; ++m) {
      pulses_.push_back(mel.col(m).segment(margin, frames).mean());
    }
  }
}

double MelEnvelope::f0_hz(std::span<const float> row) const noexcept {
  const auto value = static_cast<double>(row[static_cast<size_t>(features_.f0_column())]);
  if (!std::isfinite(value)) return kDefaultF0Hz;
  return std::clamp(std::exp(std::clamp(value, 0.0, 10.0)), features_.min_f0_hz,
                    features_.max_f0_hz);
}

float MelEnvelope::voicing(std::span<const float> row) const noexcept {
  const float value = row[static_cast<size_t>(features_.voicing_column())];
  return std::isfinite(value) ? std::clamp(value, 0.0F, 1.0F) : 0.0F;
}

void MelEnvelope::power(std::span<const float> row, std::span<float> envelope) const noexcept {
  const auto filters = static_cast<size_t>(features_.num_mel);
  const double f0 = f0_hz(row);
  const float voiced = voicing(row) * voicing(row);
  const double place = std::log(f0 / features_.min_f0_hz) /
                       std::log(features_.max_f0_hz / features_.min_f0_hz) * (kGrid - 1);
  const auto below = static_cast<size_t>(std::clamp(place, 0.0, kGrid - 2.0));
  const auto above_share = static_cast<float>(place - static_cast<double>(below));
  const float* h0 = pulses_.data() + below * filters;
  const float* h1 = h0 + filters;

  std::array<float, kMaxMel> power;
  std::array<float, kMaxMel> flat;
  std::array<float, kMaxMel> log_ratio;
  for (size_t m = 0; m < filters; ++m) {
    const float log_power = std::isfinite(row[m]) ? std::clamp(row[m], -30.0F, 15.0F) : -30.0F;
    power[m] = std::exp(log_power);
    const float share = voiced * mel_share_[m];
    const float pulses = h0[m] + above_share * (h1[m] - h0[m]);
    flat[m] = share * pulses + (1.0F - share) * noise_[m];
  }
  // Where nothing is voiced nothing needs to be bridged: the width shrinks with voicing.
  const auto reach = static_cast<float>(f0) * voiced;
  for (size_t m = 0; m < filters; ++m) {
    float up = power[m];
    float down = flat[m];
    const float centre = centre_hz_[m];
    for (size_t j = m; j-- > 0 && centre - centre_hz_[j] < reach;) {
      const float k = 1.0F - (centre - centre_hz_[j]) / reach;
      up += k * power[j];
      down += k * flat[j];
    }
    for (size_t j = m + 1; j < filters && centre_hz_[j] - centre < reach; ++j) {
      const float k = 1.0F - (centre_hz_[j] - centre) / reach;
      up += k * power[j];
      down += k * flat[j];
    }
    log_ratio[m] = std::log(up / down);
  }
  for (size_t k = 0; k < position_.size(); ++k) {
    const auto m = std::min(static_cast<size_t>(position_[k]), filters - 2);
    const float share = position_[k] - static_cast<float>(m);
    envelope[k] = std::exp(log_ratio[m] + share * (log_ratio[m + 1] - log_ratio[m]));
  }
}

}  // namespace bivox
