// The inner loops of the front end, vectorised with Google Highway; the instruction set (SSE4,
// AVX2, AVX-512, NEON) is chosen at run time. Every function gives the same bits for a frame
// wherever it stands in a block, which is what makes streaming equal one-shot.
//
// Thread rule: pure functions on the caller's buffers; no allocation.
// Test: tests/dsp/frame_kernels_test.cpp (against plain double loops).
#pragma once

#include <complex>
#include <cstdint>
#include <span>

#include "dsp/features/mel_filterbank.h"

namespace bivox {

enum class PreEmphasisPrior : uint8_t {
  kStream,  ///< y[0] = x[0] - a * (sample before the frame); zero before the stream (Sphinx).
  kFrame,   ///< y[0] = x[0] - a * x[0] (Kaldi).
};

enum class LogFloor : uint8_t {
  kMax,  ///< ln(max(x, floor)) (Kaldi, librosa).
  kAdd,  ///< ln(x + floor) (Sphinx).
};

namespace kernels {

/// Frames that the blocked kernels work on at a time.
inline constexpr int kBlock = 16;
/// Samples beyond this (full scale is 1) are no sound: their powers would overflow.
inline constexpr float kLargestSample = 1e6F;

enum class FrameEnergy : uint8_t { kNone, kRaw, kWindowed };

struct FrameShaping {
  bool remove_dc = true;
  float pre_emphasis = 0.97F;
  PreEmphasisPrior prior = PreEmphasisPrior::kFrame;
  /// Which energy to give back: before pre-emphasis and window, or after them.
  FrameEnergy energy = FrameEnergy::kNone;
};

/// DC removal, pre-emphasis and window: samples[-1 .. length) -> out[0 .. length), zeros up to
/// `out_size`. Returns the sum of squares asked for.
float shape_frame(const float* samples, int length, const float* window,
                  const FrameShaping& shaping, float* out, int out_size);

/// out[i] = clean(in[i]) * scale, where NaN and what exceeds kLargestSample become 0; rounded to
/// integers in the 16-bit range if asked for.
void scale_samples(std::span<const float> in, float scale, bool round_to_int16, float* out);

/// out[k] = |spectrum[k]|^2, or |spectrum[k]|.
void power_spectrum(const std::complex<float>* spectrum, int bins, bool magnitude, float* out);

/// out[f][m] = sum_k w_m[k] power[f][k] for kBlock frames. `power` is `[kBlock x power_stride]`,
/// `out` is `[kBlock x filters]`, `scratch` holds kBlock * power_stride floats aligned to 64 bytes.
void mel_block(std::span<const MelFilter> filters, const float* power, int power_stride, int bins,
               float* scratch, float* out);

/// x = ln(max(x, floor)) or ln(x + floor), n a multiple of 16, 64-byte aligned.
void log_in_place(float* x, int n, LogFloor kind, float floor);

/// out[c] = sum_m matrix_t[m][c] in[m]; columns padded to a multiple of 16 (`out` too), aligned.
void multiply_row(const float* in, int n, const float* matrix_t, int columns_padded, float* out);

/// sum_i a[i] b[i]
float dot(const float* a, const float* b, int n);

}  // namespace kernels

}  // namespace bivox
