// The element-wise loops of optimizers: one pass over weight, gradient and moments each.
//
// Vectorised with Highway; the instruction set is chosen at run time. An element's result does not
// depend on where a block begins, so splitting the work among threads changes nothing.
// Thread rule: pure functions on the caller's buffers. Test: tests/models/nn/optimizer_test.cpp.
#pragma once

#include <cstddef>

namespace bivox::kernels {

struct SgdUpdate {
  float gradient_scale;  ///< g is multiplied by it first.
  float learning_rate;
  float momentum;
  float weight_decay;
  bool nesterov;
};
/// g' = scale g + decay w; m = momentum m + g'; w -= rate (nesterov ? g' + momentum m : m).
/// `m` is null without momentum.
void sgd_update(const SgdUpdate& update, size_t n, const float* g, float* m, float* w);

struct AdamUpdate {
  float gradient_scale;
  float keep;  ///< 1 - learning rate * decay: the decoupled decay.
  float step;  ///< learning rate / (1 - beta1^t)
  float beta1;
  float beta2;
  float root_scale;  ///< 1 / sqrt(1 - beta2^t)
  float epsilon;
};
/// m = b1 m + (1 - b1) g; v = b2 v + (1 - b2) g^2; w = keep w - step m / (root_scale sqrt v + eps).
void adam_update(const AdamUpdate& update, size_t n, const float* g, float* m, float* v, float* w);

/// average += rate (w - average).
void average_update(float rate, size_t n, const float* w, float* average);

/// Sum of squares in double.
double sum_of_squares(size_t n, const float* x);

}  // namespace bivox::kernels
