#include "models/nn/kernels/elementwise.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/nn/kernels/elementwise.cpp"
#include <hwy/foreach_target.h>  // compiles the rest once for every instruction set
#include <hwy/highway.h>
// After highway.h, as it is included once for every instruction set.
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace bivox::elementwise::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// Calls f(tag, i) for whole vectors, then one by one for what is left.
template <class F>
HWY_INLINE void for_lanes(int64_t n, F&& f) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) f(d, i);
  const hn::CappedTag<float, 1> one;
  for (; i < n; ++i) f(one, i);
}

// exp(-|x|) never overflows: sigmoid(|x|) = 1 / (1 + e), sigmoid(-|x|) = e / (1 + e).
template <class D, class V>
HWY_INLINE V sigmoid(D d, V x) {
  const V e = hn::Exp(d, hn::Max(hn::Neg(hn::Abs(x)), hn::Set(d, -87.0F)));
  const V one = hn::Set(d, 1.0F);
  return hn::Div(hn::IfThenElse(hn::Lt(x, hn::Zero(d)), e, one), hn::Add(one, e));
}

// Not the maximum of x and 0: a NaN is handed on, so that a diverging training is seen in its loss.
template <class D, class V>
HWY_INLINE V rectified(D d, V x) {
  const V zero = hn::Zero(d);
  return hn::IfThenElse(hn::Lt(x, zero), zero, x);
}

template <class D, class V>
HWY_INLINE V hyperbolic_tangent(D d, V x) {
  const V limit = hn::Set(d, 10.0F);  // 1 - tanh(10) is below half a unit in the last place
  return hn::Tanh(d, hn::Min(hn::Max(x, hn::Neg(limit)), limit));
}

void apply_impl(Map map, int64_t n, const float* x, float* y) {
  switch (map) {
    case Map::kRelu:
      for_lanes(n, [&](auto d, int64_t i)
                       HWY_ATTR { hn::StoreU(rectified(d, hn::LoadU(d, x + i)), d, y + i); });
      break;
    case Map::kTanh:
      for_lanes(n, [&](auto d, int64_t i) HWY_ATTR {
        hn::StoreU(hyperbolic_tangent(d, hn::LoadU(d, x + i)), d, y + i);
      });
      break;
    case Map::kSigmoid:
      for_lanes(n, [&](auto d, int64_t i)
                       HWY_ATTR { hn::StoreU(sigmoid(d, hn::LoadU(d, x + i)), d, y + i); });
      break;
    case Map::kExp:
      for_lanes(n, [&](auto d, int64_t i) HWY_ATTR {
        const auto v = hn::LoadU(d, x + i);
        const auto lowest = hn::Set(d, -87.0F);
        const auto e = hn::Exp(d, hn::Max(lowest, v));
        hn::StoreU(hn::IfThenZeroElse(hn::Lt(v, lowest), e), d, y + i);
      });
      break;
  }
}

void apply_backward_impl(Map map, int64_t n, const float* HWY_RESTRICT y, float* HWY_RESTRICT dy) {
  switch (map) {
    case Map::kRelu:
      for_lanes(n, [&](auto d, int64_t i) HWY_ATTR {
        const auto open = hn::Gt(hn::LoadU(d, y + i), hn::Zero(d));
        hn::StoreU(hn::IfThenElseZero(open, hn::LoadU(d, dy + i)), d, dy + i);
      });
      break;
    case Map::kTanh:
      for_lanes(n, [&](auto d, int64_t i) HWY_ATTR {
        const auto v = hn::LoadU(d, y + i);
        const auto slope = hn::NegMulAdd(v, v, hn::Set(d, 1.0F));
        hn::StoreU(hn::Mul(slope, hn::LoadU(d, dy + i)), d, dy + i);
      });
      break;
    case Map::kSigmoid:
      for_lanes(n, [&](auto d, int64_t i) HWY_ATTR {
        const auto v = hn::LoadU(d, y + i);
        const auto slope = hn::NegMulAdd(v, v, v);
        hn::StoreU(hn::Mul(slope, hn::LoadU(d, dy + i)), d, dy + i);
      });
      break;
    case Map::kExp:
      for_lanes(n, [&](auto d, int64_t i) HWY_ATTR {
        hn::StoreU(hn::Mul(hn::LoadU(d, y + i), hn::LoadU(d, dy + i)), d, dy + i);
      });
      break;
  }
}

void add_impl(int64_t n, const float* a, float sign, const float* b, float* y) {
  for_lanes(n, [&](auto d, int64_t i) HWY_ATTR {
    const auto sum = hn::MulAdd(hn::Set(d, sign), hn::LoadU(d, b + i), hn::LoadU(d, a + i));
    hn::StoreU(sum, d, y + i);
  });
}

void scale_impl(int64_t n, float s, const float* x, float* y) {
  for_lanes(n, [&](auto d, int64_t i)
                   HWY_ATTR { hn::StoreU(hn::Mul(hn::Set(d, s), hn::LoadU(d, x + i)), d, y + i); });
}

void multiply_impl(int64_t n, const float* a, const float* b, float* y, bool accumulate) {
  if (accumulate) {
    for_lanes(n, [&](auto d, int64_t i) HWY_ATTR {
      const auto sum = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), hn::LoadU(d, y + i));
      hn::StoreU(sum, d, y + i);
    });
  } else {
    for_lanes(n, [&](auto d, int64_t i) HWY_ATTR {
      hn::StoreU(hn::Mul(hn::LoadU(d, a + i), hn::LoadU(d, b + i)), d, y + i);
    });
  }
}

// The mixing function of a 32-bit hash (Prospecting for hash functions, C. Wellons 2018).
void dropout_impl(int64_t first, int64_t n, uint64_t seed, float rate, const float* x, float* y) {
  const float keep = 1.0F / (1.0F - rate);
  const auto threshold = static_cast<uint32_t>(static_cast<double>(rate) * 4294967295.0);
  for_lanes(n, [&](auto d, int64_t i) HWY_ATTR {
    const hn::RebindToUnsigned<decltype(d)> du;
    const auto position = static_cast<uint64_t>(first + i);
    auto h = hn::Iota(du, static_cast<uint32_t>(position));
    h = hn::Add(h, hn::Set(du, static_cast<uint32_t>(seed * 0x9E3779B97F4A7C15ULL >> 32) ^
                                   static_cast<uint32_t>(position >> 32)));
    h = hn::Mul(hn::Xor(h, hn::ShiftRight<16>(h)), hn::Set(du, 0x7FEB352DU));
    h = hn::Mul(hn::Xor(h, hn::ShiftRight<15>(h)), hn::Set(du, 0x846CA68BU));
    h = hn::Xor(h, hn::ShiftRight<16>(h));
    h = hn::Xor(h, hn::Set(du, static_cast<uint32_t>(seed)));
    h = hn::Mul(hn::Xor(h, hn::ShiftRight<16>(h)), hn::Set(du, 0x7FEB352DU));
    h = hn::Xor(h, hn::ShiftRight<15>(h));
    // Compared without signs: x >= y is max(x, y) == x.
    const auto kept = hn::Eq(hn::Max(h, hn::Set(du, threshold)), h);
    const auto scaled = hn::Mul(hn::Set(d, keep), hn::LoadU(d, x + i));
    hn::StoreU(hn::IfThenElseZero(hn::RebindMask(d, kept), scaled), d, y + i);
  });
}

float sum_impl(int64_t n, const float* x) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto total = hn::Zero(d);
  int64_t i = 0;
  for (; i + lanes <= n; i += lanes) total = hn::Add(total, hn::LoadU(d, x + i));
  float rest = 0.0F;
  for (; i < n; ++i) rest += x[i];
  return hn::GetLane(hn::SumOfLanes(d, total)) + rest;
}

void gate_impl(Gate kind, int64_t rows, int64_t half, const float* HWY_RESTRICT x,
               float* HWY_RESTRICT y) {
  for (int64_t r = 0; r < rows; ++r, x += 2 * half, y += half) {
    for_lanes(half, [&](auto d, int64_t i) HWY_ATTR {
      auto a = hn::LoadU(d, x + i);
      if (kind == Gate::kTanh) a = hyperbolic_tangent(d, a);
      hn::StoreU(hn::Mul(a, sigmoid(d, hn::LoadU(d, x + half + i))), d, y + i);
    });
  }
}

void gate_backward_impl(Gate kind, int64_t rows, int64_t half, const float* HWY_RESTRICT x,
                        const float* HWY_RESTRICT dy, float* HWY_RESTRICT dx, bool accumulate) {
  for (int64_t r = 0; r < rows; ++r, x += 2 * half, dy += half, dx += 2 * half) {
    for_lanes(half, [&](auto d, int64_t i) HWY_ATTR {
      const auto one = hn::Set(d, 1.0F);
      auto a = hn::LoadU(d, x + i);
      auto slope = one;
      if (kind == Gate::kTanh) {
        a = hyperbolic_tangent(d, a);
        slope = hn::NegMulAdd(a, a, one);
      }
      const auto s = sigmoid(d, hn::LoadU(d, x + half + i));
      const auto g = hn::Mul(hn::LoadU(d, dy + i), s);
      auto da = hn::Mul(g, slope);
      auto db = hn::Mul(g, hn::Mul(a, hn::Sub(one, s)));
      if (accumulate) {
        da = hn::Add(da, hn::LoadU(d, dx + i));
        db = hn::Add(db, hn::LoadU(d, dx + half + i));
      }
      hn::StoreU(da, d, dx + i);
      hn::StoreU(db, d, dx + half + i);
    });
  }
}

void log_softmax_impl(int64_t rows, int64_t width, const float* x, float* y) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t r = 0; r < rows; ++r, x += width, y += width) {
    float largest = x[0];
    for (int64_t i = 1; i < width; ++i) largest = std::max(largest, x[i]);
    const auto top = hn::Set(d, largest);
    const auto lowest = hn::Set(d, -87.0F);
    auto sums = hn::Zero(d);
    int64_t i = 0;
    for (; i + lanes <= width; i += lanes) {
      sums = hn::Add(sums, hn::Exp(d, hn::Max(hn::Sub(hn::LoadU(d, x + i), top), lowest)));
    }
    float total = hn::GetLane(hn::SumOfLanes(d, sums));
    for (; i < width; ++i) total += std::exp(x[i] - largest);
    const float normalizer = largest + std::log(total);
    for_lanes(width, [&](auto tag, int64_t k) HWY_ATTR {
      hn::StoreU(hn::Sub(hn::LoadU(tag, x + k), hn::Set(tag, normalizer)), tag, y + k);
    });
  }
}

void log_softmax_backward_impl(int64_t rows, int64_t width, const float* HWY_RESTRICT y,
                               float* HWY_RESTRICT dy) {
  for (int64_t r = 0; r < rows; ++r, y += width, dy += width) {
    const float total = sum_impl(width, dy);
    for_lanes(width, [&](auto d, int64_t i) HWY_ATTR {
      const auto p = hn::Exp(d, hn::Max(hn::LoadU(d, y + i), hn::Set(d, -87.0F)));
      hn::StoreU(hn::NegMulAdd(p, hn::Set(d, total), hn::LoadU(d, dy + i)), d, dy + i);
    });
  }
}

// Mean and squared deviations of a block that fits the cache: the second pass is cheap there.
void block_moments_impl(int64_t rows, int64_t width, const float* HWY_RESTRICT x,
                        float* HWY_RESTRICT mean, float* HWY_RESTRICT deviations) {
  const float share = 1.0F / static_cast<float>(rows);
  for_lanes(width, [&](auto d, int64_t i) HWY_ATTR {
    auto sum = hn::Zero(d);
    for (int64_t r = 0; r < rows; ++r) sum = hn::Add(sum, hn::LoadU(d, x + r * width + i));
    const auto center = hn::Mul(sum, hn::Set(d, share));
    auto squares = hn::Zero(d);
    for (int64_t r = 0; r < rows; ++r) {
      const auto v = hn::Sub(hn::LoadU(d, x + r * width + i), center);
      squares = hn::MulAdd(v, v, squares);
    }
    hn::StoreU(center, d, mean + i);
    hn::StoreU(squares, d, deviations + i);
  });
}

void affine_impl(int64_t rows, int64_t width, const float* x, const float* HWY_RESTRICT scale,
                 const float* HWY_RESTRICT shift, bool rectify, float* y) {
  for (int64_t r = 0; r < rows; ++r, x += width, y += width) {
    for_lanes(width, [&](auto d, int64_t i) HWY_ATTR {
      const auto z =
          hn::MulAdd(hn::LoadU(d, x + i), hn::LoadU(d, scale + i), hn::LoadU(d, shift + i));
      hn::StoreU(rectify ? rectified(d, z) : z, d, y + i);
    });
  }
}

// dy where the rectifier was open, by the very sum that affine_impl did.
template <class D>
HWY_INLINE hn::VFromD<D> behind_rectifier(D d, hn::VFromD<D> x, const float* scale,
                                          const float* shift, bool rectify, const float* dy) {
  const auto g = hn::LoadU(d, dy);
  if (!rectify) return g;
  const auto z = hn::MulAdd(x, hn::LoadU(d, scale), hn::LoadU(d, shift));
  return hn::IfThenElseZero(hn::Gt(z, hn::Zero(d)), g);
}

void affine_backward_sums_impl(int64_t rows, int64_t width, const float* HWY_RESTRICT x,
                               const float* HWY_RESTRICT center, const float* HWY_RESTRICT dy,
                               const float* HWY_RESTRICT scale, const float* HWY_RESTRICT shift,
                               bool rectify, float* HWY_RESTRICT sums) {
  for (int64_t r = 0; r < rows; ++r, x += width, dy += width) {
    for_lanes(width, [&](auto d, int64_t i) HWY_ATTR {
      const auto v = hn::LoadU(d, x + i);
      const auto dz = behind_rectifier(d, v, scale + i, shift + i, rectify, dy + i);
      hn::StoreU(hn::Add(hn::LoadU(d, sums + i), dz), d, sums + i);
      const auto away = hn::Sub(v, hn::LoadU(d, center + i));
      const auto moment = hn::MulAdd(dz, away, hn::LoadU(d, sums + width + i));
      hn::StoreU(moment, d, sums + width + i);
    });
  }
}

void affine_backward_impl(int64_t rows, int64_t width, const float* HWY_RESTRICT x,
                          const float* HWY_RESTRICT center, const float* HWY_RESTRICT scale,
                          const float* HWY_RESTRICT shift, bool rectify,
                          const float* HWY_RESTRICT a, const float* HWY_RESTRICT b,
                          const float* HWY_RESTRICT c, float* HWY_RESTRICT dy) {
  for (int64_t r = 0; r < rows; ++r, x += width, dy += width) {
    for_lanes(width, [&](auto d, int64_t i) HWY_ATTR {
      const auto v = hn::LoadU(d, x + i);
      const auto dz = behind_rectifier(d, v, scale + i, shift + i, rectify, dy + i);
      const auto away = hn::Sub(v, hn::LoadU(d, center + i));
      const auto rest = hn::MulAdd(hn::LoadU(d, b + i), away, hn::LoadU(d, c + i));
      hn::StoreU(hn::MulAdd(hn::LoadU(d, a + i), dz, rest), d, dy + i);
    });
  }
}

void layer_norm_impl(int64_t rows, int64_t width, const float* x, const float* HWY_RESTRICT gain,
                     const float* HWY_RESTRICT offset, float epsilon, float* y,
                     float* HWY_RESTRICT mean, float* HWY_RESTRICT inverse_deviation) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t r = 0; r < rows; ++r, x += width, y += width) {
    const float center = sum_impl(width, x) / static_cast<float>(width);
    auto squares = hn::Zero(d);
    int64_t i = 0;
    for (; i + lanes <= width; i += lanes) {
      const auto v = hn::Sub(hn::LoadU(d, x + i), hn::Set(d, center));
      squares = hn::MulAdd(v, v, squares);
    }
    float total = hn::GetLane(hn::SumOfLanes(d, squares));
    for (; i < width; ++i) total += (x[i] - center) * (x[i] - center);
    const float inverse = 1.0F / std::sqrt(total / static_cast<float>(width) + epsilon);
    mean[r] = center;
    inverse_deviation[r] = inverse;
    for_lanes(width, [&](auto tag, int64_t k) HWY_ATTR {
      const auto v =
          hn::Mul(hn::Sub(hn::LoadU(tag, x + k), hn::Set(tag, center)), hn::Set(tag, inverse));
      hn::StoreU(hn::MulAdd(v, hn::LoadU(tag, gain + k), hn::LoadU(tag, offset + k)), tag, y + k);
    });
  }
}

void layer_norm_backward_impl(int64_t rows, int64_t width, const float* HWY_RESTRICT x,
                              const float* HWY_RESTRICT gain, const float* HWY_RESTRICT mean,
                              const float* HWY_RESTRICT inverse_deviation, float* HWY_RESTRICT dy,
                              float* HWY_RESTRICT sums) {
  const hn::ScalableTag<float> d;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  for (int64_t r = 0; r < rows; ++r, x += width, dy += width) {
    const float inverse = inverse_deviation[r];
    auto g_sums = hn::Zero(d);
    auto gx_sums = hn::Zero(d);
    int64_t i = 0;
    for (; i + lanes <= width; i += lanes) {
      const auto g = hn::Mul(hn::LoadU(d, dy + i), hn::LoadU(d, gain + i));
      const auto v =
          hn::Mul(hn::Sub(hn::LoadU(d, x + i), hn::Set(d, mean[r])), hn::Set(d, inverse));
      g_sums = hn::Add(g_sums, g);
      gx_sums = hn::MulAdd(g, v, gx_sums);
    }
    float g_sum = hn::GetLane(hn::SumOfLanes(d, g_sums));
    float gx_sum = hn::GetLane(hn::SumOfLanes(d, gx_sums));
    for (; i < width; ++i) {
      g_sum += dy[i] * gain[i];
      gx_sum += dy[i] * gain[i] * (x[i] - mean[r]) * inverse;
    }
    g_sum /= static_cast<float>(width);
    gx_sum /= static_cast<float>(width);
    for_lanes(width, [&](auto tag, int64_t k) HWY_ATTR {
      const auto g = hn::LoadU(tag, dy + k);
      const auto v =
          hn::Mul(hn::Sub(hn::LoadU(tag, x + k), hn::Set(tag, mean[r])), hn::Set(tag, inverse));
      hn::StoreU(hn::MulAdd(g, v, hn::LoadU(tag, sums + k)), tag, sums + k);
      hn::StoreU(hn::Add(g, hn::LoadU(tag, sums + width + k)), tag, sums + width + k);
      const auto centered = hn::MulSub(g, hn::LoadU(tag, gain + k), hn::Set(tag, g_sum));
      const auto dx = hn::NegMulAdd(v, hn::Set(tag, gx_sum), centered);
      hn::StoreU(hn::Mul(dx, hn::Set(tag, inverse)), tag, dy + k);
    });
  }
}

}  // namespace bivox::elementwise::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bivox::elementwise {

HWY_EXPORT(apply_impl);
HWY_EXPORT(apply_backward_impl);
HWY_EXPORT(add_impl);
HWY_EXPORT(scale_impl);
HWY_EXPORT(multiply_impl);
HWY_EXPORT(dropout_impl);
HWY_EXPORT(sum_impl);
HWY_EXPORT(gate_impl);
HWY_EXPORT(gate_backward_impl);
HWY_EXPORT(log_softmax_impl);
HWY_EXPORT(log_softmax_backward_impl);
HWY_EXPORT(block_moments_impl);
HWY_EXPORT(affine_impl);
HWY_EXPORT(affine_backward_sums_impl);
HWY_EXPORT(affine_backward_impl);
HWY_EXPORT(layer_norm_impl);
HWY_EXPORT(layer_norm_backward_impl);

namespace {

// Elements worth the waking of a thread: cheap loops finish 32768 of them in a few microseconds.
constexpr int64_t kCheap = 32768;
constexpr int64_t kCostly = 4096;

}  // namespace

void apply(ComputeContext& context, Map map, int64_t n, const float* x, float* y) {
  parallel_range(context, n, map == Map::kRelu ? kCheap : kCostly, [&](int64_t b, int64_t e) {
    HWY_DYNAMIC_DISPATCH(apply_impl)(map, e - b, x + b, y + b);
  });
}

void apply_backward(ComputeContext& context, Map map, int64_t n, const float* y, float* dy) {
  parallel_range(context, n, kCheap, [&](int64_t b, int64_t e) {
    HWY_DYNAMIC_DISPATCH(apply_backward_impl)(map, e - b, y + b, dy + b);
  });
}

void add(ComputeContext& context, int64_t n, const float* a, float sign, const float* b, float* y) {
  parallel_range(context, n, kCheap, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(add_impl)(end - begin, a + begin, sign, b + begin, y + begin);
  });
}

void add_to(ComputeContext& context, int64_t n, const float* x, float* y) {
  add(context, n, y, 1.0F, x, y);
}

void scale(ComputeContext& context, int64_t n, float s, const float* x, float* y) {
  parallel_range(context, n, kCheap, [&](int64_t b, int64_t e) {
    HWY_DYNAMIC_DISPATCH(scale_impl)(e - b, s, x + b, y + b);
  });
}

void multiply(ComputeContext& context, int64_t n, const float* a, const float* b, float* y,
              bool accumulate) {
  parallel_range(context, n, kCheap, [&](int64_t begin, int64_t end) {
    HWY_DYNAMIC_DISPATCH(multiply_impl)
    (end - begin, a + begin, b + begin, y + begin, accumulate);
  });
}

void dropout(ComputeContext& context, int64_t n, uint64_t seed, float rate, const float* x,
             float* y) {
  parallel_range(context, n, kCheap, [&](int64_t b, int64_t e) {
    HWY_DYNAMIC_DISPATCH(dropout_impl)(b, e - b, seed, rate, x + b, y + b);
  });
}

double sum(ComputeContext& context, int64_t n, const float* x) {
  constexpr int64_t kWidth = 256;
  const auto blocks = row_blocks(1, (n + kWidth - 1) / kWidth, nullptr);
  return reduce_rows(context, blocks, 1, [&](const RowBlock& block, float* total) {
    const int64_t begin = block.begin * kWidth;
    const int64_t end = std::min(n, (block.begin + block.count) * kWidth);
    *total = HWY_DYNAMIC_DISPATCH(sum_impl)(end - begin, x + begin);
  })[0];
}

void gate(ComputeContext& context, Gate kind, int64_t rows, int64_t half, const float* x,
          float* y) {
  parallel_rows(context, rows, 4 * half, [&](int64_t b, int64_t e) {
    HWY_DYNAMIC_DISPATCH(gate_impl)(kind, e - b, half, x + 2 * b * half, y + b * half);
  });
}

void gate_backward(ComputeContext& context, Gate kind, int64_t rows, int64_t half, const float* x,
                   const float* dy, float* dx, bool accumulate) {
  parallel_rows(context, rows, 4 * half, [&](int64_t b, int64_t e) {
    HWY_DYNAMIC_DISPATCH(gate_backward_impl)
    (kind, e - b, half, x + 2 * b * half, dy + b * half, dx + 2 * b * half, accumulate);
  });
}

void log_softmax(ComputeContext& context, int64_t rows, int64_t width, const float* x, float* y) {
  parallel_rows(context, rows, 4 * width, [&](int64_t b, int64_t e) {
    HWY_DYNAMIC_DISPATCH(log_softmax_impl)(e - b, width, x + b * width, y + b * width);
  });
}

void log_softmax_backward(ComputeContext& context, int64_t rows, int64_t width, const float* y,
                          float* dy) {
  parallel_rows(context, rows, 4 * width, [&](int64_t b, int64_t e) {
    HWY_DYNAMIC_DISPATCH(log_softmax_backward_impl)(e - b, width, y + b * width, dy + b * width);
  });
}

int64_t channel_moments(ComputeContext& context, const std::vector<RowBlock>& blocks, int64_t width,
                        const float* x, std::span<float> mean, std::span<float> deviations) {
  std::vector<float> partial(blocks.size() * 2 * static_cast<size_t>(width));
  parallel_rows(context, static_cast<int64_t>(blocks.size()), kRowsPerBlock * width,
                [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i) {
                    const RowBlock& block = blocks[static_cast<size_t>(i)];
                    float* out = partial.data() + i * 2 * width;
                    HWY_DYNAMIC_DISPATCH(block_moments_impl)
                    (block.count, width, x + block.begin * width, out, out + width);
                  }
                });
  std::vector<double> center(static_cast<size_t>(width), 0.0);
  std::vector<double> spread(static_cast<size_t>(width), 0.0);
  double rows = 0.0;
  for (size_t i = 0; i < blocks.size(); ++i) {
    const auto count = static_cast<double>(blocks[i].count);
    const float* in = partial.data() + i * 2 * static_cast<size_t>(width);
    const double share = count / (rows + count);
    for (size_t c = 0; c < center.size(); ++c) {
      const double step = in[c] - center[c];
      center[c] += step * share;
      spread[c] += in[center.size() + c] + step * step * rows * share;
    }
    rows += count;
  }
  std::copy(center.begin(), center.end(), mean.begin());
  std::copy(spread.begin(), spread.end(), deviations.begin());
  return static_cast<int64_t>(rows);
}

void affine(ComputeContext& context, const std::vector<RowBlock>& blocks, int64_t width,
            const float* x, const float* scale, const float* shift, bool rectify, float* y) {
  parallel_rows(context, static_cast<int64_t>(blocks.size()), kRowsPerBlock * width,
                [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i) {
                    const RowBlock& block = blocks[static_cast<size_t>(i)];
                    HWY_DYNAMIC_DISPATCH(affine_impl)
                    (block.count, width, x + block.begin * width, scale, shift, rectify,
                     y + block.begin * width);
                  }
                });
}

AffineSums affine_backward_sums(ComputeContext& context, const std::vector<RowBlock>& blocks,
                                int64_t width, const float* x, const float* center, const float* dy,
                                const float* scale, const float* shift, bool rectify) {
  const std::vector<double> sums =
      reduce_rows(context, blocks, 2 * width, [&](const RowBlock& block, float* partial) {
        HWY_DYNAMIC_DISPATCH(affine_backward_sums_impl)
        (block.count, width, x + block.begin * width, center, dy + block.begin * width, scale,
         shift, rectify, partial);
      });
  return {{sums.begin(), sums.begin() + width}, {sums.begin() + width, sums.end()}};
}

void affine_backward(ComputeContext& context, const std::vector<RowBlock>& blocks, int64_t width,
                     const float* x, const float* center, const float* scale, const float* shift,
                     bool rectify, const float* a, const float* b, const float* c, float* dy) {
  parallel_rows(context, static_cast<int64_t>(blocks.size()), kRowsPerBlock * width,
                [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; ++i) {
                    const RowBlock& block = blocks[static_cast<size_t>(i)];
                    HWY_DYNAMIC_DISPATCH(affine_backward_impl)
                    (block.count, width, x + block.begin * width, center, scale, shift, rectify, a,
                     b, c, dy + block.begin * width);
                  }
                });
}

void layer_norm(ComputeContext& context, int64_t rows, int64_t width, const float* x,
                const float* gain, const float* offset, float epsilon, float* y, float* mean,
                float* inverse_deviation) {
  parallel_rows(context, rows, width, [&](int64_t b, int64_t e) {
    HWY_DYNAMIC_DISPATCH(layer_norm_impl)
    (e - b, width, x + b * width, gain, offset, epsilon, y + b * width, mean + b,
     inverse_deviation + b);
  });
}

void layer_norm_backward(ComputeContext& context, int64_t rows, int64_t width, const float* x,
                         const float* gain, const float* mean, const float* inverse_deviation,
                         float* dy, float* dgain, float* doffset) {
  const std::vector<double> sums = reduce_rows(
      context, row_blocks(1, rows, nullptr), 2 * width, [&](const RowBlock& block, float* partial) {
        HWY_DYNAMIC_DISPATCH(layer_norm_backward_impl)
        (block.count, width, x + block.begin * width, gain, mean + block.begin,
         inverse_deviation + block.begin, dy + block.begin * width, partial);
      });
  for (size_t i = 0; i < static_cast<size_t>(width); ++i) {
    dgain[i] += static_cast<float>(sums[i]);
    doffset[i] += static_cast<float>(sums[i + static_cast<size_t>(width)]);
  }
}

}  // namespace bivox::elementwise
#endif
