#include "models/nn/saliency.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "dsp/core/random.h"
#include "models/nn/kernels/elementwise.h"
#include "models/nn/ops.h"

namespace bivox {
namespace {

// Adds the gradient at `input` [1 x time x channels] to `sum`.
void add_gradient_at(Tape& tape, Network& network, Tensor input, const SaliencyOptions& options,
                     Tensor& sum) {
  const Var x = tape.input(std::move(input));
  const Var inputs[] = {x};
  Var y = network.forward(tape, inputs)[static_cast<size_t>(options.output)];
  const Shape& shape = y.shape();
  if (options.frame < 0 || options.frame >= shape[1] || options.channel < 0 ||
      options.channel >= shape[2]) {
    throw Error(ErrorCode::kUsage,
                fmt::format("frame {}, channel {}: the output has {} frames of {} channels",
                            options.frame, options.channel, shape[1], shape[2]));
  }
  if (options.log_posterior) y = log_softmax(y);
  Tensor choice(shape);
  choice[options.frame * shape[2] + options.channel] = 1.0F;
  tape.backward(bivox::sum(multiply(y, tape.constant(std::move(choice)))));
  elementwise::add_to(tape.context(), sum.size(), tape.gradient(x).data(), sum.data());
  tape.reset();
}

}  // namespace

Tensor saliency(ComputeContext& context, Network& network, const Tensor& input,
                const SaliencyOptions& options) {
  BIVOX_CHECK(!input.empty() && input.rank() == 2 && network.inputs().size() == 1 &&
              options.samples >= 1);
  BIVOX_CHECK(options.output >= 0 &&
              static_cast<size_t>(options.output) < network.outputs().size());
  const Shape batch = {1, input.dim(0), input.dim(1)};
  Tensor result(batch);
  Tape tape(context);
  tape.set_frozen(true);
  if (options.samples == 1) {
    add_gradient_at(tape, network, Tensor::from(batch, input.values()), options, result);
  } else {
    const auto [low, high] = std::minmax_element(input.values().begin(), input.values().end());
    Random random(options.noise_seed);
    const double deviation = static_cast<double>(options.noise) *
                             (static_cast<double>(*high) - static_cast<double>(*low));
    for (int i = 0; i < options.samples; ++i) {
      Tensor noisy = Tensor::from(batch, input.values());
      for (float& v : noisy.values()) v += static_cast<float>(deviation * random.gaussian());
      add_gradient_at(tape, network, std::move(noisy), options, result);
    }
  }
  elementwise::scale(context, result.size(), 1.0F / static_cast<float>(options.samples),
                     result.data(), result.data());
  result.reshape(input.shape());
  if (options.times_input) {
    elementwise::multiply(context, result.size(), result.data(), input.data(), result.data(),
                          false);
  }
  return result;
}

}  // namespace bivox
