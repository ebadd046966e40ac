// Discrete Fourier transform of real signals, the half spectrum only.
//
//   X[k] = sum_n x[n] exp(-2 pi i k n / N),  k = 0 .. N/2
//
// Backend: FFTW (single precision) by default, Eigen's kissfft when Bivox is built with
// BIVOX_FFT=eigen; the same results to rounding (tests/dsp/fft_test.cpp compares with a direct sum
// in double). Any even size is allowed; products of 2, 3, 5 and 7 are fast. Thread rule: one object
// per stream, as it owns scratch buffers; making one takes a process-wide lock (FFTW's planner is
// not re-entrant), executing takes none. No allocation after construction. Errors: Error(kUsage)
// for a size that is odd or below 2. Source: Frigo & Johnson, "The Design and Implementation of
// FFTW3", Proc. IEEE 93(2), 2005.
#pragma once

#include <complex>
#include <memory>

namespace bivox {

class RealFft {
 public:
  /// `batch` transforms are done by one call; it is a matter of speed only.
  explicit RealFft(int size, int batch = 1);
  ~RealFft();
  RealFft(RealFft&& other) noexcept;
  RealFft& operator=(RealFft&& other) noexcept;
  RealFft(const RealFft&) = delete;
  RealFft& operator=(const RealFft&) = delete;

  int size() const;
  int bins() const { return size() / 2 + 1; }

  /// One transform: in[size] -> out[size / 2 + 1].
  void forward(const float* in, std::complex<float>* out);
  /// in[size / 2 + 1] -> out[size], scaled by 1 / size so that inverse(forward(x)) = x.
  void inverse(const std::complex<float>* in, float* out);

  /// The batch without copies: fill rows of batch_input() `[batch x input_stride]`, run, read
  /// batch_output() `[batch x output_stride]`. Strides keep every row aligned to 64 bytes.
  float* batch_input();
  const std::complex<float>* batch_output() const;
  int input_stride() const;
  int output_stride() const;
  void forward_batch(int rows);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace bivox
