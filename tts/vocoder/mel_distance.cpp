#include "tts/vocoder/mel_distance.h"

#include <algorithm>
#include <cmath>
#include <complex>
#include <vector>

#include "dsp/core/check.h"
#include "dsp/features/fft.h"
#include "dsp/features/mel_filterbank.h"
#include "dsp/features/window.h"
#include "models/nn/loss_record.h"

namespace bivox {
namespace {

using Complex = std::complex<float>;

std::vector<MelFilter> bank_of(const MelResolution& resolution, const MelDistanceOptions& options) {
  MelFilterbankOptions bank;
  bank.sample_rate_hz = options.sample_rate_hz;
  bank.fft_size = resolution.fft;
  bank.num_mel = resolution.bands;
  bank.low_hz = options.low_hz;
  bank.high_hz = options.sample_rate_hz / 2.0;
  return make_mel_filterbank(bank);
}

// The distance of one utterance at one resolution, and its gradient.
class Distance {
 public:
  Distance(const MelResolution& resolution, const std::vector<MelFilter>& bank, float floor)
      : resolution_(resolution),
        bank_(bank),
        floor_(floor),
        fft_(resolution.fft),
        window_(make_window(WindowKind::kHannPeriodic, resolution.window)),
        frame_(static_cast<size_t>(resolution.fft)),
        x_spectrum_(static_cast<size_t>(fft_.bins())),
        target_spectrum_(x_spectrum_.size()),
        slope_(x_spectrum_.size()) {}

  // Adds d distance / d x to `dx` unless it is null.
  double distance(const float* x, const float* target, int64_t samples, float* dx) {
    const int64_t frames = 1 + samples / resolution_.hop;
    const double weight = 1.0 / static_cast<double>(frames * resolution_.bands);
    double sum = 0.0;
    for (int64_t m = 0; m < frames; ++m) {
      const int64_t first = m * resolution_.hop - resolution_.window / 2;
      transform(target, samples, first, target_spectrum_);
      transform(x, samples, first, x_spectrum_);
      std::fill(slope_.begin(), slope_.end(), 0.0F);
      for (const MelFilter& filter : bank_) {
        const float here = power(filter, x_spectrum_);
        const float there = std::max(power(filter, target_spectrum_), floor_);
        const float ratio = std::log(std::max(here, floor_) / there);
        sum += static_cast<double>(std::fabs(ratio));
        if (here <= floor_ || ratio == 0.0F) continue;
        // d |ln P| / dRe = +-2 w Re / P
        const auto slope = static_cast<float>((ratio > 0.0F ? 2.0 : -2.0) * weight) / here;
        for (size_t k = 0; k < filter.weights.size(); ++k) {
          slope_[static_cast<size_t>(filter.first_bin) + k] += slope * filter.weights[k];
        }
      }
      if (dx != nullptr) add_transposed(samples, first, dx);
    }
    return sum * weight;
  }

 private:
  void transform(const float* x, int64_t samples, int64_t first, std::vector<Complex>& spectrum) {
    std::fill(frame_.begin(), frame_.end(), 0.0F);
    const int64_t begin = std::max<int64_t>(0, -first);
    const int64_t end = std::min<int64_t>(resolution_.window, samples - first);
    for (int64_t n = begin; n < end; ++n) {
      frame_[static_cast<size_t>(n)] = x[first + n] * window_[static_cast<size_t>(n)];
    }
    fft_.forward(frame_.data(), spectrum.data());
  }

  static float power(const MelFilter& filter, const std::vector<Complex>& spectrum) {
    float sum = 0.0F;
    for (size_t k = 0; k < filter.weights.size(); ++k) {
      sum += filter.weights[k] * std::norm(spectrum[static_cast<size_t>(filter.first_bin) + k]);
    }
    return sum;
  }

  // With G = dL/dRe + i dL/dIm of the half spectrum: dL/dx[n] = w[n] Re sum_k G[k] exp(2 pi i k n /
  // N). The inverse transform counts all bins but the first and last twice and divides by N.
  void add_transposed(int64_t samples, int64_t first, float* dx) {
    const auto size = static_cast<float>(resolution_.fft);
    for (size_t k = 0; k < slope_.size(); ++k) {
      const bool once = k == 0 || k + 1 == slope_.size();
      x_spectrum_[k] *= slope_[k] * (once ? size : 0.5F * size);
    }
    fft_.inverse(x_spectrum_.data(), frame_.data());
    const int64_t begin = std::max<int64_t>(0, -first);
    const int64_t end = std::min<int64_t>(resolution_.window, samples - first);
    for (int64_t n = begin; n < end; ++n) {
      dx[first + n] += frame_[static_cast<size_t>(n)] * window_[static_cast<size_t>(n)];
    }
  }

  const MelResolution& resolution_;
  const std::vector<MelFilter>& bank_;
  float floor_;
  RealFft fft_;
  std::vector<float> window_;
  std::vector<float> frame_;
  std::vector<Complex> x_spectrum_;
  std::vector<Complex> target_spectrum_;
  std::vector<float> slope_;
};

}  // namespace

Var mel_distance(Var x, const Tensor& target, const MelDistanceOptions& options) {
  const Shape& shape = x.shape();
  BIVOX_CHECK(shape.rank() == 3 && shape[2] == 1 && target.shape() == shape);
  BIVOX_CHECK(!options.resolutions.empty() && options.floor > 0.0F);
  Tape& tape = x.tape();
  const int64_t time = shape[1];
  Tensor gradient;
  if (tape.needs_gradient(x)) gradient = Tensor(shape);
  std::vector<std::vector<MelFilter>> banks;
  for (const MelResolution& r : options.resolutions) {
    BIVOX_CHECK(r.fft % 2 == 0 && r.hop >= 1 && r.window >= 1 && r.window <= r.fft);
    banks.push_back(bank_of(r, options));
  }
  std::vector<double> values(static_cast<size_t>(shape[0]), 0.0);
  for_utterances(tape.context(), values.size(), [&](int b) {
    for (size_t r = 0; r < banks.size(); ++r) {
      Distance distance(options.resolutions[r], banks[r], options.floor);
      values[static_cast<size_t>(b)] +=
          distance.distance(x.value().data() + b * time, target.data() + b * time, time,
                            gradient.empty() ? nullptr : gradient.data() + b * time);
    }
  });
  double total = 0.0;
  for (const double value : values) total += value;
  const double weight = 1.0 / static_cast<double>(values.size() * banks.size());
  return record_loss(x, total * weight, weight, std::move(gradient));
}

}  // namespace bivox
