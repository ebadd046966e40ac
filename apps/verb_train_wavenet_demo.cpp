// bivox train wavenet-demo: a tiny WaveNet learns one second of speech by heart and says it.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <numbers>

#include "apps/interrupt.h"
#include "apps/verb_train.h"
#include "dsp/audio/audio_file.h"
#include "dsp/core/random.h"
#include "dsp/features/front_end.h"
#include "models/nn/losses.h"
#include "models/nn/training_loop.h"
#include "models/nn/wavenet.h"
#include "models/nn/wavenet_sampler.h"

namespace bivox {
namespace {

constexpr int kRate = 16000;
constexpr int kStepsAnEpoch = 25;

struct Options {
  std::string audio;
  std::string output = "learnt.wav";
  std::string run_folder;
  double start_s = 0.0;
  double seconds = 1.0;
  int64_t epochs = 16;
  double rate = 0.004;
  double temperature = 0.5;
  uint64_t seed = 1;
  int threads = 0;
};

WaveNetOptions tiny_wavenet() {
  WaveNetOptions options;
  options.layers = 12;
  options.cycle = 6;
  options.residual = 32;
  options.skip = 64;
  options.mel_bins = 40;
  options.hop = 200;
  options.output = WaveNetOutput::kMuLaw;
  options.sample_rate_hz = kRate;
  return options;
}

// The part of the recording to be learnt, whole mel frames, its peak at 0.8.
AudioBuffer read_part(const Options& options, int hop) {
  AudioBuffer audio = read_audio(options.audio, kRate);
  const auto begin = static_cast<size_t>(options.start_s * kRate);
  const auto wanted = static_cast<size_t>(options.seconds * kRate);
  const size_t count =
      std::min(wanted, audio.samples.size() - std::min(begin, audio.samples.size()));
  const size_t frames = count / static_cast<size_t>(hop);
  if (frames < 20) {
    throw Error(ErrorCode::kInput,
                fmt::format("{}: {:.2f} s from {} s on, expected a quarter of a second at least",
                            options.audio, static_cast<double>(count) / kRate, options.start_s));
  }
  AudioBuffer part;
  part.sample_rate_hz = kRate;
  part.samples.assign(
      audio.samples.begin() + static_cast<ptrdiff_t>(begin),
      audio.samples.begin() + static_cast<ptrdiff_t>(begin + frames * static_cast<size_t>(hop)));
  float peak = 0.0F;
  for (const float x : part.samples) peak = std::max(peak, std::abs(x));
  if (peak == 0.0F) throw Error(ErrorCode::kInput, options.audio + ": this part is silent");
  for (float& x : part.samples) x *= 0.8F / peak;
  return part;
}

// Log-mel [frames x bins], one frame every hop samples, each bin with mean 0 and variance 1.
Tensor read_mel(const AudioBuffer& audio, const WaveNetOptions& options) {
  FrontEndOptions front_end = librosa_front_end(kRate, options.mel_bins);
  front_end.fft_size = 0;
  front_end.frame_length_s = 0.025;
  front_end.frame_shift_s = static_cast<double>(options.hop) / kRate;
  front_end.log_floor = 1e-5F;
  const FeatureMatrix rows = compute_features(front_end, audio);
  const auto frames = static_cast<Eigen::Index>(audio.samples.size()) / options.hop;
  FeatureMatrix mel = rows.topRows(frames);
  const Eigen::RowVectorXf mean = mel.colwise().mean();
  mel.rowwise() -= mean;
  for (Eigen::Index c = 0; c < mel.cols(); ++c) {
    const float deviation = std::sqrt(mel.col(c).squaredNorm() / static_cast<float>(frames));
    mel.col(c) /= std::max(deviation, 1e-3F);
  }
  return Tensor::from({frames, mel.cols()}, {mel.data(), static_cast<size_t>(mel.size())});
}

int run_wavenet_demo(const Options& options, Console& console) {
  const WaveNetOptions wavenet = tiny_wavenet();
  const AudioBuffer audio = read_part(options, wavenet.hop);
  const Tensor mel = read_mel(audio, wavenet);
  const auto samples = static_cast<int64_t>(audio.samples.size());
  std::vector<int> targets;
  for (const float x : audio.samples) targets.push_back(mu_law_level(x, wavenet.levels));

  Network network = wavenet_network(wavenet);
  network.initialize(options.seed);
  // Each example is the whole second, its history slightly noisy: so the network learns to come
  // back to the right course when its own samples have left it.
  const ExampleReader reader = [&](int, uint64_t seed) {
    Random random(seed);
    std::vector<float> noisy = audio.samples;
    const double level = random.uniform(0.0, 0.02);
    for (float& x : noisy) {
      x = std::clamp(x + static_cast<float>(level * random.gaussian()), -1.0F, 1.0F);
    }
    TrainingExample example;
    example.streams.push_back(Tensor::from({samples, 1}, wavenet_history(wavenet, noisy)));
    example.streams.push_back(mel.clone());
    return example;
  };
  DataLoaderOptions loading;
  loading.max_examples = 1;
  loading.seed = options.seed;
  DataLoader loader(loading, std::vector<int64_t>(kStepsAnEpoch, samples), reader);

  TrainerOptions training;
  training.optimizer.weight_decay = 0.0F;
  training.schedule.kind = ScheduleKind::kOneCycle;
  training.schedule.peak = options.rate;
  training.schedule.total_steps = options.epochs * kStepsAnEpoch;
  training.schedule.warmup_steps = training.schedule.total_steps / 5;
  training.seed = options.seed;
  ComputeContext context(resolved_threads(options.threads), Precision::kBfloat16);
  Trainer trainer(context, network.parameters(), training);
  TrainingLoopOptions loop;
  loop.epochs = options.epochs;
  loop.folder = options.run_folder;
  loop.description =
      fmt::format("wavenet-demo {} {} s from {} s, {} epochs, rate {}, seed {}", options.audio,
                  options.seconds, options.start_s, options.epochs, options.rate, options.seed);
  const auto forward = [&](Tape& tape, TrainingBatch& batch) {
    const Var inputs[] = {tape.constant(std::move(batch.streams[0].values)),
                          tape.constant(std::move(batch.streams[1].values))};
    const Var logits = network.forward(tape, inputs)[0];
    return SummedLoss{cross_entropy(logits, targets, {}, {0.0F, Reduction::kSum}),
                      static_cast<double>(samples)};
  };
  const auto end_of_epoch = [&](int64_t epoch, double epoch_loss) {
    console.detail(fmt::format("bivox: epoch {}: {:.3f} bits a sample", epoch + 1,
                               epoch_loss / std::numbers::ln2));
    return std::vector<double>{};
  };
  if (!train_averaged(trainer, loader, loop, console, forward, end_of_epoch)) {
    return kInterruptedExitCode;
  }

  // Of the weights as they are, also when the run had been finished before.
  Tape tape(context);
  const Var inputs[] = {
      tape.constant(Tensor::from({1, samples, 1}, wavenet_history(wavenet, audio.samples))),
      tape.constant(Tensor::from({1, mel.dim(0), mel.dim(1)}, mel.values()))};
  const double loss = static_cast<double>(
      cross_entropy(network.forward(tape, inputs)[0], targets, {}).value().item());

  WaveNetSampler sampler(WaveNetModel::compile(network, wavenet, Precision::kFloat32),
                         options.seed);
  sampler.set_temperature(static_cast<float>(options.temperature));
  AudioBuffer said;
  said.sample_rate_hz = kRate;
  const int64_t frames = mel.dim(0);
  std::vector<float> chunk(static_cast<size_t>(WaveNetSampler::kMaxFrames * wavenet.hop));
  const auto keep = [&](int count) {
    said.samples.insert(said.samples.end(), chunk.begin(), chunk.begin() + count);
  };
  for (int64_t at = 0; at < frames; at += WaveNetSampler::kMaxFrames) {
    const int64_t count = std::min<int64_t>(WaveNetSampler::kMaxFrames, frames - at);
    keep(sampler.accept(mel.values().subspan(static_cast<size_t>(at * wavenet.mel_bins),
                                             static_cast<size_t>(count * wavenet.mel_bins)),
                        chunk));
  }
  chunk.resize(std::max(chunk.size(), static_cast<size_t>(sampler.max_lag())));
  keep(sampler.finish(chunk));
  write_audio(options.output, said);
  std::cout << fmt::format("{}: {:.2f} s, {} weights, {:.2f} bits a sample\n", options.output,
                           said.duration_s(), network.num_weights(), loss / std::numbers::ln2);
  return 0;
}

}  // namespace

void add_train_wavenet_demo_verb(CLI::App& train, const TrainAction& action) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = add_train_subverb(
      train, "wavenet-demo",
      "Let a tiny WaveNet learn a second of speech by heart, in minutes, and write what it then\n"
      "says, sample by sample, from mel frames: how neural vocoders work, to hear and to plot.",
      "  bivox train wavenet-demo talk.wav -o learnt.wav\n"
      "  bivox train wavenet-demo talk.wav --start 2.5 --epochs 40 -o better.wav\n"
      "  bivox train wavenet-demo talk.wav --temperature 1 --run-dir demo-run -v",
      action, [options](Console& console) { return run_wavenet_demo(*options, console); });
  verb.add_option("AUDIO", options->audio, "A recording of speech")->required();
  verb.add_option("-o,--output", options->output, "Audio file to write");
  verb.add_option("--start", options->start_s, "Where the part to learn begins, seconds")
      ->check(CLI::NonNegativeNumber);
  verb.add_option("--seconds", options->seconds, "How long it is")->check(CLI::Range(0.25, 10.0));
  verb.add_option("--epochs", options->epochs, "Times 25 steps over the whole of it")
      ->check(CLI::Range(1, 100000));
  verb.add_option("--rate", options->rate, "Largest learning rate")->check(CLI::PositiveNumber);
  verb.add_option("--temperature", options->temperature,
                  "Of the sampling; 1: as learnt, less: less noise")
      ->check(CLI::Range(0.01, 2.0));
  verb.add_option("--run-dir", options->run_folder,
                  "Folder of checkpoint and tables, to resume (default: none)");
  verb.add_option("--seed", options->seed, "The same seed gives the same sound");
  verb.add_option("--threads", options->threads, "Threads; 0: one a processor")
      ->check(CLI::Range(0, 256));
}

}  // namespace bivox
