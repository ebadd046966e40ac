// Training the ConvNet: what is made small, and what is measured.
//
//   loss = sum over frames of cross-entropy(states) + ctc_weight sum over utterances of CTC(phones)
//
// divided by frames. CTC needs no alignment and holds the network to the order of phones where the
// alignment is wrong; its output is left out of the finished model. Priors are the shares of states
// in the training targets, floored so that a state that never occurred is no winner.
// Thread rule: that of the trainer. Sources: Graves et al. 2006 (CTC); Szegedy et al. 2016 (label
// smoothing). Test: tests/asr/convnet/training_test.cpp.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "asr/convnet/training_data.h"
#include "models/nn/network.h"
#include "models/nn/trainer.h"

namespace bivox {

struct ConvNetLossOptions {
  float ctc_weight = 0.3F;  ///< 0, or a network without the output of phones: none.
  float label_smoothing = 0.0F;
};

/// The tied states of a batch of ConvNetReader's examples, [batch * time].
std::vector<int> state_targets(const TrainingBatch& batch);

/// Calls `each` with the examples in batches, in order and as they are, without augmentation.
void for_plain_batches(std::span<const ConvNetExample> examples, const StateTree& tree,
                       const ReaderOptions& options,
                       const std::function<void(TrainingBatch& batch)>& each);

/// The loss of one batch of ConvNetReader's examples.
SummedLoss convnet_loss(Network& network, Tape& tape, TrainingBatch& batch,
                        const ConvNetLossOptions& options);

struct FrameAccuracy {
  double right = 0.0;     ///< Frames whose likeliest state is the target.
  double log_loss = 0.0;  ///< Sum of cross-entropies, nats.
  double frames = 0.0;
};
/// Without augmentation, with the weights as they are.
FrameAccuracy measure_frames(Network& network, ComputeContext& context,
                             std::span<const ConvNetExample> examples, const StateTree& tree,
                             const ReaderOptions& options);

/// What the targets of a corpus say: priors (natural logs, [states]) and transitions
/// (TransitionCounts).
struct TargetStatistics {
  std::vector<float> log_priors;
  std::vector<float> transitions;
};
TargetStatistics count_targets(std::span<const ConvNetExample> examples, const StateTree& tree,
                               const ReaderOptions& options);

}  // namespace bivox
