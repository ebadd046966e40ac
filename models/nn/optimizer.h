// Optimizers: from summed gradients to changed weights.
//
//   SGD    g' = s g + decay w;  m = momentum m + g';  w -= rate m
//          (Nesterov: w -= rate (g' + momentum m))
//   AdamW  m = b1 m + (1 - b1) s g;  v = b2 v + (1 - b2) (s g)^2
//          w = (1 - rate decay) w - rate m^ / (sqrt(v^) + eps),  m^ = m / (1 - b1^t), v^ likewise
//
// s, the gradient scale, joins what else would cost passes over all gradients: the division of a
// summed loss by its number of frames, and clipping by the global norm:
//
//   const double norm = gradient_norm(context, parameters);           // of the summed loss
//   const float scale = 1.0F / frames;
//   optimizer.step(context, rate, scale * clip_factor(norm * scale, 5.0));
//
// Decay applies to parameters with Parameter::decay only; those that are not trainable are left
// alone. Golden beside torch.optim: 20 steps within 1e-6.
// Thread rule: one thread per Optimizer; the work is shared by the context's threads, with results
// that do not depend on their number. Errors: Error(kUsage) for options out of range.
// Sources: Sutskever et al. 2013, "On the importance of initialization and momentum in deep
// learning", section 2; Loshchilov & Hutter 2019, "Decoupled weight decay regularization",
// algorithm 2; Pascanu et al. 2013, "On the difficulty of training recurrent neural networks",
// algorithm 1 (clipping). Test: tests/models/nn/optimizer_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/nn/tape.h"
#include "models/nn/training_state.h"

namespace bivox {

enum class OptimizerKind : uint8_t { kSgd, kAdamW };

struct OptimizerOptions {
  OptimizerKind kind = OptimizerKind::kAdamW;
  float weight_decay = 0.01F;
  // SGD.
  float momentum = 0.9F;
  bool nesterov = false;
  // AdamW.
  float beta1 = 0.9F;
  float beta2 = 0.999F;
  float epsilon = 1e-8F;

  /// Throws Error(kUsage) naming option and value.
  void validate() const;
};

/// The parameters of a network, or of several.
using ParameterSpan = std::span<const std::unique_ptr<Parameter>>;

class Optimizer {
 public:
  /// The parameters must outlive the optimizer.
  Optimizer(const OptimizerOptions& options, ParameterSpan parameters);

  /// One step of size `learning_rate` along gradient_scale times the gradients, which stay as they
  /// are.
  void step(ComputeContext& context, double learning_rate, double gradient_scale = 1.0);

  const OptimizerOptions& options() const { return options_; }
  int64_t steps() const { return steps_; }

  /// Entries "optimizer/...".
  void save(TrainingState& state) const;
  void load(const TrainingState& state);

 private:
  struct Slot {
    Parameter* parameter;
    Tensor first;   // momentum, or the mean of gradients; empty when not needed
    Tensor second;  // the mean of squared gradients
  };

  OptimizerOptions options_;
  std::vector<Slot> slots_;
  int64_t steps_ = 0;
};

/// sqrt of the sum of squares over all trainable parameters' gradients.
double gradient_norm(ComputeContext& context, ParameterSpan parameters);
/// min(1, max_norm / norm); 1 when max_norm is 0 (no clipping).
double clip_factor(double norm, double max_norm);

}  // namespace bivox
