// Real Fourier transforms of 32 points down the rows of a matrix, all channels side by side: the
// micro-kernels below conv1d_spectral.h.
//
// A spectrum is 32 real rows: re 0, re 16, then re k, im k for k in 1..15, of
// X_k = sum_j x_j e^{-2 pi i j k / 32}. inverse() is 32 times the inverse transform.
// Source: Sorensen, Jones, Heideman & Burrus, "Real-valued fast Fourier transform algorithms",
// IEEE Trans. ASSP 35(6), 1987, section II (radix 2). Thread rule: pure functions. Test:
// tests/models/nn/conv1d_spectral_test.cpp.
#pragma once

#include <cstdint>

#include "models/nn/kernels/compute.h"

namespace bivox::kernels {

constexpr int kSpectrumSize = 32;

struct SpectralKernel {
  int lanes = 1;  ///< Rows of spectra are written in whole vectors: room up to a multiple.
  /// rows[j][0, channels) to out[component * stride + channel], times `scale`. The next call will
  /// want rows[j] + ahead: they are fetched meanwhile, as that takes longer than the transform.
  void (*forward)(const float* const* rows, int channels, float scale, float* out, int64_t stride,
                  int64_t ahead);
  /// The first `count` points: rows[j][channel] = (or +=) point j (+ bias[channel]). The next call
  /// will want in + ahead.
  void (*inverse)(const float* in, int64_t stride, int channels, const float* bias, bool accumulate,
                  float* const* rows, int count, int64_t ahead);
};
const SpectralKernel& spectral_kernel(Isa isa);

const SpectralKernel* plain_spectral_kernel();
const SpectralKernel* avx2_spectral_kernel();
const SpectralKernel* avx512_spectral_kernel();

}  // namespace bivox::kernels
