#include "models/nn/kernels/ctc_kernels.h"

#include <algorithm>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/nn/kernels/ctc_kernels.cpp"
#include <hwy/foreach_target.h>  // compiles the rest once for every instruction set
#include <hwy/highway.h>
// After highway.h, as it is included once for every instruction set.
#include <hwy/contrib/math/math-inl.h>

HWY_BEFORE_NAMESPACE();
namespace bivox::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

// exp() of at most 0; below -87 it is 0 to float.
template <class D, class V>
HWY_INLINE V exp_below_one(D d, V x) {
  return hn::Exp(d, hn::Max(x, hn::Set(d, -87.0F)));
}

template <class D>
HWY_INLINE hn::VFromD<D> step(D d, const float* before, const float* skip, const float* emit) {
  const auto stay = hn::LoadU(d, before);
  const auto move = hn::LoadU(d, before - 1);
  const auto jump = hn::Add(hn::LoadU(d, before - 2), hn::LoadU(d, skip));
  const auto best = hn::Max(stay, hn::Max(move, jump));
  const auto sum = hn::Add(
      exp_below_one(d, hn::Sub(stay, best)),
      hn::Add(exp_below_one(d, hn::Sub(move, best)), exp_below_one(d, hn::Sub(jump, best))));
  const auto log_sum = hn::Add(best, hn::Add(hn::Log(d, sum), hn::LoadU(d, emit)));
  return hn::Max(log_sum, hn::Set(d, kImpossible));
}

float ctc_step_impl(int64_t n, const float* HWY_RESTRICT before, const float* HWY_RESTRICT skip,
                    const float* HWY_RESTRICT emit, float* HWY_RESTRICT next) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  auto tops = hn::Set(d, kImpossible);
  int64_t s = 0;
  for (; s + lanes <= n; s += lanes) {
    const auto v = step(d, before + s, skip + s, emit + s);
    tops = hn::Max(tops, v);
    hn::StoreU(v, d, next + s);
  }
  float top = hn::GetLane(hn::MaxOfLanes(d, tops));
  for (; s < n; ++s) {
    hn::StoreU(step(one, before + s, skip + s, emit + s), one, next + s);
    top = std::max(top, next[s]);
  }
  for (s = 0; s < n; ++s) next[s] = std::max(next[s] - top, kImpossible);
  return top;
}

void ctc_posteriors_impl(int64_t n, const float* forward, const float* HWY_RESTRICT backward,
                         const float* HWY_RESTRICT emit, float* posterior) {
  const hn::ScalableTag<float> d;
  const hn::CappedTag<float, 1> one;
  const auto lanes = static_cast<int64_t>(hn::Lanes(d));
  float top = kImpossible;
  for (int64_t s = 0; s < n; ++s) {
    posterior[s] = forward[s] + backward[s] - emit[s];
    top = std::max(top, posterior[s]);
  }
  auto sums = hn::Zero(d);
  int64_t s = 0;
  for (; s + lanes <= n; s += lanes) {
    const auto v = exp_below_one(d, hn::Sub(hn::LoadU(d, posterior + s), hn::Set(d, top)));
    sums = hn::Add(sums, v);
    hn::StoreU(v, d, posterior + s);
  }
  float total = hn::GetLane(hn::SumOfLanes(d, sums));
  for (; s < n; ++s) {
    const auto v = exp_below_one(one, hn::Sub(hn::LoadU(one, posterior + s), hn::Set(one, top)));
    hn::StoreU(v, one, posterior + s);
    total += posterior[s];
  }
  const float share = 1.0F / total;
  for (s = 0; s < n; ++s) posterior[s] *= share;
}

}  // namespace bivox::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bivox::kernels {

HWY_EXPORT(ctc_step_impl);
HWY_EXPORT(ctc_posteriors_impl);

float ctc_step(int64_t n, const float* before, const float* skip, const float* emit, float* next) {
  return HWY_DYNAMIC_DISPATCH(ctc_step_impl)(n, before, skip, emit, next);
}

void ctc_posteriors(int64_t n, const float* forward, const float* backward, const float* emit,
                    float* posterior) {
  HWY_DYNAMIC_DISPATCH(ctc_posteriors_impl)(n, forward, backward, emit, posterior);
}

}  // namespace bivox::kernels
#endif
