#include "dsp/features/window.h"

#include <cmath>
#include <numbers>

#include "dsp/core/check.h"

namespace bivox {

std::vector<float> make_window(WindowKind kind, int length) {
  BIVOX_CHECK(length >= 1);
  std::vector<float> window(static_cast<size_t>(length), 1.0F);
  if (length == 1 || kind == WindowKind::kRectangular) return window;
  const double period = kind == WindowKind::kHannPeriodic ? length : length - 1;
  for (int n = 0; n < length; ++n) {
    const double phase = 2.0 * std::numbers::pi * n / period;
    double w = 1.0;
    switch (kind) {
      case WindowKind::kRectangular:
        break;
      case WindowKind::kHamming:
        w = 0.54 - 0.46 * std::cos(phase);
        break;
      case WindowKind::kHann:
      case WindowKind::kHannPeriodic:
        w = 0.5 - 0.5 * std::cos(phase);
        break;
      case WindowKind::kPovey:
        w = std::pow(0.5 - 0.5 * std::cos(phase), 0.85);
        break;
      case WindowKind::kBlackman:
        w = 0.42 - 0.5 * std::cos(phase) + 0.08 * std::cos(2.0 * phase);
        break;
    }
    window[static_cast<size_t>(n)] = static_cast<float>(w);
  }
  return window;
}

}  // namespace bivox
