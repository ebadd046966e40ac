#include "tts/vocoder/parallel_wavenet.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "dsp/core/error.h"
#include "models/io/json_fields.h"
#include "models/io/json_text.h"

namespace bivox {
namespace {

constexpr IntegerField<ParallelWaveNetOptions> kFields[] = {
    {"fold", &ParallelWaveNetOptions::fold, 1, 64},
    {"layers", &ParallelWaveNetOptions::layers, 1, 64},
    {"cycle", &ParallelWaveNetOptions::cycle, 1, 12},
    {"kernel", &ParallelWaveNetOptions::kernel, 1, 9},
    {"channels", &ParallelWaveNetOptions::channels, 4, 512},
    {"condition", &ParallelWaveNetOptions::condition, 4, 512},
    {"feature_columns", &ParallelWaveNetOptions::feature_columns, 3, 1024},
    {"hop", &ParallelWaveNetOptions::hop, 16, 2048},
};

constexpr float kSpeechScale = 5.0F;
constexpr float kOutputScale = 0.2F;

}  // namespace

int ParallelWaveNetOptions::receptive_field() const {
  int rows = 2;  // of in_speech, kernel 3
  for (int layer = 0; layer < layers; ++layer) rows += (kernel - 1) << (layer % cycle);
  return rows * fold;
}

void check_parallel_wavenet_options(const ParallelWaveNetOptions& options) {
  check_fields(options, kFields, "parallel WaveNet");
  if (options.hop % options.fold != 0) {
    throw Error(ErrorCode::kModel,
                fmt::format("parallel WaveNet: hop {} is not a multiple of fold {}", options.hop,
                            options.fold));
  }
}

std::string parallel_wavenet_options_json(const ParallelWaveNetOptions& options) {
  nlohmann::ordered_json json;
  write_fields(options, kFields, json);
  return json.dump();
}

ParallelWaveNetOptions parse_parallel_wavenet_options(std::string_view json,
                                                      std::string_view source) {
  ParallelWaveNetOptions options;
  read_fields(parse_json(json, source), kFields, source, options);
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
  const int told = options.feature_columns + options.lack_columns();
  const NodeId rows = net.input("rows", options.input_columns());
  const NodeId speech = net.slice("speech", rows, 0, fold);
  const NodeId source = net.slice("source", rows, fold, 2 * fold);
  const NodeId features = net.slice("features", rows, 3 * fold, told);
  Conv1dGeometry around;
  around.inputs = told;
  around.outputs = options.condition;
  around.kernel = 3;
  around.dilation = std::max(1, options.rows_per_frame() / 2);
  around.pad_left = around.pad_right = around.dilation;
  const NodeId condition = net.relu(
      "condition_relu",
      net.add("condition_sum",
              {net.conv1d("condition", features, around),
               net.conv1d("in_source", source, causal(2 * fold, options.condition, 3, 1), false)}));
  NodeId x = net.conv1d("in_speech", net.scale("louder", speech, kSpeechScale),
                        causal(fold, channels, 3, 1), false);
  std::vector<NodeId> skips;
  for (int layer = 0; layer < options.layers; ++layer) {
    const auto name = [layer](const char* what) { return fmt::format("{}_{}", what, layer + 1); };
    const Conv1dGeometry geometry =
        causal(channels, channels, options.kernel, 1 << (layer % options.cycle));
    const NodeId filter = net.conv1d(name("filter"), x, geometry, false);
    const NodeId open =
        net.add(name("open"), {net.conv1d(name("gate_filter"), x, geometry),
                               net.linear(name("condition"), condition, channels, false)});
    const NodeId z = net.gate(name("gate"), net.concat(name("both"), {filter, open}));
    skips.push_back(net.linear(name("skip"), z, channels, false));
    if (layer + 1 < options.layers) {
      x = net.add(name("x"), {x, net.linear(name("residual"), z, channels, false)});
    }
  }
  const NodeId sum = skips.size() > 1 ? net.add("skip_sum", skips) : skips[0];
  const NodeId change = net.scale("change", net.linear("head", sum, fold, false), kOutputScale);
  net.output(net.add("y", {speech, change}));
  return net;
}

void initialize_parallel_wavenet(Network& network, uint64_t seed) {
  network.initialize(seed);
  for (const auto& parameter : network.parameters()) {
    if (parameter->name == "head.weight") parameter->value.fill(0.0F);
  }
}

}  // namespace bivox
