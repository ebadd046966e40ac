// bivox train voice: a voice from recordings with texts: when phones are said, how they sound.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>

#include "apps/engine.h"
#include "apps/interrupt.h"
#include "apps/model_finder.h"
#include "apps/training_data.h"
#include "apps/verb_train.h"
#include "apps/voice_data.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "tts/prosody/acoustic_training.h"
#include "tts/vocoder/vocoder.h"

namespace bivox {
namespace {

struct Options {
  std::vector<std::string> data;
  std::string output = "voice-model";
  std::string run_folder;
  std::string vocoder;
  std::string gmm;
  std::vector<std::string> lexicons;
  std::string precision = "bf16";
  std::string note;
  int rate_hz = 16000;
  int threads = 0;
  AcousticTrainingOptions training;
  AcousticNetworkOptions networks;
};

std::shared_ptr<const Pronouncer> load_pronouncer(const Options& options) {
  PronouncerFiles files;
  files.dictionary = find_bundled_model("dict-en");
  files.g2p = find_bundled_model("g2p-en");
  for (const std::string& lexicon : options.lexicons) files.user_lexicons.emplace_back(lexicon);
  return Pronouncer::load(files);
}

std::shared_ptr<const AcousticModel> load_aligner(const Options& options) {
  EngineOptions engine;
  engine.model = options.gmm;
  return load_acoustic_engine(engine, false).model;
}

int64_t num_weights(const AcousticParts& parts) {
  return parts.encoder.num_weights() + parts.pitch.num_weights() + parts.decoder.num_weights();
}

std::string card_of(const Options& o, const VoiceData& data, const AcousticParts& parts,
                    const AcousticMeasures& measured, int64_t epoch) {
  return fmt::format(
      "# Voice\n\nTurns text into speech at {} Hz, for `bivox say`. Speakers: {}.\n\n"
      "- Trained by `bivox train voice` on {:.2f} hours of {}, epoch {} of {}, seed {}; aligned by "
      "{}.\n"
      "- Acoustic model: {:.2f} million weights, stored as bf16.\n"
      "- On {} sentences kept apart: ln mel off by {:.3f} and F0 by {:.0f} cents on average, "
      "{:.1f} % of frames with the wrong voicing, durations of phones off by {:.0f} %.\n"
      "- Vocoder: {}.\n\n"
      "{}The model has the licences of the recordings it was trained on.\n",
      parts.features.sample_rate_hz, fmt::join(parts.speakers, ", "), data.speech_s / 3600.0,
      source_names(o.data), epoch + 1, o.training.epochs, o.training.seed,
      o.gmm.empty() ? "the default model of mixtures" : source_name(o.gmm),
      static_cast<double>(num_weights(parts)) / 1e6, data.dev.size(), measured.mel,
      measured.f0_cents, 100.0 * measured.voicing, 100.0 * (std::exp(measured.duration) - 1.0),
      o.vocoder.empty() ? "none, source and filter" : source_name(o.vocoder),
      o.note.empty() ? "" : o.note + "\n\n");
}

/// Takes the vocoder's files along; returns its options.
std::string add_vocoder(const std::string& folder, const VocoderFeatureOptions& features,
                        ModelFolderWriter& writer) {
  const ModelFolder vocoder = ModelFolder::open(folder, "vocoder");
  if (!(load_vocoder_parts(folder).features == features)) {
    throw Error(ErrorCode::kModel, fmt::format("{}: this vocoder has other features", folder),
                "train it at the sample rate of the voice");
  }
  for (const auto& [name, file] : vocoder.files()) {
    if (name != "card.md") writer.add_file(name, read_file(vocoder.file(name)));
  }
  return vocoder.options_json();
}

void write_voice(const Options& options, const VoiceData& data, const AcousticParts& parts,
                 const AcousticMeasures& measured, int64_t epoch) {
  using nlohmann::json;
  ModelFolderWriter writer(options.output, kVoiceKind, source_name(options.output));
  json voice = {{"sample_rate_hz", parts.features.sample_rate_hz}};
  voice["acoustic"] = json::parse(add_acoustic_model(parts, writer));
  if (!options.vocoder.empty()) {
    voice["vocoder"] = json::parse(add_vocoder(options.vocoder, parts.features, writer));
  }
  writer.set_options_json(voice.dump());
  writer.set_card(card_of(options, data, parts, measured, epoch));
  writer.commit();
}

int run_train_voice(Options options, Console& console) {
  const auto begin = std::chrono::steady_clock::now();
  options.output = checked_model_output(options.output);
  options.training.run_folder =
      options.run_folder.empty() ? options.output + ".run" : options.run_folder;
  options.training.data_name = fmt::format("{} at {} Hz, {}", fmt::join(options.data, " "),
                                           options.rate_hz, options.precision);
  AcousticParts parts;
  parts.features.sample_rate_hz = options.rate_hz;
  parts.features.hop = options.rate_hz / 100;
  parts.features.window = options.rate_hz / 40;
  parts.features.validate();
  parts.options = options.networks;
  parts.options.validate();
  if (!options.vocoder.empty()) ModelFolder::open(options.vocoder, "vocoder");

  const std::vector<UtteranceText> recordings = read_training_data(options.data);
  VoiceData data;
  {
    const TextFrontEnd front_end(load_pronouncer(options));
    VoiceDataOptions making;
    making.features = parts.features;
    making.threads = resolved_threads(options.threads);
    making.folder = options.training.run_folder;
    making.description = fmt::format(
        "{} recordings of {} by {}{}", recordings.size(), fmt::join(options.data, " "),
        options.gmm.empty() ? "default" : options.gmm, fmt::join(options.lexicons, " "));
    data = make_voice_data(recordings, front_end, *load_aligner(options), making, console);
  }
  for (const std::string& fault : data.left_out) {
    console.log(LogLevel::kNotice, fmt::format("left out: {}", fault));
  }
  parts.speakers = data.speakers;
  console.report(
      fmt::format("{:.2f} hours of {}: {} sentences to train on, {} kept apart, {} "
                  "recordings left out",
                  data.speech_s / 3600.0, fmt::join(data.speakers, ", "), data.train.size(),
                  data.dev.size(), data.left_out.size()));

  ComputeContext context(resolved_threads(options.threads),
                         options.precision == "bf16" ? Precision::kBfloat16 : Precision::kFloat32);
  AcousticMeasures last;
  AcousticTrainingCalls calls;
  calls.progress = [&](const TrainingProgress& progress) { show_progress(console, progress); };
  calls.stop = interrupted;
  calls.epoch = [&](int64_t epoch, double loss, const AcousticMeasures& m) {
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    console.report(fmt::format(
        "epoch {}/{}: loss {:.3f}; apart: ln mel {:.3f}, F0 {:.0f} cents, voicing {:.1f} %, "
        "ln frames {:.3f}; {:.0f} s",
        epoch + 1, options.training.epochs, loss, m.mel, m.f0_cents, 100.0 * m.voicing, m.duration,
        took.count()));
    last = m;
    write_voice(options, data, parts, m, epoch);
  };
  const bool done =
      train_acoustic_model(context, data.train, data.dev, options.training, parts, calls);
  end_progress(console, done);
  if (!done) return kInterruptedExitCode;
  write_voice(options, data, parts, last, options.training.epochs - 1);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  console.report(fmt::format("{:.0f} s; voice {} of {:.2f} million weights, tables of the run {}",
                             took.count(), options.output,
                             static_cast<double>(num_weights(parts)) / 1e6,
                             options.training.run_folder.string()));
  return 0;
}

}  // namespace

void add_train_voice_verb(CLI::App& train, const TrainAction& action) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = add_train_subverb(
      train, "voice",
      "Learn a voice from recordings with texts: how long phones last, their pitch and spectrum.\n"
      "DATA is PATH or PATH:SPLIT: a manifest (id path split speaker gender seconds text), the\n"
      "folder of one, or a folder of recordings with texts. An hour of one speaker makes a voice;\n"
      "several speakers learn from each other. The folder is written after every epoch, with the\n"
      "vocoder of --vocoder in it; an interrupted run goes on when the same command is given "
      "again.",
      "  bivox train voice kathleen/:train --vocoder vocoder -o voice-kathleen\n"
      "  bivox train voice my-recordings/ -o my-voice --epochs 60\n"
      "  bivox train voice a/:train b/:train --gmm my-gmm -o two-voices",
      action, [options](Console& console) { return run_train_voice(*options, console); });
  AcousticTrainingOptions& training = options->training;
  verb.add_option("DATA", options->data, "Recordings with texts")->required();
  verb.add_option("-o,--output", options->output, "Voice folder to write");
  verb.add_option("--vocoder", options->vocoder,
                  "Vocoder to put into the folder (bivox train vocoder); none: source and filter");
  verb.add_option("--gmm", options->gmm,
                  "Acoustic model that aligns the texts (default: that of bivox align)");
  verb.add_option("--lexicon", options->lexicons,
                  "Pronunciations of your own, as in CMUdict; may be repeated");
  verb.add_option("--run-dir", options->run_folder,
                  "Folder of phone times, checkpoint and tables (default: OUTPUT.run)");
  verb.add_option("--rate-hz", options->rate_hz, "Sample rate of the voice, Hz")
      ->check(CLI::IsMember({16000, 24000}));
  verb.add_option("--epochs", training.epochs, "Passes over the data")
      ->check(CLI::Range(1, 100000));
  verb.add_option("--batch", training.batch_s, "Seconds of speech a step")
      ->check(CLI::Range(1.0, 1000.0));
  verb.add_option("--rate", training.rate, "Largest learning rate")->check(CLI::PositiveNumber);
  verb.add_option("--ssim", training.ssim_weight, "Weight of the structural similarity of spectra")
      ->check(CLI::Range(0.0, 10.0));
  verb.add_option("--channels", options->networks.decoder_channels, "Channels of the decoder")
      ->check(CLI::Range(8, 1024));
  verb.add_option("--blocks", options->networks.decoder_blocks, "Blocks of the decoder")
      ->check(CLI::Range(1, 16));
  verb.add_option("--encoder-channels", options->networks.encoder_channels,
                  "Channels of the encoder of phones")
      ->check(CLI::Range(8, 1024));
  verb.add_option("--dropout", options->networks.dropout, "Share of activations dropped")
      ->check(CLI::Range(0.0, 0.9));
  verb.add_option("--precision", options->precision, "Of products: bf16 or f32")
      ->check(CLI::IsMember({"bf16", "f32"}));
  verb.add_option("--card-note", options->note, "A line for the voice's card: licences, say");
  verb.add_option("--seed", training.seed, "The same seed gives the same voice");
  verb.add_option("--threads", options->threads, "Threads; 0: one a processor")
      ->check(CLI::Range(0, 256));
}

}  // namespace bivox
