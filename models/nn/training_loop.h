// The walk of a training: epochs of batches into a Trainer, with a table of what happened and
// checkpoints in one folder, from which an interrupted run goes on exactly.
//
//   FOLDER/checkpoint.safetensors   everything (checkpoint.h)
//   FOLDER/steps.tsv                step, epoch, loss, learning rate, gradient norm
//   FOLDER/epochs.tsv               epoch, mean loss, and what end_of_epoch measures
//   FOLDER/cost.tsv                 epoch, processor seconds since the line before; a line a
//                                   checkpoint. Work that a kill made undone stays in it.
//
// Stopping is asked after every step; a stopped run saves a checkpoint first. Only rank 0 writes.
// The library prints nothing: `progress` hears of every step.
// Thread rule: runs on the calling thread. Errors: those of the parts; Error(kModel) when the
// checkpoint belongs to a training with other options. Test: tests/models/nn/checkpoint_test.cpp.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "models/nn/data_loader.h"
#include "models/nn/trainer.h"

namespace bivox {

struct TrainingLoopOptions {
  int64_t epochs = 10;
  std::filesystem::path folder;  ///< Made if absent; empty: nothing is written.
  int64_t checkpoint_steps = 0;  ///< A checkpoint every so many steps, beside the epochs' ends.
  std::string description;       ///< Of data, network and options: a resumed run must match it.
  std::vector<std::string> measures;  ///< Names of the values of end_of_epoch.
};

struct TrainingProgress {
  int64_t epoch = 0;  ///< From 0.
  int64_t epochs = 0;
  int64_t batch = 0;  ///< Done in this epoch.
  int64_t batches = 0;
  StepReport step;
  double epoch_loss = 0.0;  ///< Mean so far.
};

struct TrainingLoopCalls {
  /// The summed loss of one batch.
  std::function<SummedLoss(Tape& tape, TrainingBatch& batch)> forward;
  /// After every epoch; may swap the averaged weights in to measure, and must swap them back.
  std::function<std::vector<double>(int64_t epoch)> end_of_epoch;
  std::function<void(const TrainingProgress&)> progress;
  std::function<bool()> stop;
};

/// Runs, or goes on from the folder's checkpoint. True when all epochs are done, false when
/// stopped.
bool run_training(Trainer& trainer, DataLoader& loader, const TrainingLoopOptions& options,
                  const TrainingLoopCalls& calls);

}  // namespace bivox
