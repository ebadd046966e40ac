// bivox train commands: a small ConvNet that learns a few words in about two minutes.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/commands_task.h"
#include "apps/input_files.h"
#include "apps/interrupt.h"
#include "apps/verb_train.h"
#include "dsp/audio/audio_file.h"
#include "models/io/model_folder.h"
#include "models/nn/frame_mean.h"
#include "models/nn/losses.h"
#include "models/nn/network_json.h"
#include "models/nn/training_loop.h"

namespace bivox {
namespace {

struct Options {
  std::string data;
  std::string output = "commands-model";
  std::string run_folder;
  std::vector<std::string> words = {"yes",   "no", "up",  "down", "left",
                                    "right", "on", "off", "stop", "go"};
  std::vector<std::string> noises;
  int64_t epochs = 45;
  int batch = 32;
  int width = 96;
  double rate = 0.004;
  double dropout = 0.1;
  double dev_share = 0.1;
  std::string precision = "bf16";
  uint64_t seed = 1;
  int threads = 0;
  bool no_augment = false;
};

std::string card_of(const Options& options, const CommandsData& data, const Network& network,
                    const Confusion& test) {
  return fmt::format(
      "# Command words\n\nSays which of these words a second of sound holds: {}; any other word is "
      "\"unknown\".\n\n"
      "- Trained by `bivox train commands` on {} examples, {} epochs, seed {}.\n"
      "- {} weights; log-mel features (40 bins, 10 ms, mean of the utterance removed) to logits "
      "every 40 ms, of which the mean over the second decides.\n"
      "- {:.2f} % of {} examples of the split `test` right.\n\n"
      "The model has the licence of the recordings it was trained on.\n",
      fmt::join(options.words, " "), data.train.size(), options.epochs, options.seed,
      network.num_weights(), 100.0 * test.accuracy(), test.total());
}

void write_model(const Options& options, const CommandsData& data, const Network& network,
                 const FrontEndOptions& front_end, const Confusion& test) {
  ModelFolderWriter writer(options.output, "commands", "commands");
  const nlohmann::json json = {{"words", data.words},
                               {"sample_rate_hz", front_end.sample_rate_hz},
                               {"num_mel", front_end.num_mel},
                               {"frame_rate_hz", 1.0 / front_end.frame_shift_s},
                               {"seconds", 1.0}};
  writer.set_options_json(json.dump());
  writer.set_card(card_of(options, data, network, test));
  save_network(network, writer);
  writer.commit();
}

TrainerOptions trainer_options(const Options& options, int64_t steps) {
  TrainerOptions trainer;
  trainer.optimizer.weight_decay = 0.05F;
  trainer.schedule.kind = ScheduleKind::kOneCycle;
  trainer.schedule.peak = options.rate;
  trainer.schedule.total_steps = steps;
  trainer.schedule.warmup_steps = steps / 4;
  trainer.schedule.final_fraction = 0.001;
  trainer.average = {AverageKind::kExponential, 0.995, 1};
  trainer.seed = options.seed;
  return trainer;
}

// What a resumed run must share with the one it goes on with.
std::string description(const Options& o, size_t examples) {
  return fmt::format(
      "commands {}: {} examples, dev share {}, {} epochs, batch {}, width {}, rate {}, dropout {}, "
      "{}, seed {}{}{}",
      fmt::join(o.words, " "), examples, o.dev_share, o.epochs, o.batch, o.width, o.rate, o.dropout,
      o.precision, o.seed, o.no_augment ? ", not augmented" : "",
      o.noises.empty() ? "" : fmt::format(", noise {}", fmt::join(o.noises, " ")));
}

std::vector<AudioBuffer> read_noises(const Options& options, int sample_rate_hz) {
  std::vector<AudioBuffer> noises;
  if (options.noises.empty()) return noises;
  for (const InputFile& file : expand_inputs(options.noises)) {
    noises.push_back(read_audio(file.path, sample_rate_hz));
  }
  return noises;
}

SummedLoss batch_loss(Network& network, Tape& tape, TrainingBatch& batch) {
  std::vector<int> labels;
  for (const std::vector<int>& targets : batch.targets) labels.push_back(targets[0]);
  const Var inputs[] = {tape.constant(std::move(batch.streams[0].values))};
  const Var logits = mean_frames(network.forward(tape, inputs)[0], {});
  return {cross_entropy(logits, labels, {}, {0.1F, Reduction::kSum}),
          static_cast<double>(labels.size())};
}

int run_train_commands(Options options, Console& console) {
  const auto begin = std::chrono::steady_clock::now();
  options.output = checked_model_output(options.output);
  const int threads = resolved_threads(options.threads);
  const FrontEndOptions front_end = commands_front_end();
  const CommandsData data =
      read_commands_data(options.data, options.words, options.dev_share, front_end.sample_rate_hz,
                         threads, [&](size_t done, size_t total) {
                           console.progress(done, total, "reading");
                           return !interrupted();
                         });
  console.progress(0, 0, "");
  const int classes = static_cast<int>(data.words.size());
  Network network = commands_network(front_end.num_mel, options.width, classes,
                                     static_cast<float>(options.dropout));
  network.initialize(options.seed);
  console.detail(fmt::format("bivox: {} examples to train on, {} dev, {} test; {} weights",
                             data.train.size(), data.dev.size(), data.test.size(),
                             network.num_weights()));

  const std::unique_ptr<Communicator> ranks = make_communicator();
  DataLoaderOptions loading;
  loading.max_examples = options.batch;
  loading.threads = threads;
  loading.seed = options.seed;
  loading.rank = ranks->rank();
  loading.ranks = ranks->ranks();
  const std::vector<int64_t> lengths(data.train.size(), 1);  // all are one second
  DataLoader loader(loading, lengths,
                    options.no_augment
                        ? CommandsReader(data.train, front_end)
                        : CommandsReader(data.train, front_end, commands_augment(options.seed),
                                         read_noises(options, front_end.sample_rate_hz)));

  ComputeContext context(threads,
                         options.precision == "bf16" ? Precision::kBfloat16 : Precision::kFloat32);
  Trainer trainer(context, network.parameters(),
                  trainer_options(options, options.epochs * loader.batches_in_epoch(0)),
                  ranks.get());
  TrainingLoopOptions loop;
  loop.epochs = options.epochs;
  loop.folder = options.run_folder.empty() ? options.output + ".run" : options.run_folder;
  loop.checkpoint_steps = 50;
  loop.description = description(options, data.train.size());
  loop.measures = {"dev_accuracy"};
  const auto forward = [&](Tape& tape, TrainingBatch& batch) {
    return batch_loss(network, tape, batch);
  };
  const auto end_of_epoch = [&](int64_t epoch, double) {
    const double dev = measure_commands(network, context, data.dev, front_end, classes).accuracy();
    console.detail(fmt::format("bivox: epoch {}: {:.2f} % of dev right", epoch + 1, 100.0 * dev));
    return std::vector<double>{dev};
  };
  if (!train_averaged(trainer, loader, loop, console, forward, end_of_epoch)) {
    return kInterruptedExitCode;
  }
  const Confusion test = measure_commands(network, context, data.test, front_end, classes);
  if (ranks->rank() != 0) return 0;
  write_model(options, data, network, front_end, test);
  std::cout << confusion_table(test, data.words)
            << fmt::format("\n{:.2f} % of {} right ({} wrong)\n", 100.0 * test.accuracy(),
                           test.total(), test.total() - test.right());
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  console.detail(fmt::format("bivox: {:.0f} s; model {}, tables of the run {}", took.count(),
                             options.output, loop.folder.string()));
  return 0;
}

}  // namespace

void add_train_commands_verb(CLI::App& train, const TrainAction& action) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = add_train_subverb(
      train, "commands",
      "Learn to tell command words apart, in minutes, and show which are mistaken for which.\n"
      "DATA holds manifest.tsv (id path split speaker gender seconds text, separated by tabs) and\n"
      "the recordings. An interrupted run goes on when the same command is given again; the "
      "folder\n"
      "of the run holds tables to plot (steps.tsv, epochs.tsv).",
      "  bivox train commands speech_commands/\n"
      "  bivox train commands speech_commands/ --words yes no --epochs 10 -o yes-no-model\n"
      "  bivox train commands speech_commands/ --noise kitchen.wav --seed 2 -v",
      action, [options](Console& console) { return run_train_commands(*options, console); });
  verb.add_option("DATA", options->data, "Folder with manifest.tsv and recordings")->required();
  verb.add_option("-o,--output", options->output, "Model folder to write");
  verb.add_option("--run-dir", options->run_folder,
                  "Folder of checkpoint and tables (default: OUTPUT.run)");
  verb.add_option("--words", options->words, "The words; all others are \"unknown\"");
  verb.add_option("--noise", options->noises,
                  "Recordings of noise to mix in (default: noise that is made)");
  verb.add_option("--epochs", options->epochs, "Passes over the data")
      ->check(CLI::Range(1, 100000));
  verb.add_option("--batch", options->batch, "Examples a step")->check(CLI::Range(1, 4096));
  verb.add_option("--width", options->width, "Channels of a layer")->check(CLI::Range(8, 1024));
  verb.add_option("--rate", options->rate, "Largest learning rate")->check(CLI::PositiveNumber);
  verb.add_option("--dropout", options->dropout, "Share of activations dropped")
      ->check(CLI::Range(0.0, 0.9));
  verb.add_option("--dev-share", options->dev_share,
                  "Share of the training speakers kept apart to choose options by")
      ->check(CLI::Range(0.0, 0.9));
  verb.add_option("--precision", options->precision, "Of products: bf16 or f32")
      ->check(CLI::IsMember({"bf16", "f32"}));
  verb.add_option("--seed", options->seed, "The same seed gives the same model");
  verb.add_option("--threads", options->threads, "Threads; 0: one a processor")
      ->check(CLI::Range(0, 256));
  verb.add_flag("--no-augment", options->no_augment, "Train on the recordings as they are");
}

}  // namespace bivox
