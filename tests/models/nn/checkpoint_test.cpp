#include "models/nn/checkpoint.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/nn/training_loop.h"
#include "tests/dsp/temp_folder.h"
#include "tests/models/nn/synthetic_task.h"

namespace bivox {
namespace {

constexpr int64_t kEpochs = 4;
constexpr int kExamples = 200;
constexpr int kBatch = 8;  // 25 steps an epoch

struct RunOptions {
  std::filesystem::path folder;
  int64_t stop_after = -1;  // steps of this process
  int pause_ms = 0;         // for someone who kills it
  uint64_t weights_seed = 3;
  int64_t checkpoint_steps = 3;
};

// A whole training: dropout, batch norm, weight averages, shuffled data on background threads.
bool train(const RunOptions& run) {
  Network net = synthetic::network(run.weights_seed);
  ComputeContext context;
  TrainerOptions options;
  options.schedule.peak = 0.005;
  options.schedule.total_steps = kEpochs * kExamples / kBatch;
  options.average = {AverageKind::kExponential, 0.95, 1};
  Trainer trainer(context, net.parameters(), options);
  DataLoaderOptions data;
  data.max_examples = kBatch;
  data.threads = 2;
  DataLoader loader(data, synthetic::lengths(kExamples), synthetic::example);
  TrainingLoopOptions loop;
  loop.epochs = kEpochs;
  loop.folder = run.folder;
  loop.checkpoint_steps = run.checkpoint_steps;
  loop.description = "synthetic";
  loop.measures = {"accuracy"};
  int64_t steps = 0;
  TrainingLoopCalls calls;
  calls.forward = [&](Tape& tape, TrainingBatch& batch) {
    return synthetic::loss(net, tape, batch);
  };
  calls.end_of_epoch = [&](int64_t) {
    trainer.average().swap();
    const double accuracy = synthetic::accuracy(net, context, 1000, 20);
    trainer.average().swap();
    return std::vector<double>{accuracy};
  };
  calls.progress = [&](const TrainingProgress&) {
    ++steps;
    if (run.pause_ms > 0) std::this_thread::sleep_for(std::chrono::milliseconds(run.pause_ms));
  };
  calls.stop = [&] { return steps == run.stop_after; };
  return run_training(trainer, loader, loop, calls);
}

std::string tables(const std::filesystem::path& folder) {
  return read_file(folder / "steps.tsv") + read_file(folder / "epochs.tsv");
}

void expect_same_state(const TrainingState& a, const TrainingState& b) {
  EXPECT_EQ(a.values, b.values);
  ASSERT_EQ(a.tensors.size(), b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) {
    const Tensor& other = b.tensors.at(name);
    ASSERT_EQ(tensor.shape(), other.shape()) << name;
    for (int64_t i = 0; i < tensor.size(); ++i) ASSERT_EQ(tensor[i], other[i]) << name;
  }
}

TEST(Checkpoint, GivesTheSameBitsBack) {
  const TempFolder folder;
  TrainingState state;
  state.set_integer("whole", -(int64_t{1} << 60));
  state.set_number("third", 1.0 / 3.0);
  state.values["text"] = "tab\t\"quote\" \xC3\xA4";
  state.tensors["w"] = Tensor::from({2, 3}, std::vector<float>{0.1F, -0.0F, 1e-42F, 3, 4, 5});
  state.tensors["scalar"] = Tensor::scalar(7.0F);
  save_checkpoint(folder / "c", state);
  const TrainingState loaded = load_checkpoint(folder / "c");
  expect_same_state(state, loaded);
  EXPECT_EQ(loaded.integer("whole"), -(int64_t{1} << 60));
  EXPECT_EQ(loaded.number("third"), 1.0 / 3.0);
}

TEST(Checkpoint, SaysWhatIsWrong) {
  const TempFolder folder;
  EXPECT_THROW(load_checkpoint(folder / "absent"), Error);
  EXPECT_THROW(load_checkpoint(folder.write("broken", "\x10\0\0\0\0\0\0\0{\"a\":")), Error);
  TrainingState state;
  state.values["step"] = "many";
  EXPECT_THROW(state.integer("step"), Error);
  EXPECT_THROW(state.number("absent"), Error);
  state.tensors["w"] = Tensor({2, 3});
  Tensor other({3, 2});
  try {
    state.get_tensor("w", other);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    EXPECT_EQ(error.message(), "checkpoint: w expects [3 x 2], found [2 x 3]");
  }
}

TEST(Checkpoint, AStoppedTrainingGoesOnExactly) {
  const TempFolder folder;
  EXPECT_TRUE(train({folder / "straight"}));
  EXPECT_FALSE(train({folder / "stopped", 31}));
  EXPECT_FALSE(train({folder / "stopped", 7, 0, 4}));  // other first weights: the saved ones count
  EXPECT_TRUE(train({folder / "stopped"}));
  EXPECT_EQ(tables(folder / "stopped"), tables(folder / "straight"));
  expect_same_state(load_checkpoint(folder / "stopped/checkpoint.safetensors"),
                    load_checkpoint(folder / "straight/checkpoint.safetensors"));
}

TEST(Checkpoint, AKilledTrainingGoesOnExactly) {
  const TempFolder folder;
  EXPECT_TRUE(train({folder / "straight"}));
  Random random(20);
  int killed = 0;
  for (int attempt = 0;; ++attempt) {
    const bool spared = attempt == 60;  // a machine too slow for any progress between two kills
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      bool done = false;
      try {
        done = train({folder / "killed", -1, spared ? 0 : 1});
      } catch (...) {
      }
      ::_exit(done ? 0 : 1);
    }
    if (!spared) {
      std::this_thread::sleep_for(std::chrono::microseconds(5000 + random.below(45000)));
      ::kill(child, SIGKILL);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    if (WIFEXITED(status)) {
      ASSERT_EQ(WEXITSTATUS(status), 0) << "after " << killed << " kills";
      break;
    }
    ++killed;
  }
  EXPECT_GE(killed, 2);
  EXPECT_EQ(tables(folder / "killed"), tables(folder / "straight"));
  expect_same_state(load_checkpoint(folder / "killed/checkpoint.safetensors"),
                    load_checkpoint(folder / "straight/checkpoint.safetensors"));
}

TEST(Checkpoint, RefusesAnotherTraining) {
  const TempFolder folder;
  EXPECT_FALSE(train({folder / "run", 3}));
  Network net = synthetic::network(3);
  ComputeContext context;
  Trainer trainer(context, net.parameters(), {});
  DataLoader loader({}, synthetic::lengths(20), synthetic::example);
  TrainingLoopOptions loop;
  loop.folder = folder / "run";
  loop.description = "something else";
  TrainingLoopCalls calls;
  calls.forward = [&](Tape& tape, TrainingBatch& batch) {
    return synthetic::loss(net, tape, batch);
  };
  EXPECT_THROW(run_training(trainer, loader, loop, calls), Error);
}

}  // namespace
}  // namespace bivox
