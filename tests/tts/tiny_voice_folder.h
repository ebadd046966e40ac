// Writes a tiny voice (tiny_voice.h) with a tiny vocoder of random weights as a model folder.
// Thread rule: free functions. Test: those that use it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "dsp/core/file_io.h"
#include "tests/tts/tiny_vocoder.h"
#include "tests/tts/tiny_voice.h"
#include "tts/vocoder/vocoder.h"

namespace bivox {

inline constexpr const char* kTinyDictionary =
    "good G UH1 D\nmorning M AO1 R N IH0 NG\none W AH1 N\ntwo T UW1\n";

/// As `bivox train voice` writes it, with or without --vocoder.
inline void write_tiny_voice(const std::filesystem::path& folder, bool with_vocoder) {
  using nlohmann::json;
  const AcousticParts acoustic = tiny_voice(2);
  ModelFolderWriter writer(folder, kVoiceKind, folder.filename().string());
  json options = {{"acoustic", json::parse(add_acoustic_model(acoustic, writer))}};
  if (with_vocoder) {
    const std::filesystem::path vocoder = folder.string() + "-vocoder";
    save_vocoder(tiny_vocoder(acoustic.features, acoustic.scale), vocoder, "vocoder",
                 "# Vocoder\n");
    const ModelFolder files = ModelFolder::open(vocoder, "vocoder");
    for (const auto& [name, file] : files.files()) {
      if (name != "card.md") writer.add_file(name, read_file(files.file(name)));
    }
    options["vocoder"] = json::parse(files.options_json());
  }
  writer.set_options_json(options.dump());
  writer.set_card("# A voice for tests\n");
  writer.commit();
}

}  // namespace bivox
