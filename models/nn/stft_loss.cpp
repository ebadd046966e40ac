#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "dsp/core/check.h"
#include "dsp/features/fft.h"
#include "models/nn/frame_mask.h"
#include "models/nn/loss_record.h"
#include "models/nn/losses.h"

namespace bivox {
namespace {

using Complex = std::complex<float>;

// The two distances of one utterance at one resolution, and their gradient.
class StftDistance {
 public:
  StftDistance(const StftResolution& resolution, const StftLossOptions& options)
      : resolution_(resolution),
        options_(options),
        fft_(resolution.fft),
        window_(make_window(options.window, resolution.window)),
        frame_(static_cast<size_t>(resolution.fft)),
        bins_(static_cast<size_t>(fft_.bins())),
        spectrum_(bins_) {}

  // Adds weight * d distance / d x to `dx` unless it is null.
  double distance(const float* x, const float* target, int64_t samples, float weight, float* dx) {
    const int64_t frames = 1 + samples / resolution_.hop;
    const size_t cells = static_cast<size_t>(frames) * bins_;
    spectra_.resize(cells);
    magnitudes_.resize(cells);
    targets_.resize(cells);
    transform(target, samples, frames, targets_);
    transform(x, samples, frames, magnitudes_);  // last: leaves its spectra
    double distance_squared = 0.0;
    double target_squared = 0.0;
    double log_distance = 0.0;
    for (size_t i = 0; i < cells; ++i) {
      const double away = double{targets_[i]} - double{magnitudes_[i]};
      distance_squared += away * away;
      target_squared += double{targets_[i]} * double{targets_[i]};
      log_distance += std::fabs(std::log(targets_[i] / magnitudes_[i]));
    }
    const double numerator = std::sqrt(distance_squared);
    const double denominator = std::sqrt(target_squared);
    const double convergence_slope =
        numerator == 0.0 ? 0.0 : options_.convergence_weight / (numerator * denominator);
    const double magnitude_slope = options_.magnitude_weight / static_cast<double>(cells);
    for (size_t i = 0; dx != nullptr && i < cells; ++i) {
      const float m = magnitudes_[i];
      const float away = m - targets_[i];
      const double sign = (away > 0.0F) - (away < 0.0F);
      const double by_magnitude = convergence_slope * away + magnitude_slope * sign / m;
      // Under the floor the magnitude does not move.
      const bool moves = std::norm(spectra_[i]) > options_.power_floor;
      spectra_[i] *= moves ? static_cast<float>(weight * by_magnitude / m) : 0.0F;
    }
    if (dx != nullptr) add_transposed(samples, frames, dx);
    return options_.convergence_weight * numerator / denominator +
           options_.magnitude_weight * log_distance / static_cast<double>(cells);
  }

 private:
  // First sample under the window of frame m.
  int64_t start(int64_t m) const { return m * resolution_.hop - resolution_.window / 2; }

  void transform(const float* x, int64_t samples, int64_t frames, std::vector<float>& magnitudes) {
    const int64_t margin = (resolution_.fft - resolution_.window) / 2;
    for (int64_t m = 0; m < frames; ++m) {
      std::fill(frame_.begin(), frame_.end(), 0.0F);
      const int64_t first = start(m);
      for (int64_t n = 0; n < resolution_.window; ++n) {
        const int64_t s = first + n;
        if (s < 0 || s >= samples) continue;
        frame_[static_cast<size_t>(margin + n)] = x[s] * window_[static_cast<size_t>(n)];
      }
      Complex* row = spectra_.data() + static_cast<size_t>(m) * bins_;
      fft_.forward(frame_.data(), row);
      float* out = magnitudes.data() + static_cast<size_t>(m) * bins_;
      for (size_t k = 0; k < bins_; ++k) {
        out[k] = std::sqrt(std::max(std::norm(row[k]), options_.power_floor));
      }
    }
  }

  // With G = dL/dRe + i dL/dIm of the half spectrum: dL/dx[n] = w[n] Re sum_k G[k] exp(2 pi i k n /
  // N). The inverse transform counts all bins but the first and last twice and divides by N.
  void add_transposed(int64_t samples, int64_t frames, float* dx) {
    const int64_t margin = (resolution_.fft - resolution_.window) / 2;
    const auto size = static_cast<float>(resolution_.fft);
    for (int64_t m = 0; m < frames; ++m) {
      const Complex* row = spectra_.data() + static_cast<size_t>(m) * bins_;
      for (size_t k = 0; k < bins_; ++k) {
        spectrum_[k] = row[k] * (k == 0 || k + 1 == bins_ ? size : 0.5F * size);
      }
      fft_.inverse(spectrum_.data(), frame_.data());
      const int64_t first = start(m);
      for (int64_t n = 0; n < resolution_.window; ++n) {
        const int64_t s = first + n;
        if (s < 0 || s >= samples) continue;
        dx[s] += frame_[static_cast<size_t>(margin + n)] * window_[static_cast<size_t>(n)];
      }
    }
  }

  StftResolution resolution_;
  const StftLossOptions& options_;
  RealFft fft_;
  std::vector<float> window_;
  std::vector<float> frame_;
  size_t bins_;
  std::vector<Complex> spectrum_;
  std::vector<Complex> spectra_;  // [frames x bins] of x, then their gradient
  std::vector<float> magnitudes_;
  std::vector<float> targets_;
};

}  // namespace

Var stft_loss(Var x, const Tensor& target, std::span<const int> lengths,
              const StftLossOptions& options) {
  const Shape& shape = x.shape();
  BIVOX_CHECK(shape.rank() == 3 && shape[2] == 1 && target.shape() == shape);
  BIVOX_CHECK(!options.resolutions.empty() && options.power_floor > 0.0F);
  for (const StftResolution& r : options.resolutions) {
    BIVOX_CHECK(r.fft >= 2 && r.fft % 2 == 0 && r.hop >= 1 && r.window >= 1 && r.window <= r.fft);
  }
  check_lengths(lengths, shape[0], shape[1]);
  Tape& tape = x.tape();
  const int64_t time = shape[1];
  Tensor gradient;
  if (tape.needs_gradient(x)) gradient = Tensor(shape);
  std::vector<double> values(static_cast<size_t>(shape[0]), 0.0);
  int64_t count = 0;
  for (int64_t b = 0; b < shape[0]; ++b) count += real_frames(lengths, b, time) > 0 ? 1 : 0;
  for_utterances(tape.context(), static_cast<size_t>(shape[0]), [&](int b) {
    const int64_t samples = real_frames(lengths, b, time);
    if (samples == 0) return;
    for (const StftResolution& resolution : options.resolutions) {
      StftDistance distance(resolution, options);
      values[static_cast<size_t>(b)] +=
          distance.distance(x.value().data() + b * time, target.data() + b * time, samples, 1.0F,
                            gradient.empty() ? nullptr : gradient.data() + b * time);
    }
  });
  double total = 0.0;
  for (const double value : values) total += value;
  const double weight = 1.0 / static_cast<double>(std::max<int64_t>(count, 1) *
                                                  static_cast<int64_t>(options.resolutions.size()));
  return record_loss(x, total * weight, weight, std::move(gradient));
}

}  // namespace bivox
