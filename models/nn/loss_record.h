// How the losses of losses.h put their result on the tape: the gradient is made with the value and
// waits there for the seed. Internal to the engine. Thread rule: that of the tape.
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <limits>
#include <memory>
#include <utility>
#include <vector>

#include "models/nn/kernels/elementwise.h"
#include "models/nn/losses.h"
#include "models/nn/tape.h"

namespace bivox {

/// What a sum over `count` terms is multiplied with.
inline double mean_weight(Reduction reduction, int64_t count) {
  return reduction == Reduction::kSum || count == 0 ? 1.0 : 1.0 / static_cast<double>(count);
}

/// A scalar `value` whose derivative by x is weight * gradient. `gradient` may be empty when the
/// tape needs none of x.
inline Var record_loss(Var x, double value, double weight, Tensor gradient) {
  auto saved = std::make_shared<Tensor>(std::move(gradient));
  return x.tape().record(
      Tensor::scalar(static_cast<float>(value)), {x}, [x, weight, saved](Tape& tape, Var out) {
        const auto factor = static_cast<float>(weight * tape.take_gradient(out).item());
        Tensor dx = Tensor::uninitialized(x.shape());
        elementwise::scale(tape.context(), dx.size(), factor, saved->data(), dx.data());
        tape.add_gradient(x, std::move(dx));
      });
}

/// record_loss() of what each utterance loses: their sum, or mean, over those that are possible.
/// What is not finite counts nothing and becomes infinite.
inline Var record_utterance_losses(Var x, std::vector<double> losses, Reduction reduction,
                                   Tensor gradient, std::vector<double>* per_utterance) {
  double total = 0.0;
  int64_t possible = 0;
  for (double& loss : losses) {
    if (!std::isfinite(loss)) {
      loss = std::numeric_limits<double>::infinity();
      continue;
    }
    total += loss;
    ++possible;
  }
  if (per_utterance != nullptr) *per_utterance = std::move(losses);
  const double weight = mean_weight(reduction, possible);
  return record_loss(x, total * weight, weight, std::move(gradient));
}

/// context.parallel() over utterances, for work that may throw (it allocates); the first exception
/// comes out here.
template <class Work>
void for_utterances(ComputeContext& context, size_t count, const Work& work) {
  std::vector<std::exception_ptr> failures(count);
  context.parallel(static_cast<int>(count), [&](int b) {
    try {
      work(b);
    } catch (...) {
      failures[static_cast<size_t>(b)] = std::current_exception();
    }
  });
  for (const std::exception_ptr& failure : failures) {
    if (failure) std::rethrow_exception(failure);
  }
}

}  // namespace bivox
