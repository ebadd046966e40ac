// How the losses of losses.h put their result on the tape: the gradient is made with the value and
// waits there for the seed. Internal to the engine. Thread rule: that of the tape.
#pragma once

#include <memory>
#include <utility>

#include "models/nn/kernels/elementwise.h"
#include "models/nn/tape.h"

namespace bivox {

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

}  // namespace bivox
