#include "asr/convnet/sequence_training.h"

#include <gtest/gtest.h>

#include <cmath>

#include "convnet_fixture.h"

namespace bivox {
namespace {

class SequenceTraining : public testing::Test {
 protected:
  SequenceTraining() : tree_(few_phones(), 2), network_(make_convnet(small_convnet(8))) {
    for (uint64_t i = 0; i < 24; ++i) train_.push_back(made_up_example(100 + i));
    for (uint64_t i = 0; i < 4; ++i) dev_.push_back(made_up_example(500 + i));
    network_.initialize(1);
  }

  SequenceObjective objective(const SequenceObjectiveOptions& options) const {
    return {train_, tree_, count_targets(train_, tree_, small_reader()).log_priors, options};
  }

  // Steps over all of the data, four utterances each.
  void train(const SequenceObjective& objective, int epochs) {
    DataLoaderOptions loading;
    loading.max_examples = 4;
    loading.threads = 0;
    DataLoader loader(loading, std::vector<int64_t>(train_.size(), 1),
                      ConvNetReader(train_, tree_, small_reader()));
    TrainerOptions options;
    options.schedule.peak = 0.01;
    options.schedule.total_steps = epochs * loader.batches_in_epoch(0);
    Trainer trainer(context_, network_.parameters(), options);
    while (trainer.steps() < options.schedule.total_steps) {
      TrainingBatch batch = loader.next();
      trainer.step([&](Tape& tape) { return objective.loss(network_, tape, batch); });
    }
  }

  StateTree tree_;
  Network network_;
  ComputeContext context_{2, Precision::kFloat32};
  std::vector<ConvNetExample> train_;
  std::vector<ConvNetExample> dev_;
};

TEST_F(SequenceTraining, MakesWhatWasSaidLikelier) {
  const SequenceObjective objective = this->objective({1.0F, 0.1F, 2});
  const double before = objective.measure(network_, context_, dev_, small_reader());
  train(objective, 8);
  const double after = objective.measure(network_, context_, dev_, small_reader());
  EXPECT_GT(before, 0.05);
  EXPECT_LT(after, 0.5 * before);
  // It still tells the states of frames.
  const FrameAccuracy accuracy = measure_frames(network_, context_, dev_, tree_, small_reader());
  EXPECT_GT(accuracy.right / accuracy.frames, 0.5);
}

TEST_F(SequenceTraining, TheLossIsTheSumOfBothParts) {
  const ConvNetReader reader(train_, tree_, small_reader());
  const auto loss = [&](float weight) {
    std::vector<TrainingExample> examples;
    examples.push_back(reader(0, 1));
    examples.push_back(reader(3, 1));
    TrainingBatch batch = pad_examples(std::move(examples));
    batch.indices = {0, 3};
    Tape tape(context_);
    const SummedLoss sum = objective({0.5F, weight, 2}).loss(network_, tape, batch);
    EXPECT_GT(sum.count, 50.0);
    return static_cast<double>(sum.sum.value().item());
  };
  const double sequence = loss(0.0F);
  const double frames = loss(1.0F) - sequence;
  EXPECT_GT(sequence, 0.0);
  EXPECT_GT(frames, 0.0);
  EXPECT_NEAR(loss(0.1F), sequence + 0.1 * frames, 1e-3 * frames);
}

}  // namespace
}  // namespace bivox
