// Why did the network say this here? The gradient of one output with respect to the input.
//
//   s[t, c] = d y / d x[t, c],   y = log softmax(output)[frame, channel] (or the output itself)
//
// of the shape of the input [time x channels]: where it is large, a change of the spectrogram would
// change the decision. Times the input it shares the decision out among what is there. The plain
// gradient is noisy; SmoothGrad averages it over copies of the input with a little noise.
//
// Source: Simonyan et al. 2013, section 3 (gradient); Shrikumar et al. 2017 (times input);
// Smilkov et al. 2017, "SmoothGrad", section 3. Thread rule: one thread per Network, as in
// training; parameters, their gradients and running statistics do not change. Errors: Error(kUsage)
// for a frame or channel that is not there. Test: tests/models/nn/saliency_test.cpp.
#pragma once

#include <cstdint>

#include "models/nn/network.h"
#include "models/nn/tensor.h"

namespace bivox {

struct SaliencyOptions {
  int output = 0;             ///< Index into Network::outputs().
  int frame = 0;              ///< Of the output.
  int channel = 0;            ///< Of the output, e.g. the class.
  bool log_posterior = true;  ///< Of log softmax over the output's channels; else of the output.
  bool times_input = false;
  int samples = 1;      ///< More than one: SmoothGrad.
  float noise = 0.15F;  ///< Standard deviation, as a share of the input's largest - smallest.
  uint64_t noise_seed = 1;
};

/// `input` [time x channels] of the network's one input; the result has its shape.
Tensor saliency(ComputeContext& context, Network& network, const Tensor& input,
                const SaliencyOptions& options);

}  // namespace bivox
