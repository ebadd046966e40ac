// Learning-rate schedules: the rate of a step as a pure function of its number, so that there is
// nothing to save and a resumed run cannot drift.
//
//   kConstant       peak after the warm-up
//   kCosine         peak (f + (1 - f) (1 + cos(pi x)) / 2), x = share of the steps after warm-up
//   kInverseSqrt    peak sqrt(warm-up / step)
//   kExponential    peak f^x
//   kOneCycle       a cosine from start_fraction peak up to peak, and one down to f peak
//
// with f = final_fraction; during the warm-up (not kOneCycle) the rate is peak (step + 1) /
// warm-up. Steps count from 0; beyond total_steps the last rate stays.
// Thread rule: pure. Errors: Error(kUsage) for options out of range.
// Sources: Loshchilov & Hutter 2017, "SGDR", equation 5; Vaswani et al. 2017, "Attention is all you
// need", equation 3; Smith & Topin 2019, "Super-convergence" (one-cycle, cosine form as in
// torch.optim.lr_scheduler.OneCycleLR). Test: tests/models/nn/schedule_test.cpp.
#pragma once

#include <cstdint>

namespace bivox {

enum class ScheduleKind : uint8_t { kConstant, kCosine, kInverseSqrt, kExponential, kOneCycle };

struct ScheduleOptions {
  ScheduleKind kind = ScheduleKind::kCosine;
  double peak = 1e-3;
  int64_t warmup_steps = 0;
  int64_t total_steps = 1000;    ///< Including the warm-up.
  double final_fraction = 0.01;  ///< Of peak, at the end.
  double start_fraction = 0.04;  ///< Of peak, for kOneCycle; its rise takes warmup_steps.

  /// Throws Error(kUsage) naming option and value.
  void validate() const;
};

double learning_rate(const ScheduleOptions& options, int64_t step);

}  // namespace bivox
