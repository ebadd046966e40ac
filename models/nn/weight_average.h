// Averages of a network's weights along its training, which generalize better than the last ones.
//
//   kExponential  a += (1 - d) (w - a), d = min(decay, (1 + n) / (10 + n)) at the n-th update
//   kLast         the mean of the weights at the last `count` updates (call once an epoch)
//
// All parameters take part, the running statistics of batch norm too. swap() exchanges averages
// and weights: evaluate or save between two calls of it.
// Thread rule: one thread. Errors: Error(kUsage) for options out of range.
// Sources: Polyak & Juditsky 1992, "Acceleration of stochastic approximation by averaging"; the
// warm-up of d as in TensorFlow's ExponentialMovingAverage. Test:
// tests/models/nn/weight_average_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

#include "models/nn/optimizer.h"

namespace bivox {

enum class AverageKind : uint8_t { kNone, kExponential, kLast };

struct WeightAverageOptions {
  AverageKind kind = AverageKind::kNone;
  double decay = 0.999;  ///< For kExponential.
  int count = 5;         ///< For kLast; each costs a copy of the weights.

  void validate() const;
};

class WeightAverage {
 public:
  /// The parameters must outlive the average.
  WeightAverage(const WeightAverageOptions& options, ParameterSpan parameters);

  /// Takes the weights as they are now.
  void update(ComputeContext& context);
  /// Exchanges averages and weights; nothing happens before the first update or with kNone.
  void swap();
  bool swapped() const { return swapped_; }
  int64_t updates() const { return updates_; }

  /// Entries "average/..."; not while swapped.
  void save(TrainingState& state) const;
  void load(const TrainingState& state);

 private:
  void average_snapshots();

  WeightAverageOptions options_;
  ParameterSpan parameters_;
  std::vector<Tensor> average_;
  std::vector<std::vector<Tensor>> snapshots_;  // of update u at [u % count]
  int64_t updates_ = 0;
  bool swapped_ = false;
};

}  // namespace bivox
