// Writes a tiny voice (tiny_voice.h) with a tiny vocoder of random weights as a model folder.
// Thread rule: free functions. Test: those that use it.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "dsp/core/file_io.h"
#include "tests/tts/tiny_voice.h"
#include "tts/vocoder/vocoder.h"

namespace bivox {

inline constexpr const char* kTinyDictionary =
    "good G UH1 D\nmorning M AO1 R N IH0 NG\none W AH1 N\ntwo T UW1\n";

inline VocoderParts tiny_vocoder(const AcousticParts& voice) {
  VocoderParts parts;
  parts.features = voice.features;
  parts.scale = voice.scale;
  auto& parallel = parts.parallel.emplace();
  parallel.options.layers = 2;
  parallel.options.cycle = 2;
  parallel.options.channels = 8;
  parallel.options.condition = 8;
  parallel.network = parallel_wavenet_network(parallel.options);
  initialize_parallel_wavenet(parallel.network, 3);
  auto& autoregressive = parts.autoregressive.emplace();
  autoregressive.options.layers = 2;
  autoregressive.options.cycle = 2;
  autoregressive.options.residual = 16;
  autoregressive.options.skip = 16;
  autoregressive.options.mel_bins = parts.features.columns();
  autoregressive.options.hop = parts.features.hop;
  autoregressive.options.mixtures = 2;
  autoregressive.network = wavenet_network(autoregressive.options);
  autoregressive.network.initialize(4);
  return parts;
}

/// As `bivox train voice` writes it, with or without --vocoder.
inline void write_tiny_voice(const std::filesystem::path& folder, bool with_vocoder) {
  using nlohmann::json;
  const AcousticParts acoustic = tiny_voice(2);
  ModelFolderWriter writer(folder, kVoiceKind, folder.filename().string());
  json options = {{"acoustic", json::parse(add_acoustic_model(acoustic, writer))}};
  if (with_vocoder) {
    const std::filesystem::path vocoder = folder.string() + "-vocoder";
    save_vocoder(tiny_vocoder(acoustic), vocoder, "vocoder", "# Vocoder\n");
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
