// Networks in files: the operations as JSON, the weights as safetensors.
//
//   network.json         {"nodes": [{"name": "x", "op": "input", "channels": 80},
//                                   {"name": "c1", "op": "conv1d", "inputs": ["x"], "outputs": 64,
//                                    "kernel": 3, "stride": 1, "dilation": 1, "padding": [1, 1],
//                                    "groups": 1, "bias": true}, ...],
//                         "outputs": ["c1"]}
//   weights.safetensors  one tensor a parameter, named as in network.h: "c1.weight", "c1.bias"
//
// Weights of convolutions and embeddings are stored as float32, as bfloat16 (rounded to nearest
// even) or, of convolutions, as int8 with a scale an output: w = q s, s = max|w| / 127, the scales
// beside them as "c1.weight.scale". Biases and norms are always float32.
//
// Reading checks that every operation fits its inputs and that every tensor has the shape its
// layer expects, before memory is taken for it:
//   "weights.safetensors: layer c3 expects weight [3 x 256 x 64], found [3 x 128 x 64]"
// Missing and superfluous tensors and values that are not finite are refused as well.
//
// The options of a model folder tell the rate of a network's first input as "frame_rate_hz", so
// that `bivox info` can count operations for a second of audio.
// Errors: Error(kModel). Thread rule: pure functions. Test: tests/models/nn/network_json_test.cpp.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "models/io/model_folder.h"
#include "models/io/safetensors.h"
#include "models/nn/network.h"

namespace bivox {

std::string network_to_json(const Network& network);

/// Weights as a new Network has them. `source` names the text in errors; a description that wants
/// more than `max_weights` parameters is refused.
Network network_from_json(std::string_view json, std::string_view source,
                          int64_t max_weights = int64_t{1} << 26);
/// The same with the weights of a file.
Network network_from_json(std::string_view json, std::string_view source,
                          const SafetensorsFile& weights);

void add_weights(const Network& network, Precision stored, SafetensorsWriter& writer);

/// The files of a network in a model folder; a folder may hold several networks.
struct NetworkFiles {
  std::string description = "network.json";
  std::string weights = "weights.safetensors";
};
void save_network(const Network& network, ModelFolderWriter& writer,
                  Precision stored = Precision::kFloat32, const NetworkFiles& files = {});
Network load_network(const ModelFolder& folder, const NetworkFiles& files = {});
/// The same, of the architecture that options of the folder describe; Error(kModel) if another.
Network load_network_like(const Network& expected, const ModelFolder& folder,
                          const NetworkFiles& files);

/// What most of the weights of a file are stored as.
Precision stored_precision(const SafetensorsFile& weights);

}  // namespace bivox
