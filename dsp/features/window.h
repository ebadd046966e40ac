// Analysis windows w[0 .. L-1]; the formulas stand beside the enumerators below.
//
// Thread rule: pure functions. Source: Harris, "On the Use of Windows", Proc. IEEE 66(1), 1978; the
// Povey window is Kaldi's (feature-window.cc). Test: tests/dsp/window_test.cpp.
#pragma once

#include <cstdint>
#include <vector>

namespace bivox {

enum class WindowKind : uint8_t {
  kRectangular,
  kHamming,       ///< 0.54 - 0.46 cos(2 pi n / (L - 1))
  kHann,          ///< 0.5 - 0.5 cos(2 pi n / (L - 1))
  kHannPeriodic,  ///< 0.5 - 0.5 cos(2 pi n / L) (librosa)
  kPovey,         ///< kHann ^ 0.85 (Kaldi)
  kBlackman,      ///< 0.42 - 0.5 cos(2 pi n / (L - 1)) + 0.08 cos(4 pi n / (L - 1))
};

/// `length` weights, length >= 1.
std::vector<float> make_window(WindowKind kind, int length);

}  // namespace bivox
