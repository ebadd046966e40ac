// bivox voices: which voices can speak.
#include <fmt/format.h>

#include <iostream>

#include "apps/program.h"
#include "apps/verbs.h"
#include "apps/voice_finder.h"
#include "dsp/core/error.h"
#include "models/io/model_folder.h"
#include "tts/prosody/acoustic_model.h"
#include "tts/vocoder/vocoder.h"

namespace bivox {
namespace {

struct Options {
  std::vector<std::string> folders;
};

void print_voice(const std::filesystem::path& path) {
  const ModelFolder folder = ModelFolder::open(path, kVoiceKind);
  const AcousticParts acoustic = read_acoustic_model(folder);
  const VocoderParts vocoder = load_vocoder_parts(path);
  std::string modes;
  if (vocoder.parallel) modes += "parallel,";
  if (vocoder.autoregressive) modes += "autoregressive,";
  modes += "source-filter";
  uint64_t bytes = 0;
  for (const auto& [name, file] : folder.files()) bytes += file.bytes;
  std::cout << fmt::format("{}\t{}\t{}\t{}\t{:.1f}\t{}\n", path.filename().string(),
                           fmt::join(acoustic.speakers, ","), acoustic.features.sample_rate_hz,
                           modes, static_cast<double>(bytes) / 1e6, path.string());
}

int list_voices(const Options& options, Console& console) {
  std::vector<std::filesystem::path> folders = installed_voices();
  if (!options.folders.empty()) {
    folders.clear();
    for (const std::string& name : options.folders) folders.push_back(find_voice(name));
  }
  if (folders.empty()) {
    throw Error(ErrorCode::kModel, "no voice is installed", "bivox train voice makes one");
  }
  std::cout << "voice\tspeakers\trate_hz\tmodes\tmegabytes\tfolder\n";
  int code = 0;
  for (const std::filesystem::path& folder : folders) {
    try {
      print_voice(folder);
    } catch (const Error& error) {
      console.error(error);
      code = static_cast<int>(error.code());
    }
  }
  return code;
}

}  // namespace

void add_voices_verb(Program& program) {
  auto options = std::make_shared<Options>();
  CLI::App& verb = program.add_verb(
      "voices",
      "List the voices that `bivox say` can speak with: those that come along and those in the\n"
      "folders of $BIVOX_MODEL_PATH; a tab-separated line each.",
      "  bivox voices\n"
      "  bivox voices my-voice/\n"
      "  BIVOX_MODEL_PATH=~/voices bivox voices | cut -f 1",
      [options](Console& console) { return list_voices(*options, console); });
  verb.add_option("VOICE", options->folders, "Names or folders; none: all that are installed");
}

}  // namespace bivox
