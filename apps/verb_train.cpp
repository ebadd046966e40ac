// bivox train: models learnt from data, one sub-verb a kind.
#include "apps/verb_train.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>

#include "apps/interrupt.h"
#include "apps/program.h"
#include "apps/verbs.h"
#include "dsp/core/error.h"
#include "models/io/model_folder.h"

namespace bivox {

CLI::App& add_train_subverb(CLI::App& train, const std::string& name,
                            const std::string& description, const std::string& examples,
                            const TrainAction& action, std::function<int(Console&)> function) {
  CLI::App* verb = train.add_subcommand(name, description);
  verb->fallthrough();  // -q and -v
  verb->option_defaults()->always_capture_default();
  verb->footer("Examples:\n" + examples);
  verb->callback([action, run = std::move(function)] { *action = run; });
  return *verb;
}

std::string source_name(const std::string& source) {
  namespace fs = std::filesystem;
  fs::path path = fs::path(source).lexically_normal();
  if (!path.has_filename()) path = path.parent_path();
  const std::string name = path.filename().string();
  return name.starts_with(':') ? path.parent_path().filename().string() + name : name;
}

std::string source_names(const std::vector<std::string>& sources) {
  std::string names;
  for (const std::string& source : sources) {
    names += (names.empty() ? "" : " ") + source_name(source);
  }
  return names;
}

void show_progress(Console& console, const TrainingProgress& progress) {
  console.progress(static_cast<size_t>(progress.batch), static_cast<size_t>(progress.batches),
                   fmt::format("epoch {}/{}, loss {:.3f}", progress.epoch + 1, progress.epochs,
                               progress.epoch_loss));
}

void end_progress(Console& console, bool done, bool resumable) {
  console.progress(0, 0, "");
  if (done) return;
  console.warning(resumable ? "interrupted: the same command goes on from here" : "interrupted");
}

bool train_averaged(
    Trainer& trainer, DataLoader& loader, const TrainingLoopOptions& options, Console& console,
    std::function<SummedLoss(Tape& tape, TrainingBatch& batch)> forward,
    const std::function<std::vector<double>(int64_t epoch, double epoch_loss)>& measure) {
  double epoch_loss = 0.0;
  TrainingLoopCalls calls;
  calls.forward = std::move(forward);
  calls.end_of_epoch = [&](int64_t epoch) {
    trainer.average().swap();
    std::vector<double> measured = measure(epoch, epoch_loss);
    trainer.average().swap();
    return measured;
  };
  calls.progress = [&](const TrainingProgress& progress) {
    epoch_loss = progress.epoch_loss;
    show_progress(console, progress);
  };
  calls.stop = interrupted;
  const bool done = run_training(trainer, loader, options, calls);
  end_progress(console, done, !options.folder.empty());
  if (done) trainer.average().swap();
  return done;
}

int resolved_threads(int threads) {
  return threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

std::string checked_model_output(const std::string& wanted) {
  namespace fs = std::filesystem;
  fs::path output = fs::path(wanted).lexically_normal();
  if (!output.has_filename()) output = output.parent_path();
  std::error_code ignored;
  const bool is_free = !fs::exists(output, ignored) || ModelFolder::is_model_folder(output) ||
                       (fs::is_directory(output, ignored) && fs::is_empty(output, ignored));
  if (!is_free) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{}: exists and is not a model folder", output.string()),
                "choose another name or remove it first");
  }
  return output.string();
}

void add_train_verb(Program& program) {
  const auto action = std::make_shared<std::function<int(Console&)>>();
  CLI::App& verb = program.add_verb(
      "train",
      "Learn a model from data. Runs are seeded and resumable: an interrupted one "
      "goes on from its\n"
      "last checkpoint with the results of an uninterrupted one.",
      "  bivox train commands speech_commands/\n"
      "  bivox train gmm librispeech/:train-clean-5 -o my-gmm\n"
      "  bivox train convnet librispeech/:train-clean-5 --gmm my-gmm -o my-convnet\n"
      "  bivox train wavenet-demo talk.wav -o learnt.wav",
      [action](Console& console) { return (*action)(console); });
  verb.require_subcommand(1);
  add_train_commands_verb(verb, action);
  add_train_convnet_verb(verb, action);
  add_train_gmm_verb(verb, action);
  add_train_vocoder_verb(verb, action);
  add_train_voice_verb(verb, action);
  add_train_wavenet_demo_verb(verb, action);
}

}  // namespace bivox
