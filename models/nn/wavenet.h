// WaveNet: the distribution of each audio sample from those before it, and from mel frames.
//
//   x_0 = in(y[t - 1], guides[t])                               1 + guides -> R, kernel 1
//   g   = filter_l * x_l + repeat(condition_l(c))               R -> 2R, dilation 2^(l mod cycle)
//   z   = tanh(g[0, R)) sigmoid(g[R, 2R))
//   x_{l+1} = x_l + residual_l(z);   s = sum_l skip_l(z)
//   p(y[t]) = head2(relu(head1(relu(s))))
//
// c = relu(condition * mel) looks at the mel frames around; it is computed at the frame rate and
// held for `hop` samples. The network predicts y[t] from y[..t - 1]: its audio input is the signal
// delayed by one sample (0 first), so it is causal by construction (tested). Guides are signals
// that are known beforehand, such as where the pulses of a voice are to be; they are not delayed.
//
// Outputs by kind, as the losses of losses.h take them:
//   kLogisticMixture  [3 k]: logits of k weights, k means, k logs of scales
//   kGaussian         [2]: mean, log of the standard deviation
//   kMuLaw            [levels]: logits of quantized levels of the companded signal,
//                     f(y) = sign(y) log(1 + m |y|) / log(1 + m), m = levels - 1;
//                     the audio input is then f(y) on those levels, not y
// Shapes: audio [batch x time x 1 + guides], y in [-1, 1] first; mel [batch x time / hop x
// mel_bins].
//
// Training runs this network (network.h) on many samples at once; wavenet_sampler.h runs it one
// sample at a time. Errors: Error(kModel) for options out of range. Thread rule: pure functions.
// Sources: van den Oord et al. 2016, "WaveNet", sections 2.1-2.5; Shen et al. 2018 (Tacotron 2),
// section 2.3 (mixture of logistics on mel frames). Test: tests/models/nn/wavenet_test.cpp.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/nn/network.h"

namespace bivox {

enum class WaveNetOutput { kLogisticMixture, kGaussian, kMuLaw };
std::string_view wavenet_output_name(WaveNetOutput output);

struct WaveNetOptions {
  int layers = 20;
  int cycle = 10;  ///< Dilations 1, 2, .. 2^(cycle - 1), and again.
  int kernel = 2;
  int residual = 64;
  int skip = 128;
  int mel_bins = 80;         ///< 0: not conditioned.
  int condition_kernel = 3;  ///< Mel frames, odd: centred.
  int hop = 256;             ///< Samples a mel frame.
  int guides = 0;            ///< Signals beside the audio.
  WaveNetOutput output = WaveNetOutput::kLogisticMixture;
  int mixtures = 10;
  int levels = 256;  ///< Of kMuLaw.
  int sample_rate_hz = 16000;

  int dilation(int layer) const { return 1 << (layer % cycle); }
  int output_channels() const;
  /// Samples before y[t] that it depends on.
  int receptive_field() const;
  /// Multiply-adds a sample of audio, conditioning included.
  double multiply_adds_per_sample() const;
};

/// Throws Error(kModel) for sizes out of range.
void check_wavenet_options(const WaveNetOptions& options);
/// A JSON object, for "options" of a model folder.
std::string wavenet_options_json(const WaveNetOptions& options);
WaveNetOptions parse_wavenet_options(std::string_view json, std::string_view source);

/// Inputs: audio, and mel unless mel_bins is 0. One output.
Network wavenet_network(const WaveNetOptions& options);

/// The audio input for training: `audio` delayed by one sample, companded to levels for kMuLaw,
/// each sample followed by its guides [samples x guides].
std::vector<float> wavenet_history(const WaveNetOptions& options, std::span<const float> audio,
                                   std::span<const float> guides = {});

/// The level of y in [-1, 1], in [0, levels), and its middle.
int mu_law_level(float y, int levels);
float mu_law_sample(int level, int levels);

}  // namespace bivox
