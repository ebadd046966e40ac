// add_acoustic_model() and read_acoustic_model(): the acoustic model in a model folder.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/io/json_fields.h"
#include "models/nn/network_json.h"
#include "tts/prosody/acoustic_model.h"

namespace bivox {
namespace {

using nlohmann::json;

const NetworkFiles kEncoderFiles = {"encoder.json", "encoder.safetensors"};
const NetworkFiles kPitchFiles = {"pitch.json", "pitch.safetensors"};
const NetworkFiles kDecoderFiles = {"decoder.json", "decoder.safetensors"};
constexpr size_t kMaxSpeakers = 1000;

[[noreturn]] void fail(const std::string& source, const std::string& what) {
  throw Error(ErrorCode::kModel, fmt::format("{}: {}", source, what));
}

std::vector<std::string> read_names(const json& options, const std::string& source) {
  std::vector<std::string> names;
  const auto found = options.find("speakers");
  if (found != options.end() && found->is_array()) {
    for (const json& name : *found) {
      if (!name.is_string()) fail(source, "\"speakers\": expected names");
      names.push_back(name.get<std::string>());
    }
  }
  if (names.empty() || names.size() > kMaxSpeakers) {
    fail(source, fmt::format("\"speakers\": expected 1 to {} names", kMaxSpeakers));
  }
  return names;
}

}  // namespace

std::string add_acoustic_model(const AcousticParts& parts, ModelFolderWriter& writer) {
  BIVOX_CHECK(parts.scale.mean.size() == static_cast<size_t>(parts.features.columns()));
  BIVOX_CHECK(parts.liveliness.size() == static_cast<size_t>(parts.features.num_mel) &&
              parts.cepstral_mean.size() == parts.liveliness.size());
  save_network(parts.encoder, writer, Precision::kBfloat16, kEncoderFiles);
  save_network(parts.pitch, writer, Precision::kBfloat16, kPitchFiles);
  save_network(parts.decoder, writer, Precision::kBfloat16, kDecoderFiles);
  const json options = {{"features", json::parse(vocoder_feature_options_json(parts.features))},
                        {"networks", json::parse(acoustic_network_options_json(parts.options))},
                        {"speakers", parts.speakers},
                        {"mean", parts.scale.mean},
                        {"deviation", parts.scale.deviation},
                        {"liveliness", parts.liveliness},
                        {"cepstral_mean", parts.cepstral_mean},
                        {"pitch_liveliness", parts.pitch_liveliness}};
  return options.dump();
}

AcousticParts read_acoustic_model(const ModelFolder& folder) {
  const std::string source = (folder.path() / "config.json").string();
  const json all = json::parse(folder.options_json(), nullptr, false);
  if (!all.is_object() || !all.contains("acoustic") || !all["acoustic"].is_object()) {
    fail(source, "expected the options of a voice");
  }
  const json& options = all["acoustic"];
  const auto part = [&](const char* name) {
    if (!options.contains(name)) fail(source, fmt::format("expected the options \"{}\"", name));
    return options[name].dump();
  };
  AcousticParts parts;
  parts.features = parse_vocoder_feature_options(part("features"), source);
  parts.options = parse_acoustic_network_options(part("networks"), source);
  parts.speakers = read_names(options, source);
  const auto columns = static_cast<size_t>(parts.features.columns());
  parts.scale.mean = read_numbers(options, "mean", columns, source);
  parts.scale.deviation = read_numbers(options, "deviation", columns, source);
  for (const float deviation : parts.scale.deviation) {
    if (deviation <= 0.0F) fail(source, "\"deviation\": expected numbers above 0");
  }
  const auto bins = static_cast<size_t>(parts.features.num_mel);
  parts.liveliness = read_numbers(options, "liveliness", bins, source);
  parts.cepstral_mean = read_numbers(options, "cepstral_mean", bins, source);
  if (!options.contains("pitch_liveliness") || !options["pitch_liveliness"].is_number()) {
    fail(source, "expected the number \"pitch_liveliness\"");
  }
  parts.pitch_liveliness = options["pitch_liveliness"].get<float>();
  const int speakers = static_cast<int>(parts.speakers.size());
  parts.encoder = load_network_like(make_encoder(parts.options, speakers), folder, kEncoderFiles);
  parts.pitch = load_network_like(make_pitch_network(parts.options), folder, kPitchFiles);
  parts.decoder =
      load_network_like(make_decoder(parts.options, parts.features.num_mel), folder, kDecoderFiles);
  return parts;
}

}  // namespace bivox
