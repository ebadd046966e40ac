// bivox train vocoder: networks that turn features into speech, learnt from recordings alone.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <iostream>

#include "apps/interrupt.h"
#include "apps/training_data.h"
#include "apps/verb_train.h"
#include "dsp/audio/audio_file.h"
#include "models/io/model_folder.h"
#include "tts/vocoder/vocoder_training.h"

namespace bivox {
namespace {

struct Options {
  std::vector<std::string> data;
  std::vector<std::string> dev;
  std::string output = "vocoder-model";
  std::string run_folder;
  std::string mode = "parallel";
  std::string precision = "bf16";
  int rate_hz = 16000;
  int threads = 1;
  VocoderTrainingOptions training;
};

VocoderData read_data(const std::vector<std::string>& sources,
                      const VocoderFeatureOptions& features, Console& console) {
  VocoderData data(features);
  if (sources.empty()) return data;
  const std::vector<UtteranceText> utterances = read_training_data(sources);
  size_t done = 0;
  size_t short_ones = 0;
  for (const UtteranceText& utterance : utterances) {
    if (interrupted()) throw Error(ErrorCode::kRuntime, "interrupted while reading");
    if (!data.add(read_audio(utterance.audio, features.sample_rate_hz))) ++short_ones;
    console.progress(++done, utterances.size(), "reading");
  }
  console.progress(0, 0, "");
  if (short_ones > 0) {
    console.warning(fmt::format("{} of {} recordings are too short and left out", short_ones,
                                utterances.size()));
  }
  return data;
}

std::string card_of(const Options& options, const VocoderData& data, const VocoderParts& parts,
                    int64_t epoch, double dev) {
  std::string text = fmt::format(
      "# Vocoder\n\nTurns {} mel bands, F0 and voicing, {} frames a second, into speech at {} "
      "Hz.\n\n"
      "- Trained by `bivox train vocoder` on {:.2f} hours ({}), seed {}.\n"
      "- Trained last: the {} network, epoch {} of {}; {} on the dev recordings: {:.4f}.\n",
      parts.features.num_mel, parts.features.sample_rate_hz / parts.features.hop,
      parts.features.sample_rate_hz, data.seconds() / 3600.0, source_names(options.data),
      options.training.seed, vocoder_mode_name(options.training.mode), epoch + 1,
      options.training.epochs,
      options.training.mode == VocoderMode::kParallel ? "loss a crop" : "nats a sample", dev);
  if (parts.parallel) {
    text += fmt::format("- Parallel: {} weights, {} layers of {} channels on {} samples at once.\n",
                        parts.parallel->network.num_weights(), parts.parallel->options.layers,
                        parts.parallel->options.channels, parts.parallel->options.fold);
  }
  if (parts.autoregressive) {
    text +=
        fmt::format("- Autoregressive: {} weights, {} layers of {} channels.\n",
                    parts.autoregressive->network.num_weights(),
                    parts.autoregressive->options.layers, parts.autoregressive->options.residual);
  }
  return text + "\nThe model has the licence of the recordings it was trained on.\n";
}

// The network of the other mode that the folder holds already stays in it.
void keep_other_mode(const Options& options, VocoderParts& parts) {
  if (!ModelFolder::is_model_folder(options.output)) return;
  VocoderParts old = load_vocoder_parts(options.output);
  if (!(old.features == parts.features)) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{}: this vocoder has other features", options.output),
                "choose another folder");
  }
  if (options.training.mode == VocoderMode::kParallel) {
    if (old.autoregressive) parts.scale = old.scale;
    parts.autoregressive = std::move(old.autoregressive);
  } else {
    if (old.parallel) parts.scale = old.scale;
    parts.parallel = std::move(old.parallel);
  }
}

int run_train_vocoder(Options options, Console& console) {
  const auto begin = std::chrono::steady_clock::now();
  const std::optional<VocoderMode> mode = vocoder_mode_of(options.mode);
  options.training.mode = *mode;
  options.training.data_name = fmt::format("{} at {} Hz, {}", fmt::join(options.data, " "),
                                           options.rate_hz, options.precision);
  options.training.run_folder = options.run_folder.empty()
                                    ? options.output + "." + options.mode + ".run"
                                    : options.run_folder;
  VocoderParts parts;
  parts.features.sample_rate_hz = options.rate_hz;
  parts.features.hop = options.rate_hz / 100;
  parts.features.window = options.rate_hz / 40;
  parts.features.validate();
  keep_other_mode(options, parts);
  const VocoderData train = read_data(options.data, parts.features, console);
  const VocoderData dev = read_data(options.dev, parts.features, console);
  if (train.size() == 0) throw Error(ErrorCode::kInput, "no recording is long enough to train on");
  if (parts.scale.mean.empty()) parts.scale = FeatureScale::measure(train.rows());
  console.detail(fmt::format("bivox: {} recordings, {:.2f} hours; {} for dev", train.size(),
                             train.seconds() / 3600.0, dev.size()));

  ComputeContext context(resolved_threads(options.threads),
                         options.precision == "bf16" ? Precision::kBfloat16 : Precision::kFloat32);
  VocoderTrainingCalls calls;
  calls.progress = [&](const TrainingProgress& progress) { show_progress(console, progress); };
  calls.stop = interrupted;
  calls.epoch = [&](int64_t epoch, double loss, double measured, const VocoderParts& now) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    console.detail(fmt::format("bivox: epoch {}: loss {:.4f}, dev {:.4f}, {:.0f} s", epoch + 1,
                               loss, measured, took.count()));
    save_vocoder(now, options.output, "vocoder", card_of(options, train, now, epoch, measured));
  };
  const bool done = train_vocoder(context, train, dev, options.training, parts, calls);
  end_progress(console, done);
  if (!done) return kInterruptedExitCode;
  std::cout << fmt::format("{}: {} network of {} weights\n", options.output, options.mode,
                           *mode == VocoderMode::kParallel
                               ? parts.parallel->network.num_weights()
                               : parts.autoregressive->network.num_weights());
  return 0;
}

}  // namespace

void add_train_vocoder_verb(CLI::App& train, const TrainAction& action) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = add_train_subverb(
      train, "vocoder",
      "Learn to turn features (mel spectrum, F0, voicing) into speech, from recordings alone.\n"
      "DATA are manifests, folders or lists, PATH or PATH:SPLIT. The model folder is written "
      "after\n"
      "every epoch and keeps the network of the other mode; an interrupted run goes on when the\n"
      "same command is given again.",
      "  bivox train vocoder kathleen:train --dev kathleen:dev -o vocoder -v\n"
      "  bivox train vocoder kathleen:train --mode autoregressive -o vocoder\n"
      "  bivox train vocoder recordings/ --epochs 5 --channels 32 -o quick",
      action, [options](Console& console) { return run_train_vocoder(*options, console); });
  VocoderTrainingOptions& training = options->training;
  verb.add_option("DATA", options->data, "Recordings to learn from")->required();
  verb.add_option("--dev", options->dev, "Recordings to measure on after every epoch");
  verb.add_option("-o,--output", options->output, "Model folder to write");
  verb.add_option("--run-dir", options->run_folder,
                  "Folder of checkpoint and tables (default: OUTPUT.MODE.run)");
  verb.add_option("--mode", options->mode, "Which network: parallel or autoregressive")
      ->check(CLI::IsMember({"parallel", "autoregressive"}));
  verb.add_option("--rate-hz", options->rate_hz, "Sample rate of the voice, Hz")
      ->check(CLI::IsMember({16000, 24000}));
  verb.add_option("--epochs", training.epochs, "Passes over the data")
      ->check(CLI::Range(1, 100000));
  verb.add_option("--crops", training.crops, "Crops a step")->check(CLI::Range(1, 1024));
  verb.add_option("--crop-frames", training.crop_frames, "Frames of a crop, 10 ms each")
      ->check(CLI::Range(20, 1000));
  verb.add_option("--rate", training.rate, "Largest learning rate")->check(CLI::PositiveNumber);
  verb.add_option("--repulsion", training.repulsion,
                  "Parallel: how strongly two draws of one crop keep apart; 0: off")
      ->check(CLI::Range(0.0, 2.0));
  verb.add_option("--mel", training.mel_weight, "Parallel: weight of the distance of mel powers")
      ->check(CLI::Range(0.0, 100.0));
  verb.add_option("--channels", training.parallel.channels, "Parallel: channels of a layer")
      ->check(CLI::Range(8, 512));
  verb.add_option("--layers", training.parallel.layers, "Parallel: layers")
      ->check(CLI::Range(1, 64));
  verb.add_option("--precision", options->precision, "Of products: bf16 or f32")
      ->check(CLI::IsMember({"bf16", "f32"}));
  verb.add_option("--seed", training.seed, "The same seed gives the same model");
  verb.add_option("--threads", options->threads, "Threads; 0: one a processor")
      ->check(CLI::Range(0, 256));
}

}  // namespace bivox
