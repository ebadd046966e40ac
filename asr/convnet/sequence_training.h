// Training the ConvNet on whole utterances: make what was said likelier than all else.
//
//   loss = sum over utterances of lattice-free MMI + frame_weight sum over frames of cross-entropy
//
// divided by frames. Scores are what the search gets, log softmax - log prior, of which the softmax
// falls out; `scale` is the inverse of the search's language weight. Cross-entropy on the same
// output keeps it a posterior of states ("F-smoothing"): the finished model is one like any other,
// with the same priors, and can be trained further either way.
//
// Thread rule: immutable; that of the trainer for the network. Sources: Povey et al. 2016 (MMI
// without lattices); Su et al. 2013, "Error back propagation for sequence training of context-
// dependent deep networks", section 3.2 (F-smoothing). Test:
// tests/asr/convnet/sequence_training_test.cpp.
#pragma once

#include <span>
#include <vector>

#include "asr/convnet/phone_graphs.h"
#include "asr/convnet/training_data.h"
#include "models/nn/network.h"
#include "models/nn/trainer.h"

namespace bivox {

struct SequenceObjectiveOptions {
  float scale = 0.3F;
  float frame_weight = 0.1F;
  /// Output frames that a phone may lie beside its alignment.
  int tolerance = 2;
  /// Share of a frame below which phones of all that could be said do not count.
  float least = 1e-4F;
};

class SequenceObjective {
 public:
  /// `examples` are those of the loader; they and the tree must outlive this.
  SequenceObjective(std::span<const ConvNetExample> examples, const StateTree& tree,
                    std::vector<float> log_priors, const SequenceObjectiveOptions& options);

  /// The loss of one batch of ConvNetReader's examples.
  SummedLoss loss(Network& network, Tape& tape, TrainingBatch& batch) const;
  /// Nats a frame by which what was said is less likely than all: the loss without cross-entropy,
  /// of other examples, not augmented.
  double measure(Network& network, ComputeContext& context,
                 std::span<const ConvNetExample> examples, const ReaderOptions& options) const;

  const HmmGraph& all() const { return all_; }

 private:
  std::vector<HmmGraph> said(std::span<const ConvNetExample> examples,
                             const TrainingBatch& batch) const;

  std::span<const ConvNetExample> examples_;
  const StateTree& tree_;
  std::vector<float> log_priors_;
  SequenceObjectiveOptions options_;
  PhoneTrigrams trigrams_;
  HmmGraph all_;
};

}  // namespace bivox
