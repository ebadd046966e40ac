// Short-time Fourier transform and its inverse by weighted overlap-add.
//
//   X[t, k] = sum_n w[n] x[start(t) + n] exp(-2 pi i k n / N)
//   x[m]    = sum_t w[m - start(t)] x_t[m - start(t)] / sum_t w[m - start(t)]^2
//
// Shapes: `[frames x fft_size / 2 + 1]`, one frame a row. Where frames lie is said in
// dsp/features/framing.h; the inverse is exact wherever the windows overlap without a gap.
// Errors: Error(kUsage) naming option and value. Thread rule: pure functions.
// Source: Griffin & Lim, IEEE Trans. ASSP 32(2), 1984, equation 6. Test: tests/dsp/stft_test.cpp.
#pragma once

#include <Eigen/Core>
#include <complex>

#include "dsp/audio/audio_buffer.h"
#include "dsp/features/framing.h"
#include "dsp/features/window.h"

namespace bivox {

using ComplexMatrix =
    Eigen::Matrix<std::complex<float>, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

struct StftOptions {
  int frame_length = 400;  ///< Samples.
  int frame_shift = 160;   ///< Samples.
  int fft_size = 512;      ///< Even, at least frame_length.
  WindowKind window = WindowKind::kHannPeriodic;
  FramePlacement placement = FramePlacement::kCentreZero;

  void validate() const;
};

ComplexMatrix stft(const StftOptions& options, AudioView audio);
/// A signal of `num_samples` samples at `sample_rate_hz`; samples that no window covers are 0.
AudioBuffer inverse_stft(const StftOptions& options, const ComplexMatrix& spectrum,
                         int64_t num_samples, int sample_rate_hz);

}  // namespace bivox
