#include "apps/voice_finder.h"

#include <fmt/format.h>

#include <map>
#include <system_error>

#include "apps/model_finder.h"
#include "dsp/core/error.h"
#include "dsp/core/file_io.h"
#include "models/io/model_folder.h"
#include "tts/prosody/acoustic_model.h"

namespace bivox {
namespace {

namespace fs = std::filesystem;

bool is_voice(const fs::path& folder) {
  if (!ModelFolder::is_model_folder(folder)) return false;
  const fs::path path = folder / "config.json";
  return ModelConfig::parse(read_file(path, ErrorCode::kModel), path.string()).kind == kVoiceKind;
}

}  // namespace

std::vector<fs::path> installed_voices() {
  std::map<std::string, fs::path> voices;
  for (const fs::path& place : bundled_model_places()) {
    std::error_code failure;
    for (fs::directory_iterator entry(place, failure);
         !failure && entry != fs::directory_iterator(); entry.increment(failure)) {
      if (is_voice(entry->path())) voices.try_emplace(entry->path().filename(), entry->path());
    }
  }
  std::vector<fs::path> folders;
  for (const auto& [name, folder] : voices) folders.push_back(folder);
  return folders;
}

fs::path find_voice(const std::string& name) {
  // A folder of that name, say of recordings, hides no voice.
  std::error_code ignored;
  const bool exists = fs::exists(name, ignored);
  if (exists && is_voice(name)) return name;
  std::string names;
  for (const fs::path& folder : installed_voices()) {
    const std::string here = folder.filename().string();
    if (here == name || here == "voice-" + name) return folder;
    names += (names.empty() ? "" : ", ") + here;
  }
  if (exists) return name;
  throw Error(ErrorCode::kModel,
              names.empty() ? fmt::format("no voice \"{}\": none is installed", name)
                            : fmt::format("no voice \"{}\"; there are: {}", name, names),
              "name a voice or its folder with --voice; bivox train voice makes one");
}

}  // namespace bivox
