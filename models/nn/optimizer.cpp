#include "models/nn/optimizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "dsp/core/error.h"
#include "models/nn/kernels/update.h"

namespace bivox {
namespace {

// Elements that one thread works through at a time; a multiple of every vector's width.
constexpr int64_t kBlock = 1 << 15;

struct Piece {
  size_t slot;
  int64_t begin;
  int64_t count;
};

template <typename Slots, typename SizeOf>
std::vector<Piece> pieces_of(const Slots& slots, const SizeOf& size_of) {
  std::vector<Piece> pieces;
  for (size_t i = 0; i < slots.size(); ++i) {
    const int64_t size = size_of(slots[i]);
    for (int64_t begin = 0; begin < size; begin += kBlock) {
      pieces.push_back({i, begin, std::min(kBlock, size - begin)});
    }
  }
  return pieces;
}

}  // namespace

void OptimizerOptions::validate() const {
  const auto check = [](bool good, std::string_view name, float value, std::string_view expected) {
    if (good) return;
    throw Error(ErrorCode::kUsage,
                fmt::format("optimizer: {} is {}, expected {}", name, value, expected));
  };
  check(weight_decay >= 0.0F && weight_decay < 1.0F, "weight_decay", weight_decay, "0 <= x < 1");
  check(momentum >= 0.0F && momentum < 1.0F, "momentum", momentum, "0 <= x < 1");
  check(beta1 >= 0.0F && beta1 < 1.0F, "beta1", beta1, "0 <= x < 1");
  check(beta2 >= 0.0F && beta2 < 1.0F, "beta2", beta2, "0 <= x < 1");
  check(epsilon > 0.0F && epsilon < 1.0F, "epsilon", epsilon, "0 < x < 1");
}

Optimizer::Optimizer(const OptimizerOptions& options, ParameterSpan parameters)
    : options_(options) {
  options_.validate();
  for (const std::unique_ptr<Parameter>& parameter : parameters) {
    if (!parameter->trainable) continue;
    Slot slot{parameter.get(), Tensor(), Tensor()};
    const bool adam = options_.kind == OptimizerKind::kAdamW;
    if (adam || options_.momentum > 0.0F) slot.first = Tensor(parameter->value.shape());
    if (adam) slot.second = Tensor(parameter->value.shape());
    slots_.push_back(std::move(slot));
  }
}

void Optimizer::step(ComputeContext& context, double learning_rate, double gradient_scale) {
  ++steps_;
  const std::vector<Piece> pieces =
      pieces_of(slots_, [](const Slot& slot) { return slot.parameter->value.size(); });
  const auto time = static_cast<double>(steps_);
  const double bias1 = 1.0 - std::pow(static_cast<double>(options_.beta1), time);
  const double bias2 = 1.0 - std::pow(static_cast<double>(options_.beta2), time);
  context.parallel(static_cast<int>(pieces.size()), [&](int part) {
    const Piece& piece = pieces[static_cast<size_t>(part)];
    Slot& slot = slots_[piece.slot];
    const auto n = static_cast<size_t>(piece.count);
    float* w = slot.parameter->value.data() + piece.begin;
    const float* g = slot.parameter->gradient.data() + piece.begin;
    float* first = slot.first.empty() ? nullptr : slot.first.data() + piece.begin;
    const float decay = slot.parameter->decay ? options_.weight_decay : 0.0F;
    if (options_.kind == OptimizerKind::kSgd) {
      const kernels::SgdUpdate update = {static_cast<float>(gradient_scale),
                                         static_cast<float>(learning_rate), options_.momentum,
                                         decay, options_.nesterov};
      kernels::sgd_update(update, n, g, first, w);
      return;
    }
    const kernels::AdamUpdate update = {
        static_cast<float>(gradient_scale),
        static_cast<float>(1.0 - learning_rate * static_cast<double>(decay)),
        static_cast<float>(learning_rate / bias1),
        options_.beta1,
        options_.beta2,
        static_cast<float>(1.0 / std::sqrt(bias2)),
        options_.epsilon};
    kernels::adam_update(update, n, g, first, slot.second.data() + piece.begin, w);
  });
}

void Optimizer::save(TrainingState& state) const {
  state.set_integer("optimizer/steps", steps_);
  for (const Slot& slot : slots_) {
    const std::string& name = slot.parameter->name;
    if (!slot.first.empty()) state.set_tensor("optimizer/first/" + name, slot.first);
    if (!slot.second.empty()) state.set_tensor("optimizer/second/" + name, slot.second);
  }
}

void Optimizer::load(const TrainingState& state) {
  steps_ = state.integer("optimizer/steps");
  for (Slot& slot : slots_) {
    const std::string& name = slot.parameter->name;
    if (!slot.first.empty()) state.get_tensor("optimizer/first/" + name, slot.first);
    if (!slot.second.empty()) state.get_tensor("optimizer/second/" + name, slot.second);
  }
}

double gradient_norm(ComputeContext& context, ParameterSpan parameters) {
  const std::vector<Piece> pieces = pieces_of(parameters, [](const auto& parameter) {
    return parameter->trainable ? parameter->gradient.size() : 0;
  });
  std::vector<double> sums(pieces.size());
  context.parallel(static_cast<int>(pieces.size()), [&](int part) {
    const Piece& piece = pieces[static_cast<size_t>(part)];
    sums[static_cast<size_t>(part)] = kernels::sum_of_squares(
        static_cast<size_t>(piece.count), parameters[piece.slot]->gradient.data() + piece.begin);
  });
  double total = 0.0;
  for (const double sum : sums) total += sum;
  return std::sqrt(total);
}

double clip_factor(double norm, double max_norm) {
  // The small term is PyTorch's; it keeps a norm of zero harmless.
  return max_norm > 0.0 ? std::min(1.0, max_norm / (norm + 1e-6)) : 1.0;
}

}  // namespace bivox
