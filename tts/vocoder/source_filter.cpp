#include "tts/vocoder/source_filter.h"

#include <algorithm>
#include <cmath>

#include "dsp/core/check.h"
#include "dsp/features/window.h"

namespace bivox {
namespace {

constexpr float kLeastPower = 1e-16F;
// Below this frequency there is no speech, and pulses of one sign would add up to an offset.
constexpr double kLowestHz = 40.0;

}  // namespace

SourceFilter::SourceFilter(std::shared_ptr<const SourceFilterModel> model, uint64_t seed)
    : model_(std::move(model)),
      random_(seed),
      train_(model_->features().sample_rate_hz, model_->features().hop),
      fft_(model_->features().fft_size),
      hop_(static_cast<size_t>(model_->features().hop)),
      window_(make_window(WindowKind::kHannPeriodic, 2 * model_->features().hop)) {
  const auto columns = static_cast<size_t>(model_->features().columns());
  const auto size = static_cast<size_t>(model_->features().fft_size);
  BIVOX_CHECK(2 * hop_ <= size);
  previous_.resize(columns);
  current_.resize(columns);
  pulses_.resize(2 * hop_);
  noise_.resize(2 * hop_);
  voiced_.resize(2 * hop_);
  overlap_.resize(size + hop_);
  speech_.resize(hop_);
  segment_.resize(size);
  const size_t bins = size / 2 + 1;
  power_.resize(bins);
  filter_.resize(bins);
  pulse_spectrum_.resize(bins);
  noise_spectrum_.resize(bins);
  reset(seed);
}

void SourceFilter::reset(uint64_t seed) {
  random_ = Random(seed);
  train_.reset(random_.uniform());
  rows_ = real_ = blocks_ = 0;
  for (std::vector<float>* part : {&pulses_, &noise_, &voiced_, &overlap_}) {
    std::fill(part->begin(), part->end(), 0.0F);
  }
}

SourceFilter::Block SourceFilter::block() const {
  return {speech_, std::span(voiced_).first(hop_), std::span(noise_).first(hop_)};
}

bool SourceFilter::accept(std::span<const float> row) {
  BIVOX_CHECK(row.size() == current_.size());
  ++real_;
  start_row(row);
  return advance();
}

bool SourceFilter::finish() {
  while (blocks_ < real_) {
    start_row(current_);
    if (advance()) return true;
  }
  return false;
}

void SourceFilter::start_row(std::span<const float> row) {
  if (rows_ > 0) {
    previous_.swap(current_);
    if (row.data() == current_.data()) row = previous_;  // finish() repeats the last one
  }
  std::copy(row.begin(), row.end(), current_.begin());
  ++rows_;
}

// With row n here, the excitation of [n - 1, n) hops is made, frame n - 1 is filtered, and the
// block [n - 2, n - 1) is complete.
bool SourceFilter::advance() {
  if (rows_ < 2) return false;
  for (std::vector<float>* part : {&pulses_, &noise_, &voiced_}) {
    std::copy(part->begin() + static_cast<ptrdiff_t>(hop_), part->end(), part->begin());
  }
  const MelEnvelope& envelope = model_->envelope();
  train_.next(envelope.f0_hz(previous_), envelope.f0_hz(current_), std::span(pulses_).last(hop_));
  const float before = envelope.voicing(previous_);
  const float slope = (envelope.voicing(current_) - before) / static_cast<float>(hop_);
  for (size_t n = 0; n < hop_; ++n) {
    noise_[hop_ + n] = static_cast<float>(random_.gaussian());
    voiced_[hop_ + n] = pulses_[hop_ + n] * (before + slope * static_cast<float>(n));
  }
  filter_frame();
  std::copy_n(overlap_.begin(), hop_, speech_.begin());
  std::copy(overlap_.begin() + static_cast<ptrdiff_t>(hop_), overlap_.end(), overlap_.begin());
  std::fill(overlap_.end() - static_cast<ptrdiff_t>(hop_), overlap_.end(), 0.0F);
  if (rows_ < 3) return false;  // what lies before the first row
  ++blocks_;
  return true;
}

// filter_ = the minimum-phase spectrum whose squared magnitude is `power`.
void SourceFilter::minimum_phase(std::span<const float> power) {
  for (size_t k = 0; k < power.size(); ++k) {
    filter_[k] = 0.5F * std::log(std::max(power[k], kLeastPower));
  }
  fft_.inverse(filter_.data(), segment_.data());
  const size_t half = segment_.size() / 2;
  for (size_t n = 1; n < half; ++n) segment_[n] *= 2.0F;
  std::fill(segment_.begin() + static_cast<ptrdiff_t>(half) + 1, segment_.end(), 0.0F);
  fft_.forward(segment_.data(), filter_.data());
  for (std::complex<float>& value : filter_)
    value = std::polar(std::exp(value.real()), value.imag());
}

void SourceFilter::filter_frame() {
  const MelEnvelope& envelope = model_->envelope();
  envelope.power(previous_, power_);
  minimum_phase(power_);
  const auto spectrum_of = [this](const std::vector<float>& source,
                                  std::vector<std::complex<float>>& spectrum) {
    for (size_t n = 0; n < 2 * hop_; ++n) segment_[n] = source[n] * window_[n];
    std::fill(segment_.begin() + static_cast<ptrdiff_t>(2 * hop_), segment_.end(), 0.0F);
    fft_.forward(segment_.data(), spectrum.data());
  };
  spectrum_of(pulses_, pulse_spectrum_);
  spectrum_of(noise_, noise_spectrum_);
  const std::span<const float> share = envelope.harmonic_share();
  const float voicing = envelope.voicing(previous_);
  const auto lowest = static_cast<size_t>(kLowestHz * model_->features().fft_size /
                                          model_->features().sample_rate_hz);
  for (size_t k = 0; k < filter_.size(); ++k) {
    const float pulses = voicing * voicing * share[k];
    filter_[k] *= k <= lowest ? std::complex<float>(0.0F)
                              : std::sqrt(pulses) * pulse_spectrum_[k] +
                                    std::sqrt(1.0F - pulses) * noise_spectrum_[k];
  }
  fft_.inverse(filter_.data(), segment_.data());
  for (size_t n = 0; n < segment_.size(); ++n) overlap_[n] += segment_[n];
}

AudioBuffer source_filter_speech(const std::shared_ptr<const SourceFilterModel>& model,
                                 FeatureView rows, uint64_t seed) {
  SourceFilter stream(model, seed);
  AudioBuffer audio;
  audio.sample_rate_hz = model->features().sample_rate_hz;
  audio.samples.reserve(static_cast<size_t>(rows.rows() * model->features().hop));
  const auto keep = [&] {
    const auto speech = stream.block().speech;
    audio.samples.insert(audio.samples.end(), speech.begin(), speech.end());
  };
  for (Eigen::Index t = 0; t < rows.rows(); ++t) {
    if (stream.accept({rows.row(t).data(), static_cast<size_t>(rows.cols())})) keep();
  }
  while (stream.finish()) keep();
  return audio;
}

}  // namespace bivox
