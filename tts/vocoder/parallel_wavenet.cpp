#include "tts/vocoder/parallel_wavenet.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "dsp/core/error.h"

namespace bivox {
namespace {

struct Field {
  const char* name;
  int ParallelWaveNetOptions::*value;
  int least;
  int most;
};

constexpr Field kFields[] = {
    {"fold", &ParallelWaveNetOptions::fold, 1, 64},
    {"layers", &ParallelWaveNetOptions::layers, 1, 64},
    {"cycle", &ParallelWaveNetOptions::cycle, 1, 12},
    {"kernel", &ParallelWaveNetOptions::kernel, 1, 9},
    {"channels", &ParallelWaveNetOptions::channels, 4, 512},
    {"condition", &ParallelWaveNetOptions::condition, 4, 512},
    {"feature_columns", &ParallelWaveNetOptions::feature_columns, 1, 1024},
    {"hop", &ParallelWaveNetOptions::hop, 16, 2048},
};

constexpr float kSpeechScale = 10.0F;
constexpr float kOutputScale = 0.1F;

}  // namespace

int ParallelWaveNetOptions::receptive_field() const {
  int rows = 2;  // of in_speech, kernel 3
  for (int layer = 0; layer < layers; ++layer) rows += (kernel - 1) << (layer % cycle);
  return rows * fold;
}

void check_parallel_wavenet_options(const ParallelWaveNetOptions& options) {
  for (const Field& field : kFields) {
    const int value = options.*field.value;
    if (value < field.least || value > field.most) {
      throw Error(ErrorCode::kModel, fmt::format("parallel WaveNet: {} {}: expected {} to {}",
                                                 field.name, value, field.least, field.most));
    }
  }
  if (options.hop % options.fold != 0) {
    throw Error(ErrorCode::kModel,
                fmt::format("parallel WaveNet: hop {} is not a multiple of fold {}", options.hop,
                            options.fold));
  }
}

std::string parallel_wavenet_options_json(const ParallelWaveNetOptions& options) {
  nlohmann::json json;
  for (const Field& field : kFields) json[field.name] = options.*field.value;
  return json.dump();
}

ParallelWaveNetOptions parse_parallel_wavenet_options(std::string_view json,
                                                      std::string_view source) {
  const nlohmann::json object = nlohmann::json::parse(json, nullptr, false);
  if (!object.is_object()) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: expected the options of a parallel WaveNet", source));
  }
  ParallelWaveNetOptions options;
  for (const Field& field : kFields) {
    if (!object.contains(field.name) || !object[field.name].is_number_integer() ||
        object[field.name].get<int64_t>() != object[field.name].get<int>()) {
      throw Error(ErrorCode::kModel,
                  fmt::format("{}: expected the whole number \"{}\"", source, field.name));
    }
    options.*field.value = object[field.name].get<int>();
  }
  check_parallel_wavenet_options(options);
  return options;
}

Network parallel_wavenet_network(const ParallelWaveNetOptions& options) {
  check_parallel_wavenet_options(options);
  Network net;
  const int fold = options.fold;
  const int channels = options.channels;
  const auto causal = [](int inputs, int outputs, int kernel, int dilation) {
    Conv1dGeometry geometry;
    geometry.inputs = inputs;
    geometry.outputs = outputs;
    geometry.kernel = kernel;
    geometry.dilation = dilation;
    geometry.pad_left = (kernel - 1) * dilation;
    return geometry;
  };
  const NodeId rows = net.input("rows", options.input_columns());
  const NodeId speech = net.slice("speech", rows, 0, fold);
  const NodeId source = net.slice("source", rows, fold, 2 * fold);
  const NodeId features = net.slice("features", rows, 3 * fold, options.feature_columns);
  Conv1dGeometry around;
  around.inputs = options.feature_columns;
  around.outputs = options.condition;
  around.kernel = 3;
  around.dilation = std::max(1, options.rows_per_frame() / 2);
  around.pad_left = around.pad_right = around.dilation;
  const NodeId condition = net.relu("condition_relu", net.conv1d("condition", features, around));
  const NodeId louder = net.scale("louder", speech, kSpeechScale);
  NodeId x = net.add("x0", {net.conv1d("in_speech", louder, causal(fold, channels, 3, 1)),
                            net.conv1d("in_source", source, causal(2 * fold, channels, 3, 1))});
  std::vector<NodeId> skips;
  for (int layer = 0; layer < options.layers; ++layer) {
    const auto name = [layer](const char* what) { return fmt::format("{}_{}", what, layer + 1); };
    const NodeId filter =
        net.conv1d(name("filter"), x,
                   causal(channels, 2 * channels, options.kernel, 1 << (layer % options.cycle)));
    const NodeId g = net.add(
        name("sum"), {filter, net.linear(name("condition"), condition, 2 * channels, false)});
    const NodeId z = net.gate(name("gate"), g);
    skips.push_back(net.linear(name("skip"), z, channels));
    if (layer + 1 < options.layers) {
      x = net.add(name("x"), {x, net.linear(name("residual"), z, channels)});
    }
  }
  const NodeId sum = skips.size() > 1 ? net.add("skip_sum", skips) : skips[0];
  const NodeId hidden =
      net.relu("head1_relu", net.linear("head1", net.relu("skip_relu", sum), channels));
  const NodeId change = net.scale("change", net.linear("head2", hidden, fold), kOutputScale);
  net.output(net.add("y", {speech, change}));
  return net;
}

void initialize_parallel_wavenet(Network& network, uint64_t seed) {
  network.initialize(seed);
  for (const auto& parameter : network.parameters()) {
    if (parameter->name == "head2.weight") parameter->value.fill(0.0F);
  }
}

}  // namespace bivox
