// One training step after another: gradients, clipping, optimizer, schedule, averages.
//
//   loss = (sum over ranks of loss sums) / (sum over ranks of counts)
//
// The caller's function builds a loss that is a sum (over frames, words, utterances) and says over
// how many; the mean is taken here, over all ranks. A step whose gradient is not finite changes
// nothing and says so. The seed of dropout is hash(run seed, step, rank), so that a resumed run
// draws the same masks.
//
// Thread rule: one thread; the context's threads share the arithmetic. Errors: those of the parts.
// Test: tests/models/nn/trainer_test.cpp.
#pragma once

#include <cstdint>
#include <functional>

#include "models/nn/distributed.h"
#include "models/nn/optimizer.h"
#include "models/nn/schedule.h"
#include "models/nn/tape.h"
#include "models/nn/training_state.h"
#include "models/nn/weight_average.h"

namespace bivox {

struct TrainerOptions {
  OptimizerOptions optimizer;
  ScheduleOptions schedule;
  WeightAverageOptions average;
  double max_gradient_norm = 5.0;  ///< Of the mean loss; 0: no clipping.
  uint64_t seed = 1;
};

/// What a step descends along: `sum` / `count`.
struct SummedLoss {
  Var sum;             ///< Scalar.
  double count = 0.0;  ///< What the sum goes over, on this rank.
};

struct StepReport {
  int64_t step = 0;   ///< From 1.
  double loss = 0.0;  ///< The mean over all ranks.
  double count = 0.0;
  double gradient_norm = 0.0;  ///< Of the mean loss, before clipping.
  double learning_rate = 0.0;
  bool skipped = false;  ///< The gradient was not finite.
};

class Trainer {
 public:
  /// The parameters (of one network or more), context and communicator must outlive the trainer.
  /// All ranks start from the weights of rank 0.
  Trainer(ComputeContext& context, ParameterSpan parameters, const TrainerOptions& options,
          Communicator* communicator = nullptr);

  StepReport step(const std::function<SummedLoss(Tape&)>& forward);

  int64_t steps() const { return steps_; }
  ComputeContext& context() const { return context_; }
  WeightAverage& average() { return average_; }
  const TrainerOptions& options() const { return options_; }
  Communicator& communicator() const { return *communicator_; }

  /// Weights, optimizer, averages, step: "weights/...", "optimizer/...", "average/...", "trainer/".
  void save(TrainingState& state) const;
  void load(const TrainingState& state);

 private:
  ComputeContext& context_;
  ParameterSpan parameters_;
  TrainerOptions options_;
  Communicator alone_;
  Communicator* communicator_;
  Optimizer optimizer_;
  WeightAverage average_;
  Tape tape_;
  int64_t steps_ = 0;
};

}  // namespace bivox
