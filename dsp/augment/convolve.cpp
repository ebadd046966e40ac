#include "dsp/augment/convolve.h"

#include <algorithm>
#include <bit>
#include <complex>

#include "dsp/features/fft.h"

namespace bivox {

std::vector<float> convolve(std::span<const float> x, std::span<const float> h) {
  if (x.empty() || h.empty()) return {};
  const size_t total = x.size() + h.size() - 1;
  // Blocks about as long as the shorter signal cost least.
  const size_t shorter = std::min(x.size(), h.size());
  const size_t size =
      std::min(std::bit_ceil(std::max<size_t>(4 * shorter, 256)), std::bit_ceil(total + 1));
  const std::span<const float> filter = x.size() < h.size() ? x : h;
  const std::span<const float> signal = x.size() < h.size() ? h : x;
  const size_t block = size - filter.size() + 1;

  RealFft fft(static_cast<int>(size));
  std::vector<float> in(size, 0.0F);
  std::vector<std::complex<float>> filter_spectrum(static_cast<size_t>(fft.bins()));
  std::vector<std::complex<float>> spectrum(filter_spectrum.size());
  std::copy(filter.begin(), filter.end(), in.begin());
  fft.forward(in.data(), filter_spectrum.data());

  std::vector<float> y(total, 0.0F);
  for (size_t begin = 0; begin < signal.size(); begin += block) {
    const size_t count = std::min(block, signal.size() - begin);
    std::fill(in.begin(), in.end(), 0.0F);
    std::copy_n(signal.begin() + static_cast<ptrdiff_t>(begin), count, in.begin());
    fft.forward(in.data(), spectrum.data());
    for (size_t k = 0; k < spectrum.size(); ++k) {
      const std::complex<float> a = spectrum[k];
      const std::complex<float> b = filter_spectrum[k];
      spectrum[k] = {a.real() * b.real() - a.imag() * b.imag(),
                     a.real() * b.imag() + a.imag() * b.real()};
    }
    fft.inverse(spectrum.data(), in.data());
    const size_t end = std::min(begin + size, total);
    for (size_t n = begin; n < end; ++n) y[n] += in[n - begin];
  }
  return y;
}

}  // namespace bivox
