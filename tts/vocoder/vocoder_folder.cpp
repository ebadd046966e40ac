// save_vocoder() and load_vocoder_parts(): the vocoder as a model folder, or in that of a voice.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/io/json_fields.h"
#include "models/nn/network_json.h"
#include "tts/vocoder/pulse_phase.h"
#include "tts/vocoder/vocoder.h"

namespace bivox {
namespace {

using nlohmann::json;

const NetworkFiles kParallelFiles = {"parallel.json", "parallel.safetensors"};
const NetworkFiles kAutoregressiveFiles = {"autoregressive.json", "autoregressive.safetensors"};

[[noreturn]] void fail(const std::string& source, const std::string& what) {
  throw Error(ErrorCode::kModel, fmt::format("{}: {}", source, what));
}

// A voice that has no vocoder: what its acoustic model gives is made sound of by source and filter.
VocoderParts without_networks(const json& voice, const std::string& source) {
  if (!voice.contains("acoustic") || !voice["acoustic"].is_object() ||
      !voice["acoustic"].contains("features")) {
    fail(source, "expected the options of a voice");
  }
  const json& acoustic = voice["acoustic"];
  VocoderParts parts;
  parts.features = parse_vocoder_feature_options(acoustic["features"].dump(), source);
  const auto columns = static_cast<size_t>(parts.features.columns());
  parts.scale.mean = read_numbers(acoustic, "mean", columns, source);
  parts.scale.deviation = read_numbers(acoustic, "deviation", columns, source);
  return parts;
}

}  // namespace

void save_vocoder(const VocoderParts& parts, const std::filesystem::path& folder,
                  const std::string& name, std::string_view card) {
  BIVOX_CHECK(parts.scale.mean.size() == static_cast<size_t>(parts.features.columns()));
  ModelFolderWriter writer(folder, "vocoder", name);
  json options = {{"features", json::parse(vocoder_feature_options_json(parts.features))},
                  {"mean", parts.scale.mean},
                  {"deviation", parts.scale.deviation},
                  {"sample_rate_hz", parts.features.sample_rate_hz}};
  if (parts.parallel) {
    options["parallel"] = json::parse(parallel_wavenet_options_json(parts.parallel->options));
    save_network(parts.parallel->network, writer, Precision::kBfloat16, kParallelFiles);
  }
  if (parts.autoregressive) {
    options["autoregressive"] = json::parse(wavenet_options_json(parts.autoregressive->options));
    save_network(parts.autoregressive->network, writer, Precision::kBfloat16, kAutoregressiveFiles);
  }
  writer.set_options_json(options.dump());
  writer.set_card(card);
  writer.commit();
}

VocoderParts load_vocoder_parts(const std::filesystem::path& folder) {
  const ModelFolder model = ModelFolder::open(folder);
  const std::string source = (folder / "config.json").string();
  json options = json::parse(model.options_json(), nullptr, false);
  if (model.kind() == "voice") {
    if (options.is_object() && !options.contains("vocoder"))
      return without_networks(options, source);
    options = options.is_object() ? json(options["vocoder"]) : json();
  } else if (model.kind() != "vocoder") {
    fail(source,
         fmt::format("a model of kind \"{}\"; expected a vocoder or a voice", model.kind()));
  }
  if (!options.is_object() || !options.contains("features")) {
    fail(source, "expected the options of a vocoder");
  }
  VocoderParts parts;
  parts.features = parse_vocoder_feature_options(options["features"].dump(), source);
  const int columns = parts.features.columns();
  const auto count = static_cast<size_t>(columns);
  parts.scale.mean = read_numbers(options, "mean", count, source);
  parts.scale.deviation = read_numbers(options, "deviation", count, source);
  for (const float deviation : parts.scale.deviation) {
    if (deviation <= 0.0F) fail(source, "\"deviation\": expected numbers above 0");
  }
  if (options.contains("parallel")) {
    auto& part = parts.parallel.emplace();
    part.options = parse_parallel_wavenet_options(options["parallel"].dump(), source);
    if (part.options.feature_columns != columns || part.options.hop != parts.features.hop) {
      fail(source, "the parallel network wants other features");
    }
    part.network = load_network_like(parallel_wavenet_network(part.options), model, kParallelFiles);
  }
  if (options.contains("autoregressive")) {
    auto& part = parts.autoregressive.emplace();
    part.options = parse_wavenet_options(options["autoregressive"].dump(), source);
    if (part.options.mel_bins != columns || part.options.hop != parts.features.hop ||
        part.options.condition_kernel != 3 || part.options.guides != PulseGuides::kGuides) {
      fail(source, "the autoregressive network wants other features");
    }
    part.network = load_network_like(wavenet_network(part.options), model, kAutoregressiveFiles);
  }
  return parts;
}

}  // namespace bivox
