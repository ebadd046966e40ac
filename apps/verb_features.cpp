// bivox features: what the recognizer hears, as numbers.
#include <fmt/format.h>

#include <filesystem>
#include <iostream>
#include <iterator>
#include <map>

#include "apps/npy_file.h"
#include "apps/program.h"
#include "apps/verbs.h"
#include "dsp/audio/audio_file.h"
#include "dsp/core/file_io.h"
#include "dsp/features/front_end.h"

namespace bivox {
namespace {

struct Options {
  std::string audio;
  std::string output;
  std::string kind = "log-mel";
  int num_mel = 0;
  int rate_hz = 0;
};

FrontEndOptions front_end_of(const Options& options) {
  FrontEndOptions front_end;
  if (options.kind == "sphinx") {
    front_end = sphinx_front_end();
  } else if (options.kind == "fbank") {
    front_end = kaldi_fbank_front_end();
  } else if (options.kind == "mfcc") {
    front_end = kaldi_mfcc_front_end();
  } else if (options.kind == "librosa") {
    front_end = librosa_front_end();
  }
  if (options.num_mel > 0) front_end.num_mel = options.num_mel;
  if (options.rate_hz > 0) front_end.sample_rate_hz = options.rate_hz;
  front_end.validate();
  return front_end;
}

void write_csv(std::ostream& out, const FeatureMatrix& features) {
  fmt::memory_buffer line;
  for (Eigen::Index row = 0; row < features.rows(); ++row) {
    line.clear();
    for (Eigen::Index column = 0; column < features.cols(); ++column) {
      fmt::format_to(std::back_inserter(line), "{}{}", column > 0 ? "," : "",
                     features(row, column));
    }
    line.push_back('\n');
    out.write(line.data(), static_cast<std::streamsize>(line.size()));
  }
}

int run_features(const Options& options, Console& console) {
  const std::string extension = std::filesystem::path(options.output).extension().string();
  if (!options.output.empty() && extension != ".npy" && extension != ".csv") {
    throw Error(ErrorCode::kUsage,
                fmt::format("{}: features are written as .npy or .csv", options.output));
  }
  const FrontEndOptions front_end = front_end_of(options);
  const AudioBuffer audio = read_audio(options.audio, front_end.sample_rate_hz);
  const FeatureMatrix features = compute_features(front_end, audio);
  if (options.output.empty()) {
    write_csv(std::cout, features);
  } else {
    AtomicFile file(options.output);
    if (extension == ".npy") {
      write_npy(file.stream(), features);
    } else {
      write_csv(file.stream(), features);
    }
    file.commit();
  }
  console.detail(fmt::format("{:.2f} s at {} Hz -> [{} frames x {}]", audio.duration_s(),
                             audio.sample_rate_hz, features.rows(), features.cols()));
  return 0;
}

}  // namespace

void add_features_verb(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& verb =
      program.add_verb("features",
                       "Compute the features of a recording, [frames x dims], natural logs: "
                       "comma-separated lines on\n"
                       "standard output, or a .npy (float32) or .csv file.",
                       "  bivox features talk.wav -o talk.npy\n"
                       "  bivox features talk.flac --kind sphinx > talk.csv\n"
                       "  bivox features song.mp3 --kind librosa --num-mel 64 -o song.npy",
                       [options](Console& console) { return run_features(*options, console); });
  verb.add_option("AUDIO", options->audio, "Audio file, or - for standard input")->required();
  verb.add_option("-o,--output", options->output, "File to write (default: standard output)");
  verb.add_option("--kind", options->kind,
                  "log-mel (80 filters, 10 ms), fbank and mfcc (as Kaldi), sphinx (39 dims),\n"
                  "librosa (128 filters at 22050 Hz)")
      ->check(CLI::IsMember({"log-mel", "fbank", "mfcc", "sphinx", "librosa"}));
  verb.add_option("--num-mel", options->num_mel, "Number of mel filters; 0: as the kind has it")
      ->check(CLI::Range(0, 1024));
  verb.add_option("--rate", options->rate_hz,
                  "Sample rate to compute at, Hz; the audio is resampled; 0: as the kind has it")
      ->check(CLI::Range(0, 384'000));
}

}  // namespace bivox
