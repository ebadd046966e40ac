#include "models/nn/trainer.h"

#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "dsp/core/check.h"
#include "dsp/core/random.h"

namespace bivox {

Trainer::Trainer(ComputeContext& context, ParameterSpan parameters, const TrainerOptions& options,
                 Communicator* communicator)
    : context_(context),
      parameters_(parameters),
      options_(options),
      communicator_(communicator == nullptr ? &alone_ : communicator),
      optimizer_(options.optimizer, parameters),
      average_(options.average, parameters),
      tape_(context, true) {
  options_.schedule.validate();
  if (communicator_->ranks() > 1) {
    broadcast_weights(*communicator_, parameters_);
    tape_.set_reducer([this](std::span<double> sums) { communicator_->sum(sums); });
  }
}

StepReport Trainer::step(const std::function<SummedLoss(Tape&)>& forward) {
  BIVOX_CHECK(!average_.swapped());
  for (const auto& parameter : parameters_) parameter->gradient.fill(0.0F);
  tape_.reset();
  tape_.set_random_seed(mix_seeds(options_.seed, steps_, communicator_->rank()));
  std::vector<Tensor> statistics;  // running ones, which forward() moves
  for (const auto& parameter : parameters_) {
    if (!parameter->trainable) statistics.push_back(parameter->value.clone());
  }
  const SummedLoss loss = forward(tape_);
  tape_.backward(loss.sum);
  sum_gradients(*communicator_, parameters_);
  std::array<double, 2> sums = {static_cast<double>(loss.sum.value().item()), loss.count};
  communicator_->sum(std::span<double>(sums));
  tape_.reset();

  StepReport report;
  const double scale = sums[1] > 0.0 ? 1.0 / sums[1] : 0.0;
  report.learning_rate = learning_rate(options_.schedule, steps_);
  report.step = ++steps_;
  report.loss = sums[0] * scale;
  report.count = sums[1];
  report.gradient_norm = gradient_norm(context_, parameters_) * scale;
  report.skipped = !std::isfinite(report.gradient_norm) || !std::isfinite(report.loss);
  if (report.skipped) {
    size_t next = 0;
    for (const auto& parameter : parameters_) {
      if (!parameter->trainable) parameter->value = std::move(statistics[next++]);
    }
    return report;
  }
  optimizer_.step(context_, report.learning_rate,
                  scale * clip_factor(report.gradient_norm, options_.max_gradient_norm));
  average_.update(context_);
  return report;
}

void Trainer::save(TrainingState& state) const {
  for (const auto& parameter : parameters_) {
    state.set_tensor("weights/" + parameter->name, parameter->value);
  }
  optimizer_.save(state);
  average_.save(state);
  state.set_integer("trainer/steps", steps_);
}

void Trainer::load(const TrainingState& state) {
  for (const auto& parameter : parameters_) {
    state.get_tensor("weights/" + parameter->name, parameter->value);
  }
  optimizer_.load(state);
  average_.load(state);
  steps_ = state.integer("trainer/steps");
}

}  // namespace bivox
