// The parallel WaveNet of the vocoder: gated dilated causal convolutions on the waveform that turn
// source-filter speech into speech, all samples at once.
//
//   u_t  = `fold` successive samples of source-filter speech, of pulses and of noise (a row)
//   x_0  = in_speech * (5 u speech)
//   c    = relu(condition * (features, lack) + in_source * (u pulses, u noise))
//   z_l  = tanh(filter_l * x_l) sigmoid(gate_l * x_l + condition_l(c))    kernel K,
//   x_{l+1} = x_l + residual_l(z_l);   s = sum_l skip_l(z_l)              dilation 2^(l mod cycle)
//   y_t  = u_t speech + 0.2 head(s)
//
// `lack` is ln mel asked for minus ln mel that the source-filter speech has here, a band each:
// chance makes single frames of it too loud or too faint, and the network knows by how much.
//
// What the network adds is made of the speech alone, by filters without biases that the features
// and the excitation open and close: silence stays silent. A bias or a feature on that way would be
// a constant, which `fold` samples at once make a tone of 0, 1/8, 2/8 .. of the rate in every
// pause, and the loss on logarithms of spectra would hold the whole network at zero for it.
//
// Folding: the row of `fold` samples is the time step of the convolutions, and its samples are
// channels. It is the raw waveform still, no filter bank lies between, but at 16 kHz and fold 8 the
// net runs 2,000 times a second on dense products. Row by row it is causal: y_t sees no audio after
// its own row (tested). Features are interpolated to rows; the condition looks half a frame ahead.
//
// head starts at zero, so that an untrained net gives source-filter speech (tested).
// Shapes: input `rows` [batch x time x input_columns()] = [speech | pulses / 10 | noise / 10 |
// features, normalised | lack], output [batch x time x fold], which is [batch x time * fold x 1] in
// memory. Thread rule: pure functions. Errors: Error(kModel) for options out of range. Sources: van
// den Oord et al. 2016, "WaveNet", sections 2.1-2.5; Yamamoto et al. 2020 (Parallel WaveGAN),
// section 2 (not autoregressive, noise as input); Wang et al. 2019 (NSF), section II-B (source
// signal as input). Test: tests/tts/parallel_wavenet_test.cpp.
#pragma once

#include <string>
#include <string_view>

#include "models/nn/network.h"

namespace bivox {

struct ParallelWaveNetOptions {
  int fold = 8;
  int layers = 10;
  int cycle = 5;  ///< Dilations 1, 2, .. 2^(cycle - 1) rows, and again.
  int kernel = 3;
  int channels = 64;
  int condition = 64;
  int feature_columns = 82;  ///< num_mel + 2.
  int hop = 160;             ///< Samples a feature frame; a multiple of fold.

  int rows_per_frame() const { return hop / fold; }
  int lack_columns() const { return feature_columns - 2; }
  int input_columns() const { return 3 * fold + feature_columns + lack_columns(); }
  /// Samples before its own row that a sample depends on.
  int receptive_field() const;
};

void check_parallel_wavenet_options(const ParallelWaveNetOptions& options);
std::string parallel_wavenet_options_json(const ParallelWaveNetOptions& options);
ParallelWaveNetOptions parse_parallel_wavenet_options(std::string_view json,
                                                      std::string_view source);

/// Weights are zero, as in network.h.
Network parallel_wavenet_network(const ParallelWaveNetOptions& options);
/// Random weights but for head.
void initialize_parallel_wavenet(Network& network, uint64_t seed);

}  // namespace bivox
