#include "dsp/features/frame_kernels.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "dsp/features/frame_kernels.cpp"
#include <hwy/foreach_target.h>  // compiles the rest once for every instruction set
#include <hwy/highway.h>
// After highway.h, as it is included once for every instruction set.
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace bivox::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Float = hn::CappedTag<float, kBlock>;

float shape_frame_impl(const float* samples, int length, const float* window,
                       const FrameShaping& shaping, float* out, int out_size) {
  const Float d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  float mean = 0.0F;
  if (shaping.remove_dc) {
    // Two sums hide the latency of the addition.
    auto sum0 = hn::Zero(d);
    auto sum1 = hn::Zero(d);
    int i = 0;
    for (; i + 2 * lanes <= length; i += 2 * lanes) {
      sum0 = hn::Add(sum0, hn::LoadU(d, samples + i));
      sum1 = hn::Add(sum1, hn::LoadU(d, samples + i + lanes));
    }
    float rest = 0.0F;
    for (; i < length; ++i) rest += samples[i];
    mean =
        (hn::GetLane(hn::SumOfLanes(d, hn::Add(sum0, sum1))) + rest) / static_cast<float>(length);
  }
  const float a = shaping.pre_emphasis;
  // (x[i] - mean) - a (x[i-1] - mean) = x[i] - a x[i-1] - (1 - a) mean
  const float offset = (1.0F - a) * mean;
  const auto va = hn::Set(d, a);
  const auto voffset = hn::Set(d, offset);
  int i = 0;
  for (; i + lanes <= length; i += lanes) {
    const auto x = hn::LoadU(d, samples + i);
    const auto before = hn::LoadU(d, samples + i - 1);
    const auto y = hn::Sub(hn::NegMulAdd(va, before, x), voffset);
    hn::StoreU(hn::Mul(y, hn::LoadU(d, window + i)), d, out + i);
  }
  for (; i < length; ++i) out[i] = (samples[i] - a * samples[i - 1] - offset) * window[i];
  if (shaping.prior == PreEmphasisPrior::kFrame) {
    out[0] = (samples[0] - mean) * (1.0F - a) * window[0];
  }
  std::fill(out + length, out + out_size, 0.0F);

  // Energy is asked for by few chains; it costs one pass over data that is in the cache.
  float energy = 0.0F;
  if (shaping.energy == FrameEnergy::kRaw) {
    for (int n = 0; n < length; ++n) energy += (samples[n] - mean) * (samples[n] - mean);
  } else if (shaping.energy == FrameEnergy::kWindowed) {
    for (int n = 0; n < length; ++n) energy += out[n] * out[n];
  }
  return energy;
}

void scale_samples_impl(const float* HWY_RESTRICT in, size_t n, float scale, bool round_to_int16,
                        float* HWY_RESTRICT out) {
  const Float d;
  const size_t lanes = hn::Lanes(d);
  const auto vscale = hn::Set(d, scale);
  const auto largest = hn::Set(d, kLargestSample);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    const auto x = hn::LoadU(d, in + i);
    // Comparisons with NaN are false, so NaN becomes 0 as infinities do.
    auto y = hn::Mul(hn::IfThenElseZero(hn::Le(hn::Abs(x), largest), x), vscale);
    if (round_to_int16) {
      y = hn::Min(hn::Max(hn::Round(y), hn::Set(d, -32768.0F)), hn::Set(d, 32767.0F));
    }
    hn::StoreU(y, d, out + i);
  }
  for (; i < n; ++i) {
    float y = (std::fabs(in[i]) <= kLargestSample ? in[i] : 0.0F) * scale;
    if (round_to_int16) y = std::clamp(std::nearbyint(y), -32768.0F, 32767.0F);
    out[i] = y;
  }
}

void power_spectrum_impl(const float* HWY_RESTRICT spectrum, int bins, bool magnitude,
                         float* HWY_RESTRICT out) {
  const Float d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  int k = 0;
  for (; k + lanes <= bins; k += lanes) {
    hn::VFromD<Float> re;
    hn::VFromD<Float> im;
    hn::LoadInterleaved2(d, spectrum + 2 * k, re, im);
    auto power = hn::MulAdd(re, re, hn::Mul(im, im));
    if (magnitude) power = hn::Sqrt(power);
    hn::StoreU(power, d, out + k);
  }
  for (; k < bins; ++k) {
    const float re = spectrum[2 * k];
    const float im = spectrum[2 * k + 1];
    const float power = re * re + im * im;
    out[k] = magnitude ? std::sqrt(power) : power;
  }
}

void mel_block_impl(std::span<const MelFilter> filters, const float* HWY_RESTRICT power,
                    int power_stride, int bins, float* HWY_RESTRICT scratch,
                    float* HWY_RESTRICT out) {
  const Float d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const int num_filters = static_cast<int>(filters.size());
  // Frames become lanes: a filter of any width then costs one multiply-add a bin for all frames.
  for (int f = 0; f < kBlock; ++f) {
    const float* row = power + f * power_stride;
    for (int k = 0; k < bins; ++k) scratch[k * kBlock + f] = row[k];
  }
  HWY_ALIGN float sums[kBlock];
  for (int m = 0; m < num_filters; ++m) {
    const MelFilter& filter = filters[static_cast<size_t>(m)];
    const float* HWY_RESTRICT weights = filter.weights.data();
    const int width = static_cast<int>(filter.weights.size());
    const float* HWY_RESTRICT column = scratch + filter.first_bin * kBlock;
    for (int lane = 0; lane < kBlock; lane += lanes) {
      auto sum = hn::Zero(d);
      for (int k = 0; k < width; ++k) {
        sum = hn::MulAdd(hn::Set(d, weights[k]), hn::Load(d, column + k * kBlock + lane), sum);
      }
      hn::Store(sum, d, sums + lane);
    }
    for (int f = 0; f < kBlock; ++f) out[f * num_filters + m] = sums[f];
  }
}

void log_in_place_impl(float* x, int n, LogFloor kind, float floor) {
  const Float d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  const auto vfloor = hn::Set(d, floor);
  for (int i = 0; i < n; i += lanes) {
    const auto v = hn::Load(d, x + i);
    const auto floored = kind == LogFloor::kMax ? hn::Max(v, vfloor) : hn::Add(v, vfloor);
    hn::Store(hn::Log(d, floored), d, x + i);
  }
}

void multiply_row_impl(const float* HWY_RESTRICT in, int n, const float* HWY_RESTRICT matrix_t,
                       int columns_padded, float* HWY_RESTRICT out) {
  const Float d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  for (int c = 0; c < columns_padded; c += lanes) {
    auto even = hn::Zero(d);
    auto odd = hn::Zero(d);
    int m = 0;
    for (; m + 2 <= n; m += 2) {
      even = hn::MulAdd(hn::Set(d, in[m]), hn::Load(d, matrix_t + m * columns_padded + c), even);
      odd = hn::MulAdd(hn::Set(d, in[m + 1]), hn::Load(d, matrix_t + (m + 1) * columns_padded + c),
                       odd);
    }
    if (m < n) {
      even = hn::MulAdd(hn::Set(d, in[m]), hn::Load(d, matrix_t + m * columns_padded + c), even);
    }
    hn::Store(hn::Add(even, odd), d, out + c);
  }
}

float dot_impl(const float* HWY_RESTRICT a, const float* HWY_RESTRICT b, int n) {
  const Float d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  auto even = hn::Zero(d);
  auto odd = hn::Zero(d);
  int i = 0;
  for (; i + 2 * lanes <= n; i += 2 * lanes) {
    even = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), even);
    odd = hn::MulAdd(hn::LoadU(d, a + i + lanes), hn::LoadU(d, b + i + lanes), odd);
  }
  float rest = 0.0F;
  for (; i < n; ++i) rest += a[i] * b[i];
  return hn::GetLane(hn::SumOfLanes(d, hn::Add(even, odd))) + rest;
}

}  // namespace bivox::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bivox::kernels {

HWY_EXPORT(shape_frame_impl);
HWY_EXPORT(scale_samples_impl);
HWY_EXPORT(power_spectrum_impl);
HWY_EXPORT(mel_block_impl);
HWY_EXPORT(log_in_place_impl);
HWY_EXPORT(multiply_row_impl);
HWY_EXPORT(dot_impl);

float shape_frame(const float* samples, int length, const float* window,
                  const FrameShaping& shaping, float* out, int out_size) {
  return HWY_DYNAMIC_DISPATCH(shape_frame_impl)(samples, length, window, shaping, out, out_size);
}

void scale_samples(std::span<const float> in, float scale, bool round_to_int16, float* out) {
  HWY_DYNAMIC_DISPATCH(scale_samples_impl)(in.data(), in.size(), scale, round_to_int16, out);
}

void power_spectrum(const std::complex<float>* spectrum, int bins, bool magnitude, float* out) {
  HWY_DYNAMIC_DISPATCH(power_spectrum_impl)
  (reinterpret_cast<const float*>(spectrum), bins, magnitude, out);
}

void mel_block(std::span<const MelFilter> filters, const float* power, int power_stride, int bins,
               float* scratch, float* out) {
  HWY_DYNAMIC_DISPATCH(mel_block_impl)(filters, power, power_stride, bins, scratch, out);
}

void log_in_place(float* x, int n, LogFloor kind, float floor) {
  HWY_DYNAMIC_DISPATCH(log_in_place_impl)(x, n, kind, floor);
}

void multiply_row(const float* in, int n, const float* matrix_t, int columns_padded, float* out) {
  HWY_DYNAMIC_DISPATCH(multiply_row_impl)(in, n, matrix_t, columns_padded, out);
}

float dot(const float* a, const float* b, int n) { return HWY_DYNAMIC_DISPATCH(dot_impl)(a, b, n); }

}  // namespace bivox::kernels
#endif
