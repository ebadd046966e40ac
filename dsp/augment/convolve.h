// Convolution of long signals by overlap-add of Fourier transforms.
//
//   y[n] = sum_k x[n - k] h[k],  x.size() + h.size() - 1 samples
//
// Thread rule: a pure function. Source: Oppenheim & Schafer, "Discrete-time signal processing",
// section 8.7.3. Test: tests/dsp/augment_room_test.cpp (beside the direct sum).
#pragma once

#include <span>
#include <vector>

namespace bivox {

std::vector<float> convolve(std::span<const float> x, std::span<const float> h);

}  // namespace bivox
