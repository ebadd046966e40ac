// bivox vocode: copy-synthesis, to hear and to measure the vocoder alone.
#include <fmt/format.h>

#include <cmath>
#include <ctime>
#include <filesystem>
#include <iostream>

#include "apps/input_files.h"
#include "apps/interrupt.h"
#include "apps/program.h"
#include "apps/verbs.h"
#include "dsp/audio/audio_file.h"
#include "dsp/core/error.h"
#include "tts/vocoder/measures.h"
#include "tts/vocoder/vocoder.h"

namespace bivox {
namespace {

struct Options {
  std::vector<std::string> inputs;
  std::string output;
  std::string output_folder;
  std::string model;
  std::string mode = "parallel";
  std::string precision;
  uint64_t seed = 1;
  double voiced_temperature = 0.8;
  double temperature = 1.0;
  bool measure = false;
};

/// Mean and half of its 95 % interval.
class Sample {
 public:
  void add(double value) {
    ++count_;
    sum_ += value;
    squares_ += value * value;
  }
  std::string text(int digits) const {
    if (count_ == 0) return "-";
    const double n = count_;
    const double mean = sum_ / n;
    const double variance = n > 1 ? (squares_ - n * mean * mean) / (n - 1) : 0.0;
    return fmt::format("{:.{}f} +-{:.{}f}", mean, digits,
                       1.96 * std::sqrt(std::max(variance, 0.0) / n), digits);
  }

 private:
  int count_ = 0;
  double sum_ = 0.0;
  double squares_ = 0.0;
};

struct Summary {
  Sample mel_cepstral;
  Sample log_spectral;
  Sample f0_hz;
  Sample f0_cents;
  Sample voicing;
  Sample stoi;

  void add(const SpeechDistance& distance) {
    mel_cepstral.add(distance.mel_cepstral_db);
    log_spectral.add(distance.log_spectral_db);
    if (distance.voiced_frames > 0) {
      f0_hz.add(distance.f0_rmse_hz);
      f0_cents.add(distance.f0_rmse_cents);
    }
    voicing.add(distance.voicing_error_percent);
    if (distance.stoi) stoi.add(*distance.stoi);
  }
};

std::shared_ptr<const Vocoder> load(const Options& options, VocoderMode mode) {
  if (mode == VocoderMode::kSourceFilter && options.model.empty()) return Vocoder::source_filter();
  if (options.model.empty()) {
    throw Error(ErrorCode::kUsage, "no vocoder is named",
                "give --model (bivox train vocoder makes one), or --mode source-filter");
  }
  VocoderOptions vocoder;
  if (!options.precision.empty()) {
    const Precision precision = options.precision == "f32"    ? Precision::kFloat32
                                : options.precision == "bf16" ? Precision::kBfloat16
                                                              : Precision::kInt8;
    vocoder.parallel = vocoder.autoregressive = precision;
  }
  return Vocoder::load(options.model, vocoder);
}

void print_distance(const std::string& name, const SpeechDistance& d) {
  std::cout << fmt::format("{}\t{:.3f}\t{:.3f}\t{:.2f}\t{:.1f}\t{:.2f}\t{}\n", name,
                           d.mel_cepstral_db, d.log_spectral_db, d.f0_rmse_hz, d.f0_rmse_cents,
                           d.voicing_error_percent, d.stoi ? fmt::format("{:.4f}", *d.stoi) : "-");
}

int run_vocode(const Options& options, Console& console) {
  if (options.output.empty() && options.output_folder.empty() && !options.measure) {
    throw Error(ErrorCode::kUsage, "nothing to do with the copy",
                "give -o FILE, --output-dir FOLDER or --measure");
  }
  const std::vector<InputFile> inputs = expand_inputs(options.inputs);
  if (!options.output.empty() && (inputs.size() > 1 || !options.output_folder.empty())) {
    throw Error(ErrorCode::kUsage, "-o takes the copy of one recording",
                "give --output-dir FOLDER for more");
  }
  std::vector<std::filesystem::path> outputs;
  if (!options.output_folder.empty()) {
    outputs = output_paths(inputs, options.output_folder, ".wav");
  }
  VocoderStreamOptions stream;
  stream.mode = *vocoder_mode_of(options.mode);
  stream.seed = options.seed;
  stream.voiced_temperature = static_cast<float>(options.voiced_temperature);
  stream.unvoiced_temperature = static_cast<float>(options.temperature);
  const std::shared_ptr<const Vocoder> vocoder = load(options, stream.mode);
  if (options.measure) {
    std::cout << "recording\tmcd_db\tlsd_db\tf0_rmse_hz\tf0_rmse_cents\tvoicing_error_%\tstoi\n";
  }
  Summary summary;
  int failed = 0;
  double seconds = 0.0;
  double busy_s = 0.0;
  for (size_t i = 0; i < inputs.size() && !interrupted(); ++i) {
    try {
      const AudioBuffer audio = read_audio(inputs[i].path, vocoder->sample_rate_hz());
      const std::clock_t begin = std::clock();
      const AudioBuffer copy = copy_synthesis(vocoder, audio, stream);
      busy_s += static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
      seconds += audio.duration_s();
      if (!options.output.empty()) write_audio(options.output, copy);
      if (!outputs.empty()) write_audio(outputs[i], copy);
      if (options.measure) {
        const SpeechDistance distance = speech_distance(audio, copy);
        print_distance(inputs[i].relative.string(), distance);
        summary.add(distance);
      }
    } catch (const Error& error) {
      console.error(error);
      failed = static_cast<int>(error.code());
    }
    if (inputs.size() > 1) console.progress(i + 1, inputs.size(), "copying");
  }
  console.progress(0, 0, "");
  if (options.measure && inputs.size() > 1) {
    std::cout << fmt::format("mean\t{}\t{}\t{}\t{}\t{}\t{}\n", summary.mel_cepstral.text(3),
                             summary.log_spectral.text(3), summary.f0_hz.text(2),
                             summary.f0_cents.text(1), summary.voicing.text(2),
                             summary.stoi.text(4));
  }
  console.detail(
      fmt::format("bivox: {:.2f} s of sound in {:.2f} s of processor time ({:.4f} of "
                  "real time, analysis included)",
                  seconds, busy_s, seconds > 0.0 ? busy_s / seconds : 0.0));
  return interrupted() ? kInterruptedExitCode : failed;
}

}  // namespace

void add_vocode_verb(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = program.add_verb(
      "vocode",
      "Copy-synthesis: take recordings apart into features (mel spectrum, F0, voicing; 100 frames\n"
      "a second) and make speech of them again, to hear the vocoder alone, or to measure it.",
      "  bivox vocode talk.wav --model vocoder -o copy.wav\n"
      "  bivox vocode talk.wav --mode source-filter -o plain.wav\n"
      "  bivox vocode recordings/ --output-dir copies --measure > measures.tsv",
      [options](Console& console) { return run_vocode(*options, console); });
  verb.add_option("AUDIO", options->inputs, "Audio files or folders, or - for standard input")
      ->required();
  verb.add_option("-o,--output", options->output, "Audio file to write");
  verb.add_option("--output-dir", options->output_folder, "Folder for the copies of several files");
  verb.add_option("--model", options->model, "Vocoder folder; none is needed for source-filter");
  verb.add_option(
          "--mode", options->mode,
          "parallel (a WaveNet on all samples at once), autoregressive (a WaveNet sample by\n"
          "sample), source-filter (no network)")
      ->check(CLI::IsMember({"parallel", "autoregressive", "source-filter"}));
  verb.add_option("--precision", options->precision,
                  "Of the network: f32, bf16 or int8 (default: bf16 parallel, int8 autoregressive)")
      ->check(CLI::IsMember({"f32", "bf16", "int8"}));
  verb.add_option("--seed", options->seed, "The same seed gives the same sound");
  verb.add_option("--voiced-temperature", options->voiced_temperature,
                  "Autoregressive: randomness in voiced frames; 1: as learnt")
      ->check(CLI::Range(0.0, 2.0));
  verb.add_option("--temperature", options->temperature,
                  "Autoregressive: randomness in the other frames")
      ->check(CLI::Range(0.0, 2.0));
  verb.add_flag("--measure", options->measure,
                "Print how far copies are from the recordings: mel-cepstral and log-spectral\n"
                "distance (dB), F0 (Hz, cents), voicing (%), STOI; means with 95 % intervals");
}

}  // namespace bivox
