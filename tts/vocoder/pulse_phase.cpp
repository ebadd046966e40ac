#include "tts/vocoder/pulse_phase.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

#include "dsp/core/check.h"

namespace bivox {
namespace {

constexpr double kTurn = 2.0 * std::numbers::pi;
constexpr double kWindowS = 0.030;

std::span<const float> row_of(FeatureView rows, Eigen::Index t) {
  return {rows.row(std::min(t, rows.rows() - 1)).data(), static_cast<size_t>(rows.cols())};
}

}  // namespace

PulseGuides::PulseGuides(std::shared_ptr<const SourceFilterModel> model)
    : model_(std::move(model)) {}

void PulseGuides::block(std::span<const float> row, std::span<const float> next,
                        std::span<float> guides) {
  block(row, next, 0.0, 0.0, guides);
}

void PulseGuides::block(std::span<const float> row, std::span<const float> next, double first,
                        double last, std::span<float> guides) {
  const MelEnvelope& envelope = model_->envelope();
  const double rate = model_->features().sample_rate_hz;
  const auto hop = static_cast<size_t>(model_->features().hop);
  BIVOX_CHECK(guides.size() == hop * kGuides);
  double f0 = envelope.f0_hz(row);
  const double ratio = std::pow(envelope.f0_hz(next) / f0, 1.0 / static_cast<double>(hop));
  const float voiced = envelope.voicing(row);
  const float change = (envelope.voicing(next) - voiced) / static_cast<float>(hop);
  for (size_t n = 0; n < hop; ++n) {
    const double share = static_cast<double>(n) / static_cast<double>(hop);
    const double phase = phase_ + first + share * (last - first);
    const double distance = (phase - std::round(phase)) * rate / f0;
    const float v = voiced + change * static_cast<float>(n);
    float* out = &guides[n * kGuides];
    out[0] = v * static_cast<float>(std::cos(kTurn * phase));
    out[1] = v * static_cast<float>(std::sin(kTurn * phase));
    out[2] = v * static_cast<float>(std::exp(-0.5 * distance * distance));
    phase_ += f0 / rate;
    f0 *= ratio;
  }
  phase_ -= std::floor(phase_);
}

std::vector<float> recording_guides(const std::shared_ptr<const SourceFilterModel>& model,
                                    FeatureView rows, std::span<const float> excitation) {
  const auto hop = static_cast<size_t>(model->features().hop);
  const auto blocks = static_cast<size_t>(rows.rows());
  BIVOX_CHECK(excitation.size() == blocks * hop);
  // e^2 exp(-2 pi i psi)
  std::vector<std::complex<double>> turned(excitation.size());
  double psi = 0.0;
  for (size_t b = 0; b < blocks; ++b) {
    const auto t = static_cast<Eigen::Index>(b);
    double f0 = model->envelope().f0_hz(row_of(rows, t));
    const double ratio =
        std::pow(model->envelope().f0_hz(row_of(rows, t + 1)) / f0, 1.0 / static_cast<double>(hop));
    for (size_t n = b * hop; n < (b + 1) * hop; ++n) {
      const auto e = static_cast<double>(excitation[n]);
      turned[n] = std::polar(e * e, -kTurn * psi);
      psi += f0 / model->features().sample_rate_hz;
      f0 *= ratio;
    }
    psi -= std::floor(psi);
  }
  // The angle at every row, in periods, without jumps of more than a half.
  const auto half = static_cast<ptrdiff_t>(kWindowS / 2.0 *
                                           static_cast<double>(model->features().sample_rate_hz));
  std::vector<double> ahead(blocks + 1);
  for (size_t b = 0; b <= blocks; ++b) {
    const auto centre = static_cast<ptrdiff_t>(b * hop);
    std::complex<double> sum = 0.0;
    for (ptrdiff_t k = -half; k < half; ++k) {
      if (centre + k < 0 || centre + k >= static_cast<ptrdiff_t>(turned.size())) continue;
      const double hann =
          1.0 + std::cos(std::numbers::pi * static_cast<double>(k) / static_cast<double>(half));
      sum += hann * turned[static_cast<size_t>(centre + k)];
    }
    ahead[b] = std::arg(sum) / kTurn;
    if (b > 0) ahead[b] += std::round(ahead[b - 1] - ahead[b]);
  }
  PulseGuides guides(model);
  std::vector<float> out(excitation.size() * PulseGuides::kGuides);
  for (size_t b = 0; b < blocks; ++b) {
    const auto t = static_cast<Eigen::Index>(b);
    guides.block(
        row_of(rows, t), row_of(rows, t + 1), ahead[b], ahead[b + 1],
        std::span(out).subspan(b * hop * PulseGuides::kGuides, hop * PulseGuides::kGuides));
  }
  return out;
}

}  // namespace bivox
