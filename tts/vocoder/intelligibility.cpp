#include "tts/vocoder/intelligibility.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "dsp/audio/resample.h"
#include "dsp/core/check.h"
#include "dsp/features/feature_matrix.h"
#include "dsp/features/fft.h"

namespace bivox {
namespace {

constexpr int kRate = 10000;
constexpr size_t kFrame = 256;
constexpr size_t kShift = 128;
constexpr int kTransform = 512;
constexpr int kBands = 15;
constexpr double kLowestBandHz = 150.0;
constexpr Eigen::Index kSegment = 30;  // frames
constexpr double kRangeDb = 40.0;
constexpr double kClipDb = 15.0;
constexpr double kEpsilon = 1e-16;

// hann(256 + 2) without its zeros at both ends.
std::vector<float> analysis_window() {
  std::vector<float> window;
  for (size_t n = 1; n <= kFrame; ++n) {
    const double angle = 2.0 * std::numbers::pi * static_cast<double>(n) / (kFrame + 1);
    window.push_back(static_cast<float>(0.5 - 0.5 * std::cos(angle)));
  }
  return window;
}

size_t frames_of(size_t samples) {
  return samples > kFrame ? (samples - kFrame + kShift - 1) / kShift : 0;
}

// Which frames of `x` are not silent.
std::vector<bool> loud_frames(const std::vector<float>& x, const std::vector<float>& window) {
  std::vector<double> energy(frames_of(x.size()), 0.0);
  for (size_t m = 0; m < energy.size(); ++m) {
    for (size_t n = 0; n < kFrame; ++n) {
      const double value = static_cast<double>(window[n]) * static_cast<double>(x[m * kShift + n]);
      energy[m] += value * value;
    }
    energy[m] = 10.0 * std::log10(energy[m] + kEpsilon * kEpsilon);
  }
  const double loudest = energy.empty() ? 0.0 : *std::max_element(energy.begin(), energy.end());
  std::vector<bool> loud;
  for (const double e : energy) loud.push_back(e > loudest - kRangeDb);
  return loud;
}

// The frames that are kept, put together again.
std::vector<float> joined(const std::vector<float>& x, const std::vector<bool>& keep,
                          const std::vector<float>& window) {
  const auto count = static_cast<size_t>(std::count(keep.begin(), keep.end(), true));
  std::vector<float> out(count == 0 ? 0 : (count - 1) * kShift + kFrame, 0.0F);
  size_t at = 0;
  for (size_t m = 0; m < keep.size(); ++m) {
    if (!keep[m]) continue;
    for (size_t n = 0; n < kFrame; ++n) out[at + n] += window[n] * x[m * kShift + n];
    at += kShift;
  }
  return out;
}

// Amplitudes [frames x kBands].
Eigen::MatrixXd band_amplitudes(const std::vector<float>& x, const std::vector<float>& window) {
  const auto bin_of = [](double hz) {
    return static_cast<size_t>(std::lround(hz * kTransform / kRate));
  };
  RealFft fft(kTransform);
  std::vector<float> frame(kTransform, 0.0F);
  std::vector<std::complex<float>> bins(static_cast<size_t>(fft.bins()));
  Eigen::MatrixXd bands(static_cast<Eigen::Index>(frames_of(x.size())), kBands);
  for (Eigen::Index m = 0; m < bands.rows(); ++m) {
    for (size_t n = 0; n < kFrame; ++n) {
      frame[n] = window[n] * x[static_cast<size_t>(m) * kShift + n];
    }
    fft.forward(frame.data(), bins.data());
    for (int j = 0; j < kBands; ++j) {
      double power = 0.0;
      const size_t end = bin_of(kLowestBandHz * std::pow(2.0, (2 * j + 1) / 6.0));
      for (size_t k = bin_of(kLowestBandHz * std::pow(2.0, (2 * j - 1) / 6.0)); k < end; ++k) {
        power += static_cast<double>(std::norm(bins[k]));
      }
      bands(m, j) = std::sqrt(power);
    }
  }
  return bands;
}

double correlation(const Eigen::VectorXd& x, const Eigen::VectorXd& y) {
  const double scale = x.norm() / (y.norm() + kEpsilon);
  const double clip = 1.0 + std::pow(10.0, kClipDb / 20.0);
  Eigen::VectorXd clipped = (y * scale).cwiseMin(x * clip);
  clipped.array() -= clipped.mean();
  const Eigen::VectorXd centred = x.array() - x.mean();
  return clipped.dot(centred) / ((clipped.norm() + kEpsilon) * (centred.norm() + kEpsilon));
}

}  // namespace

std::optional<double> short_time_intelligibility(AudioView natural, AudioView copy) {
  BIVOX_CHECK(natural.sample_rate_hz == copy.sample_rate_hz);
  const size_t common = std::min(natural.samples.size(), copy.samples.size());
  const std::vector<float> x = resample(natural.part(0, common), kRate).samples;
  const std::vector<float> y = resample(copy.part(0, common), kRate).samples;
  const std::vector<float> window = analysis_window();
  const std::vector<bool> keep = loud_frames(x, window);
  const Eigen::MatrixXd a = band_amplitudes(joined(x, keep, window), window);
  const Eigen::MatrixXd b = band_amplitudes(joined(y, keep, window), window);
  if (a.rows() < kSegment) return std::nullopt;
  double sum = 0.0;
  for (Eigen::Index m = 0; m + kSegment <= a.rows(); ++m) {
    for (Eigen::Index j = 0; j < kBands; ++j) {
      sum += correlation(a.col(j).segment(m, kSegment), b.col(j).segment(m, kSegment));
    }
  }
  return sum / static_cast<double>((a.rows() - kSegment + 1) * kBands);
}

}  // namespace bivox
