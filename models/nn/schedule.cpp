#include "models/nn/schedule.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "dsp/core/error.h"

namespace bivox {
namespace {

// From `a` at x = 0 to `b` at x = 1 along half a cosine.
double cosine(double a, double b, double x) {
  return b + (a - b) * 0.5 * (1.0 + std::cos(std::numbers::pi * x));
}

double share(int64_t done, int64_t total) {
  if (total <= 0) return 1.0;
  return std::clamp(static_cast<double>(done) / static_cast<double>(total), 0.0, 1.0);
}

}  // namespace

void ScheduleOptions::validate() const {
  const auto check = [](bool good, std::string_view name, double value, std::string_view expected) {
    if (good) return;
    throw Error(ErrorCode::kUsage,
                fmt::format("schedule: {} is {}, expected {}", name, value, expected));
  };
  const auto steps = static_cast<double>(total_steps);
  check(peak >= 0.0 && std::isfinite(peak), "peak", peak, "a rate of 0 or more");
  check(total_steps > 0, "total_steps", steps, "1 or more");
  check(warmup_steps >= 0 && warmup_steps <= total_steps, "warmup_steps",
        static_cast<double>(warmup_steps), "0 to total_steps");
  check(final_fraction >= 0.0 && final_fraction <= 1.0, "final_fraction", final_fraction, "0 to 1");
  check(start_fraction >= 0.0 && start_fraction <= 1.0, "start_fraction", start_fraction, "0 to 1");
}

double learning_rate(const ScheduleOptions& o, int64_t step) {
  const int64_t warmup = o.warmup_steps;
  if (o.kind == ScheduleKind::kOneCycle) {
    // The peak is reached at step warmup - 1 and the end at step total - 1.
    if (step < warmup) {
      return cosine(o.start_fraction * o.peak, o.peak, share(step, warmup - 1));
    }
    return cosine(o.peak, o.final_fraction * o.peak,
                  share(step - std::max<int64_t>(warmup - 1, 0),
                        o.total_steps - std::max<int64_t>(warmup, 1)));
  }
  if (step < warmup) {
    return o.peak * static_cast<double>(step + 1) / static_cast<double>(warmup);
  }
  const double x = share(step - warmup, o.total_steps - warmup);
  switch (o.kind) {
    case ScheduleKind::kCosine:
      return cosine(o.peak, o.final_fraction * o.peak, x);
    case ScheduleKind::kInverseSqrt: {
      const auto from = static_cast<double>(std::max<int64_t>(warmup, 1));
      return o.peak * std::sqrt(from / std::max(from, static_cast<double>(step + 1)));
    }
    case ScheduleKind::kExponential:
      return o.peak * std::pow(o.final_fraction, x);
    case ScheduleKind::kConstant:
    case ScheduleKind::kOneCycle:
      break;
  }
  return o.peak;
}

}  // namespace bivox
