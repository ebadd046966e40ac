// bivox train: models learnt from data, one sub-verb a kind.
#include "apps/verb_train.h"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "apps/program.h"
#include "apps/verbs.h"

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

void show_progress(Console& console, const TrainingProgress& progress) {
  console.progress(static_cast<size_t>(progress.batch), static_cast<size_t>(progress.batches),
                   fmt::format("epoch {}/{}, loss {:.3f}", progress.epoch + 1, progress.epochs,
                               progress.epoch_loss));
}

int resolved_threads(int threads) {
  return threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void add_train_verb(Program& program) {
  const auto action = std::make_shared<std::function<int(Console&)>>();
  CLI::App& verb =
      program.add_verb("train",
                       "Learn a model from data. Runs are seeded and resumable: an interrupted one "
                       "goes on from its\n"
                       "last checkpoint with the results of an uninterrupted one.",
                       "  bivox train commands speech_commands/\n"
                       "  bivox train commands speech_commands/ --epochs 10 -o quick-model\n"
                       "  bivox train wavenet-demo talk.wav -o learnt.wav",
                       [action](Console& console) { return (*action)(console); });
  verb.require_subcommand(1);
  add_train_commands_verb(verb, action);
  add_train_wavenet_demo_verb(verb, action);
}

}  // namespace bivox
