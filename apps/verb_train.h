// What the sub-verbs of `bivox train` share.
//
// Adding one: write apps/verb_train_<name>.cpp with `void add_train_<name>_verb(CLI::App&, const
// TrainAction&)`, declare it here and call it in add_train_verb().
// Thread rule: free functions, in main. Test: tests/apps/cli_train_test.cpp.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "apps/console.h"
#include "models/nn/training_loop.h"

namespace bivox {

/// What the chosen sub-verb does, set when it is parsed.
using TrainAction = std::shared_ptr<std::function<int(Console&)>>;

/// Adds a sub-verb of `train`; its help ends with `examples`.
CLI::App& add_train_subverb(CLI::App& train, const std::string& name,
                            const std::string& description, const std::string& examples,
                            const TrainAction& action, std::function<int(Console&)> function);

/// A model folder to be written, in normal form; known to be free before hours are spent on it.
/// Error(kUsage) when something else stands there.
std::string checked_model_output(const std::string& wanted);

void add_train_commands_verb(CLI::App& train, const TrainAction& action);
void add_train_convnet_verb(CLI::App& train, const TrainAction& action);
void add_train_gmm_verb(CLI::App& train, const TrainAction& action);
void add_train_vocoder_verb(CLI::App& train, const TrainAction& action);
void add_train_voice_verb(CLI::App& train, const TrainAction& action);
void add_train_wavenet_demo_verb(CLI::App& train, const TrainAction& action);

/// PATH or PATH:SPLIT without its folders: cards tell what, not where on one machine.
std::string source_name(const std::string& source);
/// The names of all, separated by blanks.
std::string source_names(const std::vector<std::string>& sources);

/// Draws a training step on the console: a bar on a terminal, nothing else.
void show_progress(Console& console, const TrainingProgress& progress);

/// Ends the bar; says how to go on, where an interrupted run can.
void end_progress(Console& console, bool done, bool resumable = true);

/// run_training() as the sub-verbs do it: progress, Ctrl-C, and averaged weights. `measure` (0 is
/// the first epoch) is called after every epoch with the averages in the network, and so is what
/// follows the training. False when interrupted, which has been said.
bool train_averaged(
    Trainer& trainer, DataLoader& loader, const TrainingLoopOptions& options, Console& console,
    std::function<SummedLoss(Tape& tape, TrainingBatch& batch)> forward,
    const std::function<std::vector<double>(int64_t epoch, double epoch_loss)>& measure);

/// One computation thread a processor when `threads` is 0.
int resolved_threads(int threads);

}  // namespace bivox
