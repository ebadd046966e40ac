#include "asr/convnet/training.h"

#include <algorithm>
#include <cmath>

#include "dsp/core/check.h"
#include "models/nn/losses.h"
#include "models/nn/ops.h"

namespace bivox {
namespace {

// Frames that a state counts for although it never occurred.
constexpr double kPriorFloor = 1.0;

}  // namespace

std::vector<int> state_targets(const TrainingBatch& batch) {
  const std::span<const float> values = batch.streams[1].values.values();
  return {values.begin(), values.end()};
}

void for_plain_batches(std::span<const ConvNetExample> examples, const StateTree& tree,
                       const ReaderOptions& options,
                       const std::function<void(TrainingBatch& batch)>& each) {
  if (examples.empty()) return;
  ReaderOptions plain = options;
  plain.augment = false;
  DataLoaderOptions loading;
  loading.max_examples = 8;
  loading.shuffle = false;
  loading.threads = 0;
  DataLoader loader(loading, std::vector<int64_t>(examples.size(), 1),
                    ConvNetReader(examples, tree, plain));
  for (bool last = false; !last;) {
    TrainingBatch batch = loader.next();
    last = batch.last_of_epoch;
    each(batch);
  }
}

SummedLoss convnet_loss(Network& network, Tape& tape, TrainingBatch& batch,
                        const ConvNetLossOptions& options) {
  const std::vector<int> lengths = batch.streams[0].lengths;
  const std::vector<int> out_lengths = batch.streams[1].lengths;
  const std::vector<int> targets = state_targets(batch);
  const Var inputs[] = {tape.constant(std::move(batch.streams[0].values))};
  const std::vector<Var> outputs = network.forward(tape, inputs, lengths);
  BIVOX_CHECK(outputs[0].value().dim(1) == batch.streams[1].values.dim(1));
  Var sum =
      cross_entropy(outputs[0], targets, out_lengths, {options.label_smoothing, Reduction::kSum});
  if (options.ctc_weight > 0.0F && outputs.size() > 1) {
    const Var ctc = ctc_loss(outputs[1], batch.targets, out_lengths, {0, Reduction::kSum});
    const Var both[] = {sum, scale(ctc, options.ctc_weight)};
    sum = add(both);
  }
  double frames = 0.0;
  for (const int length : out_lengths) frames += length;
  return {sum, frames};
}

FrameAccuracy measure_frames(Network& network, ComputeContext& context,
                             std::span<const ConvNetExample> examples, const StateTree& tree,
                             const ReaderOptions& options) {
  FrameAccuracy accuracy;
  for_plain_batches(examples, tree, options, [&](TrainingBatch& batch) {
    const std::vector<int> targets = state_targets(batch);
    const std::vector<int>& lengths = batch.streams[1].lengths;
    const std::vector<int> in_lengths = batch.streams[0].lengths;
    Tape tape(context);
    const Var inputs[] = {tape.constant(std::move(batch.streams[0].values))};
    const Tensor& logits = network.forward(tape, inputs, in_lengths)[0].value();
    const int64_t time = logits.dim(1);
    const int64_t classes = logits.dim(2);
    for (size_t b = 0; b < lengths.size(); ++b) {
      for (int t = 0; t < lengths[b]; ++t) {
        const int64_t frame = static_cast<int64_t>(b) * time + t;
        const float* row = logits.data() + frame * classes;
        const int target = targets[static_cast<size_t>(frame)];
        const float* best = std::max_element(row, row + classes);
        double sum = 0.0;
        for (int64_t c = 0; c < classes; ++c) sum += std::exp(row[c] - *best);
        accuracy.right += best - row == target ? 1.0 : 0.0;
        accuracy.log_loss += std::log(sum) + static_cast<double>(*best - row[target]);
        accuracy.frames += 1.0;
      }
    }
  });
  return accuracy;
}

TargetStatistics count_targets(std::span<const ConvNetExample> examples, const StateTree& tree,
                               const ReaderOptions& options) {
  std::vector<double> counts(static_cast<size_t>(tree.num_states()), kPriorFloor);
  TransitionCounts transitions(tree.phones().size(), options.states_per_phone);
  for (const ConvNetExample& example : examples) {
    const StateAlignment alignment = split_states(
        subsampled_runs(example.phones, example.renderings.at(0).frames, options.subsampling),
        options.states_per_phone);
    for (const int state : tied_states(alignment, tree)) counts[static_cast<size_t>(state)] += 1.0;
    transitions.add(alignment);
  }
  double sum = 0.0;
  for (const double count : counts) sum += count;
  TargetStatistics statistics;
  for (const double count : counts) {
    statistics.log_priors.push_back(static_cast<float>(std::log(count / sum)));
  }
  statistics.transitions = transitions.log_probs();
  return statistics;
}

}  // namespace bivox
