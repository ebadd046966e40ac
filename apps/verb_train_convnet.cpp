// bivox train convnet: the ConvNet recognizer, from recordings with texts and a model that aligns
// them.
#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "apps/acoustic_models.h"
#include "apps/convnet_data.h"
#include "apps/dictionary_words.h"
#include "apps/interrupt.h"
#include "apps/model_finder.h"
#include "apps/training_data.h"
#include "apps/unknown_words.h"
#include "apps/verb_train.h"
#include "asr/convnet/convnet_model.h"
#include "asr/convnet/network.h"
#include "asr/convnet/sequence_training.h"
#include "asr/convnet/training.h"
#include "dsp/core/error.h"
#include "models/nn/training_loop.h"

namespace bivox {
namespace {

constexpr const char* kFrames = "frames";
constexpr const char* kSequence = "sequence";
constexpr const char* kBase = "base";
constexpr const char* kStreaming = "streaming";

struct Options {
  std::vector<std::string> data;
  std::string output = "convnet-model";
  std::string gmm;
  std::string init;
  std::string size = kBase;
  std::string objective = kFrames;
  std::string dictionary;
  std::vector<std::string> noises;
  std::string run_folder;
  std::optional<int64_t> epochs;
  std::optional<double> rate;
  double batch_s = 100.0;
  int width = 256;
  int blocks = 5;
  int kernel = 5;
  int states = 1800;
  int renderings = 4;
  double dropout = 0.1;
  double ctc_weight = 0.3;
  double label_smoothing = 0.05;
  std::string stored = "bf16";
  std::string note;
  uint64_t seed = 1;
  int threads = 0;
  bool no_augment = false;
};

// Of training; fine-tuning takes a few small steps.
constexpr int64_t kEpochs = 30;
constexpr int64_t kFineEpochs = 8;
constexpr double kRate = 3e-3;
constexpr double kFineRate = 2e-4;
constexpr double kSequenceRate = 1e-3;  // from a model trained on frames
// 300 ms of look-ahead, of which the last frame itself takes 25.
constexpr int kStreamingRightFrames = 27;

// Tuned on dev sets with the language model en-small; scores are of frames of 30 ms.
ScoreScale convnet_score_scale() {
  ScoreScale scale;
  scale.language_weight = 3.5F;
  scale.word_penalty = 0.0F;
  scale.silence_penalty = -1.0F;
  scale.filler_penalty = -15.0F;
  scale.beam = 45.0F;
  scale.word_beam = 22.0F;
  scale.leaf_beam = 32.0F;
  scale.posterior_scale = 0.2F;
  return scale;
}

FrontEndOptions convnet_front_end(const std::string& size) {
  FrontEndOptions options = kaldi_fbank_front_end(80);
  options.log_floor = 1.0F;  // digital silence is not far below quiet rooms
  options.cmvn.kind = size == kStreaming ? CmvnKind::kSliding : CmvnKind::kUtterance;
  return options;
}

ConvNetDataOptions data_options(const Options& options, const FrontEndOptions& front_end,
                                const std::string& folder, const std::string& description) {
  ConvNetDataOptions data;
  data.front_end = front_end;
  data.renderings.count = options.no_augment ? 1 : options.renderings;
  data.renderings.warp = {0.92, 1.08};
  data.audio.min_speed = 0.88;
  data.audio.max_speed = 1.12;
  data.audio.room_probability = 0.3;
  data.audio.min_rt60_s = 0.15;
  data.audio.max_rt60_s = 0.6;
  data.audio.seed = options.seed;
  data.states = options.states;
  data.threads = resolved_threads(options.threads);
  data.seed = options.seed;
  data.folder = folder;
  data.description = description;
  return data;
}

ReaderOptions reader_options(const Options& options, const FrontEndOptions& front_end,
                             int subsampling, int states_per_phone) {
  ReaderOptions reader;
  reader.front_end = front_end;
  reader.subsampling = subsampling;
  reader.states_per_phone = states_per_phone;
  reader.augment = !options.no_augment;
  reader.spectrum.frequency_masks = 2;
  reader.spectrum.frequency_width = 20;
  reader.spectrum.time_masks = 3;
  reader.spectrum.time_width = 30;
  reader.spectrum.time_fraction = 0.1;
  return reader;
}

// The mean of log-mel rows over all recordings, which running normalisation starts from.
std::vector<float> mean_row(std::span<const ConvNetExample> examples) {
  std::vector<double> sum;
  double frames = 0.0;
  for (const ConvNetExample& example : examples) {
    const FeatureMatrix rows = example.renderings.at(0).unpack();
    sum.resize(static_cast<size_t>(rows.cols()), 0.0);
    for (Eigen::Index t = 0; t < rows.rows(); ++t) {
      for (Eigen::Index c = 0; c < rows.cols(); ++c) sum[static_cast<size_t>(c)] += rows(t, c);
    }
    frames += static_cast<double>(rows.rows());
  }
  std::vector<float> mean;
  for (const double value : sum) mean.push_back(static_cast<float>(value / std::max(1.0, frames)));
  return mean;
}

double default_rate(const Options& options) {
  if (options.init.empty()) return kRate;
  return options.objective == kSequence ? kSequenceRate : kFineRate;
}

TrainerOptions trainer_options(const Options& options, int64_t steps) {
  TrainerOptions trainer;
  trainer.optimizer.weight_decay = 0.05F;
  trainer.schedule.kind = ScheduleKind::kOneCycle;
  trainer.schedule.peak = options.rate.value_or(default_rate(options));
  trainer.schedule.total_steps = steps;
  trainer.schedule.warmup_steps = steps / 6;
  trainer.schedule.final_fraction = 0.001;
  trainer.average = {AverageKind::kExponential, 0.998, 1};
  trainer.seed = options.seed;
  return trainer;
}

// What a resumed run must share with the one it goes on with.
std::string description(const Options& o, int64_t epochs, size_t utterances) {
  return fmt::format(
      "convnet {} of {}: {} utterances, gmm {}, init {}, {} x {} x {}, {} states, {} renderings, "
      "{} epochs of {}, batch {} s, rate {}, dropout {}, ctc {}, smoothing {}, noise {}, seed {}{}",
      o.size, fmt::join(o.data, " "), utterances, o.gmm, o.init, o.width, o.blocks, o.kernel,
      o.states, o.renderings, epochs, o.objective, o.batch_s, o.rate.value_or(0.0), o.dropout,
      o.ctc_weight, o.label_smoothing, fmt::join(o.noises, " "), o.seed,
      o.no_augment ? ", not augmented" : "");
}

Lexicon complete_lexicon_for(std::span<const UtteranceText> utterances, const std::string& path,
                             const PhoneSet& phones, Console& console) {
  const std::filesystem::path file =
      path.empty() ? find_language_files("en-small").dictionary : std::filesystem::path(path);
  Lexicon lexicon = Lexicon::load(file, phones);
  std::vector<std::string> unknown;
  for (const UtteranceText& utterance : utterances) {
    for (std::string& word : find_dictionary_words(utterance.text, lexicon).unknown) {
      unknown.push_back(std::move(word));
    }
  }
  const CompletedWords completed = complete_lexicon(lexicon, phones, unknown);
  if (!completed.pronounced.empty()) {
    console.detail(
        fmt::format("bivox: pronounced by their letters: {}", describe(completed.pronounced)));
  }
  return lexicon;
}

// Everything that a run holds.
struct Run {
  Options options;
  Console& console;
  std::shared_ptr<const AcousticModel> aligner;
  std::optional<ConvNetParts> start;  // of --init
  FrontEndOptions front_end;
  int subsampling = 3;
  std::optional<ConvNetData> data;
  std::vector<Rendering> noises;
  ConvNetOptions architecture;
  Network network;
  FrameAccuracy accuracy;
};

// A model that hears whole utterances is to look ahead 300 ms at most.
bool becomes_streaming(const Run& run) {
  return run.start && run.options.size == kStreaming &&
         run.start->front_end.cmvn.kind != CmvnKind::kSliding;
}

void load_models(Run& run) {
  Options& options = run.options;
  run.front_end = convnet_front_end(options.size);
  if (!options.init.empty()) {
    run.start = read_convnet_parts(ModelFolder::open(options.init, kConvNetKind));
    if (!becomes_streaming(run)) run.front_end = run.start->front_end;
    run.subsampling = run.start->subsampling;
  }
  const std::string aligner = options.gmm.empty() ? options.init : options.gmm;
  if (aligner.empty()) {
    throw Error(ErrorCode::kUsage, "no model to align the texts with",
                "name one with --gmm (bivox train gmm makes one), or a ConvNet with --init");
  }
  run.aligner = load_acoustic_model(aligner);
}

void make_data(Run& run, std::span<const UtteranceText> utterances, const std::string& folder) {
  const Options& options = run.options;
  const PhoneSet& phones = run.aligner->hmms().phones();
  const Lexicon lexicon = complete_lexicon_for(utterances, options.dictionary, phones, run.console);
  // Alignments of other data, or by another model, are of no use.
  const std::string of = fmt::format(
      "{} utterances of {} by {}, {} states", utterances.size(), fmt::join(options.data, " "),
      options.gmm.empty() ? options.init : options.gmm, options.states);
  const StateTree* tree = run.start ? &run.start->hmm.tree : nullptr;
  ConvNetDataOptions making = data_options(options, run.front_end, folder, of);
  if (tree != nullptr) making.states_per_phone = tree->states_per_hmm();
  run.data = make_convnet_data(utterances, *run.aligner, lexicon, tree, making, run.console);
  for (const std::string& fault : run.data->left_out) {
    run.console.log(LogLevel::kNotice, fmt::format("left out: {}", fault));
  }
  run.noises = make_noises(options.noises, run.front_end);
  // Every noise is also heard alone, as silence.
  for (const Rendering& noise : run.noises) {
    run.data->train.push_back(silent_example(noise, run.data->tree.phones()));
  }
  if (run.front_end.cmvn.kind == CmvnKind::kSliding && run.front_end.cmvn.prior_mean.empty()) {
    run.front_end.cmvn.prior_mean = mean_row(run.data->train);
  }
}

void make_network(Run& run) {
  const Options& options = run.options;
  if (run.start && !becomes_streaming(run)) {
    run.network = std::move(run.start->network);
    return;
  }
  ConvNetOptions& made = run.architecture;
  made.num_mel = run.front_end.num_mel;
  made.width = options.width;
  made.blocks = options.blocks;
  made.kernel = options.kernel;
  made.dropout = static_cast<float>(options.dropout);
  made.right_frames = options.size == kStreaming ? kStreamingRightFrames : -1;
  made.subsampling = run.subsampling;
  made.states = run.data->tree.num_states();
  made.phones = options.ctc_weight > 0.0 && !run.start ? run.data->tree.phones().size() : 0;
  run.network = make_convnet(made);
  run.network.initialize(options.seed);
  if (run.start && copy_parameters(run.start->network, run.network) > 0) {
    throw Error(ErrorCode::kUsage,
                fmt::format("{}: its network is not one of --width {} --blocks {} --kernel {}",
                            options.init, options.width, options.blocks, options.kernel),
                "give the values that it was trained with");
  }
}

std::string card_of(const Run& run, int64_t epochs) {
  const Options& o = run.options;
  const FrameAccuracy& a = run.accuracy;
  return fmt::format(
      "# ConvNet acoustic model ({})\n\n"
      "Scores tied states of phones from log-mel features, for `bivox transcribe`.\n\n"
      "- Trained by `bivox train convnet` on {} ({:.2f} hours), {} epochs of {}, seed {}{}.\n"
      "- Alignments by {}.\n"
      "- {:.2f} million weights, stored as {}.\n"
      "- {:.1f} % of {:.0f} frames of utterances kept apart have the state they should; "
      "cross-entropy {:.3f} nats.\n\n"
      "{}The model has the licences of the recordings it was trained on.\n",
      o.size, source_names(o.data), run.data->audio_s / 3600.0, epochs, o.objective, o.seed,
      o.init.empty() ? "" : fmt::format(", from {}", source_name(o.init)),
      source_name(o.gmm.empty() ? o.init : o.gmm),
      static_cast<double>(run.network.num_weights()) / 1e6, o.stored,
      100.0 * a.right / std::max(1.0, a.frames), a.frames, a.log_loss / std::max(1.0, a.frames),
      o.note.empty() ? "" : o.note + "\n\n");
}

// What is known of the model before its weights are: of --init, or of the targets.
ConvNetParts model_parts(Run& run, const ReaderOptions& reading) {
  ConvNetParts parts{run.front_end,        HmmFile(run.data->tree), {}, {}, run.subsampling,
                     Precision::kBfloat16, run.options.output};
  if (run.start) {
    parts.hmm = run.start->hmm;
    parts.log_priors = run.start->log_priors;
    parts.precision = run.start->precision;
  } else {
    const TargetStatistics targets = count_targets(run.data->train, run.data->tree, reading);
    parts.hmm.transitions = targets.transitions;
    parts.hmm.score_scale = convnet_score_scale();
    parts.log_priors = targets.log_priors;
  }
  return parts;
}

void write_model(Run& run, ConvNetParts parts, int64_t epochs) {
  ModelFolderWriter writer(run.options.output, kConvNetKind,
                           std::filesystem::path(run.options.output).filename().string());
  writer.set_card(card_of(run, epochs));
  if (run.start) {
    parts.network = std::move(run.network);
  } else {
    ConvNetOptions finished = run.architecture;
    finished.phones = 0;
    parts.network = make_convnet(finished);
    copy_parameters(run.network, parts.network);
  }
  const Precision stored = run.options.stored == "int8"   ? Precision::kInt8
                           : run.options.stored == "bf16" ? Precision::kBfloat16
                                                          : Precision::kFloat32;
  write_convnet_files(parts, stored, writer);
  writer.commit();
}

int run_train_convnet(Options options, Console& console) {
  const auto begin = std::chrono::steady_clock::now();
  options.output = checked_model_output(options.output);
  const int64_t epochs = options.epochs.value_or(options.init.empty() ? kEpochs : kFineEpochs);
  const std::string folder =
      options.run_folder.empty() ? options.output + ".run" : options.run_folder;
  const std::vector<UtteranceText> utterances = read_training_data(options.data);
  Run run{options, console, {}, {}, {}, 3, {}, {}, {}, {}, {}};
  load_models(run);
  make_data(run, utterances, folder);
  make_network(run);
  const ReaderOptions reading =
      reader_options(options, run.front_end, run.subsampling, run.data->tree.states_per_hmm());
  console.report(fmt::format(
      "{:.2f} hours: {} examples to train on, {} kept apart, {} left out; {} states, {:.2f} "
      "million weights",
      run.data->audio_s / 3600.0, run.data->train.size(), run.data->dev.size(),
      run.data->left_out.size(), run.data->tree.num_states(),
      static_cast<double>(run.network.num_weights()) / 1e6));

  DataLoaderOptions loading;
  loading.max_examples = 64;
  loading.max_length = static_cast<int64_t>(options.batch_s / run.front_end.frame_shift_s);
  loading.threads = resolved_threads(options.threads);
  loading.seed = options.seed;
  std::vector<int64_t> lengths;
  for (const ConvNetExample& example : run.data->train) {
    lengths.push_back(example.renderings.at(0).frames);
  }
  DataLoader loader(loading, lengths,
                    ConvNetReader(run.data->train, run.data->tree, reading, run.noises));
  ComputeContext context(resolved_threads(options.threads), Precision::kBfloat16);
  Trainer trainer(context, run.network.parameters(),
                  trainer_options(options, epochs * loader.batches_in_epoch(0)));
  TrainingLoopOptions loop;
  loop.epochs = epochs;
  loop.folder = folder;
  loop.checkpoint_steps = 100;
  loop.description = description(options, epochs, utterances.size());
  loop.measures = {"frame_accuracy", "frame_loss"};
  const ConvNetLossOptions loss = {static_cast<float>(options.ctc_weight),
                                   static_cast<float>(options.label_smoothing)};
  ConvNetParts parts = model_parts(run, reading);
  std::optional<SequenceObjective> sequence;
  if (options.objective == kSequence) {
    sequence.emplace(run.data->train, run.data->tree, parts.log_priors,
                     SequenceObjectiveOptions{1.0F / parts.hmm.score_scale.language_weight});
    loop.measures.emplace_back("sequence_loss");
    console.report(fmt::format("all that can be said: {} phones in context, {} entries",
                               sequence->all().num_phones(), sequence->all().num_entries()));
  }
  const auto measure = [&] {  // of the averaged weights
    run.accuracy = measure_frames(run.network, context, run.data->dev, run.data->tree, reading);
    std::vector<double> measured = {run.accuracy.right / std::max(1.0, run.accuracy.frames),
                                    run.accuracy.log_loss / std::max(1.0, run.accuracy.frames)};
    if (sequence) {
      measured.push_back(sequence->measure(run.network, context, run.data->dev, reading));
    }
    return measured;
  };
  const auto forward = [&](Tape& tape, TrainingBatch& batch) {
    return sequence ? sequence->loss(run.network, tape, batch)
                    : convnet_loss(run.network, tape, batch, loss);
  };
  const auto end_of_epoch = [&](int64_t epoch, double) {
    std::vector<double> measured = measure();
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    console.report(fmt::format("epoch {}/{}: {:.2f} % of frames right, loss {:.3f}{}, {:.0f} s",
                               epoch + 1, epochs, 100.0 * measured[0], measured[1],
                               sequence ? fmt::format(", of sequences {:.4f}", measured[2]) : "",
                               took.count()));
    return measured;
  };
  if (!train_averaged(trainer, loader, loop, console, forward, end_of_epoch)) {
    return kInterruptedExitCode;
  }
  measure();
  write_model(run, std::move(parts), epochs);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  console.report(fmt::format("{:.0f} s; model {}, tables of the run {}", took.count(),
                             options.output, folder));
  return 0;
}

}  // namespace

void add_train_convnet_verb(CLI::App& train, const TrainAction& action) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = add_train_subverb(
      train, "convnet",
      "Train the ConvNet recognizer on recordings with texts.\n"
      "DATA is PATH or PATH:SPLIT: a manifest (id path split speaker gender seconds text), the\n"
      "folder of one, or a folder of recordings with texts. The texts are aligned by a model of\n"
      "mixtures (--gmm) or by a ConvNet (--init), which is then trained further. An interrupted\n"
      "run goes on when the same command is given again; its folder holds tables to plot.",
      "  bivox train convnet librispeech/:train-clean-5 --gmm my-gmm -o my-convnet\n"
      "  bivox train convnet a/:train b/:train --gmm my-gmm --size streaming --noise noises/\n"
      "  bivox train convnet my-voice/ --init my-convnet -o my-own-convnet",
      action, [options](Console& console) { return run_train_convnet(*options, console); });
  verb.add_option("DATA", options->data, "Recordings with texts")->required();
  verb.add_option("-o,--output", options->output, "Model folder to write");
  verb.add_option("--gmm", options->gmm, "Acoustic model that aligns the texts");
  verb.add_option(
      "--init", options->init,
      "ConvNet to train further, on speech like that it is to hear; with --size streaming "
      "a base one becomes one that streams");
  verb.add_option("--size", options->size,
                  "base: hears the whole utterance; streaming: looks ahead 300 ms at most")
      ->check(CLI::IsMember({kBase, kStreaming}));
  verb.add_option("--objective", options->objective,
                  "What to learn: frames, each state where it was aligned; sequence, what was said "
                  "against all that can be said (lattice-free MMI), best with --init of a model "
                  "that has learnt frames")
      ->check(CLI::IsMember({kFrames, kSequence}));
  verb.add_option("--dict", options->dictionary, "Dictionary (default: that of en-small)");
  verb.add_option("--noise", options->noises,
                  "Recordings of noise to mix in, and to hear nothing in (default: none)");
  verb.add_option("--run-dir", options->run_folder,
                  "Folder of alignments, checkpoint and tables (default: OUTPUT.run)");
  verb.add_option(
          "--epochs", options->epochs,
          fmt::format("Passes over the data (default: {}; with --init {})", kEpochs, kFineEpochs))
      ->check(CLI::Range(1, 100000));
  verb.add_option(
          "--rate", options->rate,
          fmt::format("Largest learning rate (default: {}; with --init {}, and {} for sequences)",
                      kRate, kFineRate, kSequenceRate))
      ->check(CLI::PositiveNumber);
  verb.add_option("--batch", options->batch_s, "Seconds of audio a step")
      ->check(CLI::Range(1.0, 10000.0));
  verb.add_option("--width", options->width, "Channels of a layer")->check(CLI::Range(8, 2048));
  verb.add_option("--blocks", options->blocks, "Residual blocks of two convolutions")
      ->check(CLI::Range(1, 64));
  verb.add_option("--kernel", options->kernel, "Frames of 30 ms that a convolution sees; odd")
      ->check(CLI::Range(1, 31));
  verb.add_option("--states", options->states, "Tied states at most")->check(CLI::Range(40, 20000));
  verb.add_option("--renderings", options->renderings,
                  "Renderings of each recording, the others in other speeds, voices and rooms")
      ->check(CLI::Range(1, 32));
  verb.add_option("--dropout", options->dropout, "Share of activations dropped")
      ->check(CLI::Range(0.0, 0.9));
  verb.add_option("--ctc", options->ctc_weight, "Weight of the loss on phones without alignment")
      ->check(CLI::Range(0.0, 10.0));
  verb.add_option("--smoothing", options->label_smoothing, "Label smoothing")
      ->check(CLI::Range(0.0, 0.5));
  verb.add_option("--store", options->stored, "Weights of the finished model: bf16, int8 or f32")
      ->check(CLI::IsMember({"bf16", "int8", "f32"}));
  verb.add_option("--card-note", options->note, "A line for the model's card: licences, say");
  verb.add_option("--seed", options->seed, "The same seed gives the same model");
  verb.add_option("--threads", options->threads, "Threads; 0: one a processor")
      ->check(CLI::Range(0, 256));
  verb.add_flag("--no-augment", options->no_augment, "Train on the recordings as they are");
}

}  // namespace bivox
