#include "models/nn/kernels/update.h"

#include <cmath>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "models/nn/kernels/update.cpp"
#include <hwy/foreach_target.h>  // compiles the rest once for every instruction set
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace bivox::kernels::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;
using Float = hn::ScalableTag<float>;
using Vec = hn::Vec<Float>;

// Calls `body` with a loader and a storer for every vector; the last, partial one goes through
// scratch lanes, so that every element takes the same instructions.
template <size_t kArrays, typename Body>
HWY_INLINE void for_vectors(size_t n, float* const (&arrays)[kArrays], const float* g,
                            const Body& body) {
  const Float d;
  const size_t lanes = hn::Lanes(d);
  size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    Vec values[kArrays];
    for (size_t a = 0; a < kArrays; ++a) values[a] = hn::LoadU(d, arrays[a] + i);
    body(hn::LoadU(d, g + i), values);
    for (size_t a = 0; a < kArrays; ++a) hn::StoreU(values[a], d, arrays[a] + i);
  }
  if (i == n) return;
  HWY_ALIGN float scratch[kArrays + 1][hn::MaxLanes(d)] = {};
  Vec values[kArrays];
  for (size_t k = i; k < n; ++k) scratch[kArrays][k - i] = g[k];
  for (size_t a = 0; a < kArrays; ++a) {
    for (size_t k = i; k < n; ++k) scratch[a][k - i] = arrays[a][k];
    values[a] = hn::Load(d, scratch[a]);
  }
  body(hn::Load(d, scratch[kArrays]), values);
  for (size_t a = 0; a < kArrays; ++a) {
    hn::Store(values[a], d, scratch[a]);
    for (size_t k = i; k < n; ++k) arrays[a][k] = scratch[a][k - i];
  }
}

void sgd_update_impl(const SgdUpdate& u, size_t n, const float* g, float* m, float* w) {
  const Float d;
  const Vec scale = hn::Set(d, u.gradient_scale);
  const Vec decay = hn::Set(d, u.weight_decay);
  const Vec rate = hn::Set(d, u.learning_rate);
  const Vec momentum = hn::Set(d, u.momentum);
  if (m == nullptr) {
    float* const arrays[1] = {w};
    for_vectors(n, arrays, g, [&](Vec gradient, Vec* x) HWY_ATTR {
      gradient = hn::MulAdd(decay, x[0], hn::Mul(gradient, scale));
      x[0] = hn::NegMulAdd(rate, gradient, x[0]);
    });
    return;
  }
  float* const arrays[2] = {w, m};
  for_vectors(n, arrays, g, [&](Vec gradient, Vec* x) HWY_ATTR {
    gradient = hn::MulAdd(decay, x[0], hn::Mul(gradient, scale));
    x[1] = hn::MulAdd(momentum, x[1], gradient);
    const Vec direction = u.nesterov ? hn::MulAdd(momentum, x[1], gradient) : x[1];
    x[0] = hn::NegMulAdd(rate, direction, x[0]);
  });
}

void adam_update_impl(const AdamUpdate& u, size_t n, const float* g, float* m, float* v, float* w) {
  const Float d;
  const Vec scale = hn::Set(d, u.gradient_scale);
  const Vec keep = hn::Set(d, u.keep);
  const Vec step = hn::Set(d, u.step);
  const Vec beta1 = hn::Set(d, u.beta1);
  const Vec beta2 = hn::Set(d, u.beta2);
  const Vec rest1 = hn::Set(d, 1.0F - u.beta1);
  const Vec rest2 = hn::Set(d, 1.0F - u.beta2);
  const Vec root_scale = hn::Set(d, u.root_scale);
  const Vec epsilon = hn::Set(d, u.epsilon);
  float* const arrays[3] = {w, m, v};
  for_vectors(n, arrays, g, [&](Vec gradient, Vec* x) HWY_ATTR {
    gradient = hn::Mul(gradient, scale);
    x[1] = hn::MulAdd(beta1, x[1], hn::Mul(rest1, gradient));
    x[2] = hn::MulAdd(beta2, x[2], hn::Mul(rest2, hn::Mul(gradient, gradient)));
    const Vec root = hn::MulAdd(hn::Sqrt(x[2]), root_scale, epsilon);
    x[0] = hn::NegMulAdd(step, hn::Div(x[1], root), hn::Mul(keep, x[0]));
  });
}

void average_update_impl(float rate, size_t n, const float* w, float* average) {
  const Float d;
  const Vec part = hn::Set(d, rate);
  float* const arrays[1] = {average};
  for_vectors(n, arrays, w, [&](Vec weight, Vec* x) HWY_ATTR {
    x[0] = hn::MulAdd(part, hn::Sub(weight, x[0]), x[0]);
  });
}

double sum_of_squares_impl(size_t n, const float* x) {
  // Sixteen running sums whatever the vector's width: the same result on every instruction set.
  constexpr size_t kSums = 16;
  const hn::CappedTag<double, 8> d;
  const hn::Rebind<float, decltype(d)> f;
  const size_t lanes = hn::Lanes(d);
  HWY_ALIGN double sums[kSums] = {};
  size_t i = 0;
  for (; i + kSums <= n; i += kSums) {
    for (size_t k = 0; k < kSums; k += lanes) {
      const auto value = hn::PromoteTo(d, hn::LoadU(f, x + i + k));
      hn::Store(hn::Add(hn::Mul(value, value), hn::Load(d, sums + k)), d, sums + k);
    }
  }
  for (; i < n; ++i) sums[i % kSums] += static_cast<double>(x[i]) * static_cast<double>(x[i]);
  double total = 0.0;
  for (const double sum : sums) total += sum;
  return total;
}

}  // namespace bivox::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace bivox::kernels {

HWY_EXPORT(sgd_update_impl);
HWY_EXPORT(adam_update_impl);
HWY_EXPORT(average_update_impl);
HWY_EXPORT(sum_of_squares_impl);

void sgd_update(const SgdUpdate& update, size_t n, const float* g, float* m, float* w) {
  HWY_DYNAMIC_DISPATCH(sgd_update_impl)(update, n, g, m, w);
}

void adam_update(const AdamUpdate& update, size_t n, const float* g, float* m, float* v, float* w) {
  HWY_DYNAMIC_DISPATCH(adam_update_impl)(update, n, g, m, v, w);
}

void average_update(float rate, size_t n, const float* w, float* average) {
  HWY_DYNAMIC_DISPATCH(average_update_impl)(rate, n, w, average);
}

double sum_of_squares(size_t n, const float* x) {
  return HWY_DYNAMIC_DISPATCH(sum_of_squares_impl)(n, x);
}

}  // namespace bivox::kernels
#endif
