// The ConvNet's architecture: log-mel frames in, a logit for every tied state out.
//
//   log-mel [time x mel] -> norm -> stem: convolution over stem_kernel frames, every
//   `subsampling`-th result -> norm -> ReLU -> blocks -> dropout -> logits [time / subsampling x
//   states]
//   block(x) = ReLU(x + norm(conv(dropout(ReLU(norm(conv(x)))))))
//
// Convolutions run over time only, dense over channels: mel bins are the channels of the first one.
// In training a second output, logits of phones and blank (0) for CTC, stands beside the first.
// With `right_frames` the look-ahead is bounded for streaming: the stem is symmetric, the rest of
// the budget is dealt evenly to the convolutions that follow, which look back for what is missing.
//
// Output frame j is centred on input frame j * subsampling; an input of T frames gives
// ceil(T / subsampling). Errors: Error(kUsage) naming option and value. Thread rule: pure
// functions. Sources: He et al. 2016, "Deep residual learning for image recognition", section 3.3;
// Waibel et al. 1989, "Phoneme recognition using time-delay neural networks"; Collobert et al.
// 2016, "Wav2Letter". Test: tests/asr/convnet/network_test.cpp.
#pragma once

#include "models/nn/network.h"

namespace bivox {

struct ConvNetOptions {
  int num_mel = 80;
  int width = 256;      ///< Channels of every layer.
  int blocks = 5;       ///< Of two convolutions each.
  int kernel = 5;       ///< Of the blocks' convolutions; odd.
  int stem_kernel = 7;  ///< Odd.
  int subsampling = 3;  ///< Input frames for one output frame.
  float dropout = 0.1F;
  int right_frames = -1;  ///< Most input frames of look-ahead; -1: as the symmetric network has.
  int states = 1;         ///< Outputs: tied states.
  int phones = 0;         ///< Labels of the CTC output without blank; 0: no such output.

  void validate() const;
};

/// Weights are zero until initialize().
Network make_convnet(const ConvNetOptions& options);

/// Gives every parameter of `to` the values of that of the same name in `from`. Parameters that
/// `from` lacks, or has in another shape, keep what they had; returns how many those are. Taps of
/// convolutions keep their place in time: where `to` looks ahead by another amount, what it no
/// longer sees is lost and what it sees in addition starts at zero.
int copy_parameters(const Network& from, Network& to);

}  // namespace bivox
