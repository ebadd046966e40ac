#include "legacy/gmm/gmm_kernels.h"

#include <algorithm>
#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "legacy/gmm/gmm_kernels.cpp"
#include <hwy/foreach_target.h>  // compiles the rest once for every instruction set
#include <hwy/highway.h>
// After highway.h, as it is included once for every instruction set.
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace bivox::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Float = hn::CappedTag<float, kGroup>;
using Vec = hn::Vec<Float>;

/// Part of one group: kVectors vectors of densities from `lane` on, for kFrames frames. Everything
/// stays in registers: the accumulators hide the latency of the multiply-adds, each parameter is
/// loaded once for all frames and each feature once for all vectors.
template <int kVectors, int kFrames>
HWY_INLINE void group_densities(const float* HWY_RESTRICT group, int dims, int lane,
                                const float* HWY_RESTRICT x, int stride, float* HWY_RESTRICT out,
                                int out_stride) {
  static_assert(kVectors <= 2 && kFrames <= 8);
  const Float d;
  const size_t lanes = hn::Lanes(d);
  const float* constants = group + 2 * dims * kGroup + lane;
  Vec sums[kVectors][kFrames];  // unrolled by the compiler into registers
  for (int v = 0; v < kVectors; ++v) {
    for (int f = 0; f < kFrames; ++f) {
      sums[v][f] = hn::Load(d, constants + static_cast<size_t>(v) * lanes);
    }
  }
  for (int dim = 0; dim < dims; ++dim) {
    const float* scale = group + 2 * dim * kGroup + lane;
    Vec scales[kVectors];
    Vec shifts[kVectors];
    for (int v = 0; v < kVectors; ++v) {
      scales[v] = hn::Load(d, scale + static_cast<size_t>(v) * lanes);
      shifts[v] = hn::Load(d, scale + kGroup + static_cast<size_t>(v) * lanes);
    }
    for (int f = 0; f < kFrames; ++f) {
      const Vec value = hn::Set(d, x[f * stride + dim]);
      for (int v = 0; v < kVectors; ++v) {
        const Vec t = hn::MulSub(value, scales[v], shifts[v]);
        sums[v][f] = hn::NegMulAdd(t, t, sums[v][f]);
      }
    }
  }
  for (int v = 0; v < kVectors; ++v) {
    for (int f = 0; f < kFrames; ++f) {
      hn::Store(sums[v][f], d, out + f * out_stride + lane + static_cast<int>(lanes) * v);
    }
  }
}

template <int kVectors, int kFrames>
HWY_INLINE void block_densities(const float* HWY_RESTRICT block, int dims, int padded_densities,
                                const float* HWY_RESTRICT x, int stride, float* HWY_RESTRICT out) {
  const int step = kVectors * static_cast<int>(hn::Lanes(Float()));
  for (int first = 0; first < padded_densities; first += kGroup) {
    for (int lane = 0; lane < kGroup; lane += step) {
      group_densities<kVectors, kFrames>(block, dims, lane, x, stride, out + first,
                                         padded_densities);
    }
    block += gaussian_block_size(dims, kGroup);
  }
}

void log_densities_impl(const float* block, int dims, int padded_densities, const float* x,
                        int stride, int frames, float* out) {
  // AVX-512 has 32 registers but one vector a group; the others have 16 and at least two.
  constexpr bool kOneVector = hn::MaxLanes(Float()) >= kGroup;
  constexpr int kVectors = kOneVector ? 1 : 2;
  constexpr int kFrames = kOneVector ? 8 : 4;
  if (kVectors * static_cast<int>(hn::Lanes(Float())) > kGroup) return;  // cannot be
  int f = 0;
  for (; f + kFrames <= frames; f += kFrames) {
    block_densities<kVectors, kFrames>(block, dims, padded_densities, x + f * stride, stride,
                                       out + f * padded_densities);
  }
  for (; f < frames; ++f) {
    block_densities<kVectors, 1>(block, dims, padded_densities, x + f * stride, stride,
                                 out + f * padded_densities);
  }
}

int select_densities_impl(const float* log_densities, int padded_densities, float threshold,
                          int32_t* kept, float* values, float* best) {
  const Float d;
  const hn::RebindToSigned<Float> di;
  const int lanes = static_cast<int>(hn::Lanes(d));
  auto maximum = hn::Set(d, kNoDensity);
  for (int i = 0; i < padded_densities; i += lanes) {
    maximum = hn::Max(maximum, hn::Load(d, log_densities + i));
  }
  const float top = hn::GetLane(hn::MaxOfLanes(d, maximum));
  const float cutoff = std::max(top - threshold, 0.5F * kNoDensity);
  const auto limit = hn::Set(d, cutoff);
  const auto top_vector = hn::Set(d, top);
  size_t count = 0;
  for (int i = 0; i < padded_densities; i += lanes) {
    const auto values_here = hn::Load(d, log_densities + i);
    const auto keep = hn::Ge(values_here, limit);
    if (hn::AllFalse(d, keep)) continue;
    // Not CompressStore: compressing straight to memory takes a hundred cycles on some machines.
    hn::StoreU(hn::Compress(hn::Iota(di, i), hn::RebindMask(di, keep)), di, kept + count);
    hn::StoreU(hn::Compress(hn::Sub(values_here, top_vector), keep), d, values + count);
    count += hn::CountTrue(d, keep);
  }
  if (count == 0) {  // features that are infinite or no numbers
    kept[0] = 0;
    values[0] = 1.0F;
    *best = kNoDensity;
    return 1;
  }
  for (size_t i = 0; i < count; i += static_cast<size_t>(lanes)) {
    hn::StoreU(hn::Exp(d, hn::LoadU(d, values + i)), d, values + i);
  }
  *best = top;
  return static_cast<int>(count);
}

/// kVectors vectors of states from `first` on.
template <int kVectors>
HWY_INLINE void mix_chunk(std::span<const KeptDensities> streams, int padded_states, int first,
                          float* HWY_RESTRICT out) {
  const Float d;
  const hn::Rebind<hwy::bfloat16_t, Float> dw;
  const size_t lanes = hn::Lanes(d);
  Vec products[kVectors];
  Vec logs[kVectors];
  float best = 0.0F;
  for (int v = 0; v < kVectors; ++v) {
    products[v] = hn::Set(d, 1.0F);
    logs[v] = hn::Zero(d);
  }
  int factors = 0;
  for (const KeptDensities& stream : streams) {
    best += stream.best;
    Vec sums[kVectors];
    for (int v = 0; v < kVectors; ++v) sums[v] = hn::Zero(d);
    for (int k = 0; k < stream.count; ++k) {
      const auto* weights = reinterpret_cast<const hwy::bfloat16_t*>(
          stream.weights + static_cast<ptrdiff_t>(stream.indices[k]) * padded_states + first);
      const Vec value = hn::Set(d, stream.values[k]);
      for (int v = 0; v < kVectors; ++v) {
        const auto weight =
            hn::PromoteTo(d, hn::LoadU(dw, weights + static_cast<size_t>(v) * lanes));
        sums[v] = hn::MulAdd(value, weight, sums[v]);
      }
    }
    // A sum is at least 1e-12, the least weight: three of them stay normal numbers in single
    // precision, a fourth might not.
    const bool full = ++factors == 3;
    for (int v = 0; v < kVectors; ++v) {
      products[v] = hn::Mul(products[v], sums[v]);
      if (full) {
        logs[v] = hn::Add(logs[v], hn::Log(d, products[v]));
        products[v] = hn::Set(d, 1.0F);
      }
    }
    if (full) factors = 0;
  }
  const Vec offset = hn::Set(d, best);
  for (int v = 0; v < kVectors; ++v) {
    if (factors > 0) logs[v] = hn::Add(logs[v], hn::Log(d, products[v]));
    hn::StoreU(hn::Add(logs[v], offset), d, out + first + static_cast<int>(lanes) * v);
  }
}

void mix_states_impl(std::span<const KeptDensities> streams, int padded_states, float* out) {
  const int lanes = static_cast<int>(hn::Lanes(Float()));
  int first = 0;
  for (; first + 8 * lanes <= padded_states; first += 8 * lanes) {
    mix_chunk<8>(streams, padded_states, first, out);
  }
  for (; first + 4 * lanes <= padded_states; first += 4 * lanes) {
    mix_chunk<4>(streams, padded_states, first, out);
  }
  for (; first < padded_states; first += lanes) {
    mix_chunk<1>(streams, padded_states, first, out);
  }
}

float log_mixture_impl(const float* log_densities, const float* weights, int padded_densities) {
  const Float d;
  const int lanes = static_cast<int>(hn::Lanes(d));
  auto maximum = hn::Set(d, kNoDensity);
  for (int i = 0; i < padded_densities; i += lanes) {
    maximum = hn::Max(maximum, hn::Load(d, log_densities + i));
  }
  const float top = hn::GetLane(hn::MaxOfLanes(d, maximum));
  if (!(top > 0.5F * kNoDensity)) return kNoDensity;
  const auto top_vector = hn::Set(d, top);
  auto sum = hn::Zero(d);
  for (int i = 0; i < padded_densities; i += lanes) {
    const auto value = hn::Exp(d, hn::Sub(hn::Load(d, log_densities + i), top_vector));
    sum = hn::MulAdd(value, hn::Load(d, weights + i), sum);
  }
  return top + std::log(hn::GetLane(hn::SumOfLanes(d, sum)));
}

}  // namespace bivox::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bivox {
namespace kernels {
HWY_EXPORT(log_densities_impl);
HWY_EXPORT(select_densities_impl);
HWY_EXPORT(mix_states_impl);
HWY_EXPORT(log_mixture_impl);
}  // namespace kernels

void log_densities(const float* block, int dims, int padded_densities, const float* x, int stride,
                   int frames, float* out) {
  using namespace kernels;  // HWY_DYNAMIC_DISPATCH takes an unqualified name
  HWY_DYNAMIC_DISPATCH(log_densities_impl)(block, dims, padded_densities, x, stride, frames, out);
}

int select_densities(const float* log_densities, int padded_densities, float threshold,
                     int32_t* kept, float* values, float* best) {
  using namespace kernels;
  return HWY_DYNAMIC_DISPATCH(select_densities_impl)(log_densities, padded_densities, threshold,
                                                     kept, values, best);
}

void mix_states(std::span<const KeptDensities> streams, int padded_states, float* out) {
  using namespace kernels;
  HWY_DYNAMIC_DISPATCH(mix_states_impl)(streams, padded_states, out);
}

float log_mixture(const float* log_densities, const float* weights, int padded_densities) {
  using namespace kernels;
  return HWY_DYNAMIC_DISPATCH(log_mixture_impl)(log_densities, weights, padded_densities);
}

}  // namespace bivox
#endif
