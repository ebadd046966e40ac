#include "asr/convnet/sequence_training.h"

#include <algorithm>
#include <cmath>

#include "asr/convnet/training.h"
#include "models/nn/losses.h"
#include "models/nn/ops.h"

namespace bivox {
namespace {

PhoneTrigrams count_trigrams(std::span<const ConvNetExample> examples, const StateTree& tree) {
  std::vector<const std::vector<PhoneRun>*> phones;
  for (const ConvNetExample& example : examples) phones.push_back(&example.phones);
  return {phones, tree};
}

}  // namespace

SequenceObjective::SequenceObjective(std::span<const ConvNetExample> examples,
                                     const StateTree& tree, std::vector<float> log_priors,
                                     const SequenceObjectiveOptions& options)
    : examples_(examples),
      tree_(tree),
      log_priors_(std::move(log_priors)),
      options_(options),
      trigrams_(count_trigrams(examples, tree)),
      all_(trigrams_.all()) {}

std::vector<HmmGraph> SequenceObjective::said(std::span<const ConvNetExample> examples,
                                              const TrainingBatch& batch) const {
  std::vector<HmmGraph> graphs;
  for (size_t b = 0; b < batch.indices.size(); ++b) {
    const ConvNetExample& example = examples[static_cast<size_t>(batch.indices[b])];
    graphs.push_back(
        trigrams_.said(example.phones, batch.streams[1].lengths[b], options_.tolerance));
  }
  return graphs;
}

SummedLoss SequenceObjective::loss(Network& network, Tape& tape, TrainingBatch& batch) const {
  const std::vector<HmmGraph> graphs = said(examples_, batch);
  const std::vector<int> lengths = batch.streams[1].lengths;
  const std::vector<int> targets = state_targets(batch);
  const Var inputs[] = {tape.constant(std::move(batch.streams[0].values))};
  const Var logits = network.forward(tape, inputs, batch.streams[0].lengths)[0];
  Var sum = sequence_loss(logits, all_, graphs, log_priors_, lengths,
                          {options_.scale, options_.least, Reduction::kSum});
  if (options_.frame_weight > 0.0F) {
    const Var frames = cross_entropy(logits, targets, lengths, {0.0F, Reduction::kSum});
    const Var both[] = {sum, scale(frames, options_.frame_weight)};
    sum = add(both);
  }
  double frames = 0.0;
  for (const int length : lengths) frames += length;
  return {sum, frames};
}

double SequenceObjective::measure(Network& network, ComputeContext& context,
                                  std::span<const ConvNetExample> examples,
                                  const ReaderOptions& options) const {
  double total = 0.0;
  double frames = 0.0;
  for_plain_batches(examples, tree_, options, [&](TrainingBatch& batch) {
    const std::vector<HmmGraph> graphs = said(examples, batch);
    const std::vector<int>& lengths = batch.streams[1].lengths;
    Tape tape(context);
    const Var inputs[] = {tape.constant(std::move(batch.streams[0].values))};
    const Var logits = network.forward(tape, inputs, batch.streams[0].lengths)[0];
    std::vector<double> losses;
    sequence_loss(logits, all_, graphs, log_priors_, lengths,
                  {options_.scale, options_.least, Reduction::kSum}, &losses);
    for (size_t b = 0; b < losses.size(); ++b) {
      if (std::isinf(losses[b])) continue;
      total += losses[b];
      frames += lengths[b];
    }
  });
  return total / std::max(1.0, frames);
}

}  // namespace bivox
