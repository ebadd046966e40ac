#include "tts/prosody/liveliness.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dsp/core/check.h"

namespace bivox {
namespace {

constexpr float kSpeechRange = 10.4F;  // ln of 45 dB in power

}  // namespace

MelCosines::MelCosines(int num_mel) : basis_(num_mel, num_mel) {
  for (int k = 0; k < num_mel; ++k) {
    const double norm = std::sqrt((k == 0 ? 1.0 : 2.0) / num_mel);
    for (int m = 0; m < num_mel; ++m) {
      basis_(k, m) =
          static_cast<float>(norm * std::cos(std::numbers::pi * k * (m + 0.5) / num_mel));
    }
  }
}

void MelCosines::forward(std::span<const float> mel, std::span<float> cepstrum) const {
  BIVOX_CHECK(static_cast<Eigen::Index>(mel.size()) == basis_.cols() &&
              cepstrum.size() == mel.size());
  const Eigen::Map<const Eigen::VectorXf> in(mel.data(), basis_.cols());
  Eigen::Map<Eigen::VectorXf> out(cepstrum.data(), basis_.rows());
  out.noalias() = basis_ * in;
}

void MelCosines::add(std::span<const float> amount, std::span<float> mel) const {
  BIVOX_CHECK(static_cast<Eigen::Index>(mel.size()) == basis_.cols() &&
              amount.size() == mel.size());
  const Eigen::Map<const Eigen::VectorXf> in(amount.data(), basis_.rows());
  Eigen::Map<Eigen::VectorXf> out(mel.data(), basis_.cols());
  out.noalias() += basis_.transpose() * in;
}

LivelinessMeter::LivelinessMeter(int num_mel) : cosines_(num_mel) {
  for (int side = 0; side < 2; ++side) {
    sums_[side].assign(static_cast<size_t>(num_mel), 0.0);
    squares_[side].assign(static_cast<size_t>(num_mel), 0.0);
  }
}

void LivelinessMeter::add(const FeatureView& natural, const FeatureView& predicted) {
  BIVOX_CHECK(natural.rows() == predicted.rows() && natural.cols() == cosines_.size() &&
              predicted.cols() == cosines_.size());
  if (natural.rows() == 0) return;
  const Eigen::VectorXf loudest = natural.rowwise().maxCoeff();
  const float threshold = loudest.maxCoeff() - kSpeechRange;
  std::vector<float> cepstrum(static_cast<size_t>(cosines_.size()));
  for (Eigen::Index t = 0; t < natural.rows(); ++t) {
    if (loudest[t] < threshold) continue;
    frames_ += 1.0;
    for (int side = 0; side < 2; ++side) {
      const FeatureView& rows = side == 0 ? natural : predicted;
      cosines_.forward(std::span(rows.row(t).data(), cepstrum.size()), cepstrum);
      for (size_t k = 0; k < cepstrum.size(); ++k) {
        const auto c = static_cast<double>(cepstrum[k]);
        sums_[side][k] += c;
        squares_[side][k] += c * c;
      }
    }
  }
}

std::vector<float> LivelinessMeter::gains(double strength, double limit) const {
  std::vector<float> gains(sums_[0].size(), 1.0F);
  if (frames_ < 2.0) return gains;
  const auto variance = [&](int side, size_t k) {
    const double mean = sums_[side][k] / frames_;
    return std::max(squares_[side][k] / frames_ - mean * mean, 1e-9);
  };
  for (size_t k = 0; k < gains.size(); ++k) {
    const double ratio = std::sqrt(variance(0, k) / variance(1, k));
    gains[k] = static_cast<float>(std::clamp(std::pow(ratio, strength), 1.0, limit));
  }
  return gains;
}

std::vector<float> LivelinessMeter::means() const {
  std::vector<float> means;
  for (const double sum : sums_[1]) {
    means.push_back(static_cast<float>(sum / std::max(frames_, 1.0)));
  }
  return means;
}

}  // namespace bivox
