#include "asr/convnet/training.h"

#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>

#include "convnet_fixture.h"
#include "models/nn/training_loop.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

struct Task {
  StateTree tree{few_phones(), 2};
  std::vector<ConvNetExample> train;
  std::vector<ConvNetExample> dev;

  Task() {
    for (uint64_t i = 0; i < 24; ++i) train.push_back(made_up_example(100 + i));
    for (uint64_t i = 0; i < 4; ++i) dev.push_back(made_up_example(500 + i));
  }
};

// Trains for `epochs`, stopping after `stop_after` steps (0: never). Returns the network.
Network train(const Task& task, int64_t epochs, const fs::path& folder, int64_t stop_after) {
  ConvNetOptions options = small_convnet(task.tree.num_states());
  options.phones = task.tree.phones().size();
  Network network = make_convnet(options);
  network.initialize(1);
  DataLoaderOptions loading;
  loading.max_examples = 4;
  loading.threads = 0;
  DataLoader loader(loading, std::vector<int64_t>(task.train.size(), 1),
                    ConvNetReader(task.train, task.tree, small_reader()));
  ComputeContext context(1, Precision::kFloat32);
  TrainerOptions training;
  training.schedule.peak = 0.01;
  training.schedule.total_steps = epochs * loader.batches_in_epoch(0);
  Trainer trainer(context, network.parameters(), training);
  TrainingLoopOptions loop;
  loop.epochs = epochs;
  loop.folder = folder;
  TrainingLoopCalls calls;
  int64_t steps = 0;
  calls.forward = [&](Tape& tape, TrainingBatch& batch) {
    ++steps;
    return convnet_loss(network, tape, batch, {});
  };
  calls.stop = [&] { return stop_after > 0 && steps >= stop_after; };
  run_training(trainer, loader, loop, calls);
  return network;
}

TEST(ConvNetTraining, LearnsWhatCanBeHeard) {
  const Task task;
  Network network = train(task, 12, {}, 0);
  ComputeContext context(1, Precision::kFloat32);
  const FrameAccuracy accuracy =
      measure_frames(network, context, task.dev, task.tree, small_reader());
  EXPECT_GT(accuracy.frames, 100.0);
  // Which half of a phone a frame lies in shows at its edges; chance is one in eight.
  EXPECT_GT(accuracy.right / accuracy.frames, 0.7);
  EXPECT_LT(accuracy.log_loss / accuracy.frames, 1.0);
}

TEST(ConvNetTraining, AStoppedRunEndsAsAWholeOne) {
  const Task task;
  const fs::path folder = fs::temp_directory_path() / "bivox_convnet_resume";
  fs::remove_all(folder);
  const Network whole = train(task, 3, {}, 0);
  train(task, 3, folder, 8);
  const Network resumed = train(task, 3, folder, 0);
  for (const auto& parameter : whole.parameters()) {
    const Parameter* other = resumed.find_parameter(parameter->name);
    ASSERT_NE(other, nullptr);
    EXPECT_TRUE(std::ranges::equal(parameter->value.values(), other->value.values()))
        << parameter->name;
  }
  fs::remove_all(folder);
}

TEST(ConvNetTraining, TheLossIsTheSumOfBothParts) {
  const Task task;
  ConvNetOptions options = small_convnet(task.tree.num_states());
  options.phones = task.tree.phones().size();
  Network network = make_convnet(options);
  network.initialize(2);
  const ConvNetReader reader(task.train, task.tree, small_reader());
  ComputeContext context(1, Precision::kFloat32);
  const auto loss = [&](float weight) {
    std::vector<TrainingExample> examples;
    examples.push_back(reader(0, 1));
    examples.push_back(reader(1, 1));
    TrainingBatch batch = pad_examples(std::move(examples));
    Tape tape(context);
    const SummedLoss sum = convnet_loss(network, tape, batch, {weight, 0.0F});
    EXPECT_GT(sum.count, 50.0);
    return static_cast<double>(sum.sum.value().item());
  };
  const double frames = loss(0.0F);
  const double ctc = loss(1.0F) - frames;
  EXPECT_GT(ctc, 0.0);
  EXPECT_NEAR(loss(0.3F), frames + 0.3 * ctc, 1e-3 * frames);
}

TEST(ConvNetTraining, PriorsAreSharesOfTargets) {
  const Task task;
  const TargetStatistics statistics = count_targets(task.train, task.tree, small_reader());
  ASSERT_EQ(statistics.log_priors.size(), static_cast<size_t>(task.tree.num_states()));
  double sum = 0.0;
  for (const float prior : statistics.log_priors) sum += std::exp(static_cast<double>(prior));
  EXPECT_NEAR(sum, 1.0, 1e-5);
  EXPECT_EQ(statistics.transitions.size(), 4U * 2U * 3U);
}

}  // namespace
}  // namespace bivox
