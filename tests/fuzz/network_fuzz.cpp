// What a model folder says about a network, from any bytes: config.json after a "c", network.json
// after any other byte. A network that is read must be written and read again with its weights,
// lose channels and run as a plan. Seeds: tests/fuzz/corpus/network.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dsp/core/error.h"
#include "models/io/model_folder.h"
#include "models/io/safetensors.h"
#include "models/nn/channel_pruning.h"
#include "models/nn/network_json.h"
#include "models/nn/plan.h"
#include "models/nn/wavenet.h"

namespace {

constexpr int64_t kMaxWeights = 1 << 14;

void require(bool condition) {
  if (!condition) std::abort();
}

void use_config(std::string_view text) {
  const auto config = bivox::ModelConfig::parse(text, "config.json");
  const auto again = bivox::ModelConfig::parse(config.json(), "copy");
  require(again.json() == config.json());
  bivox::parse_wavenet_options(config.options_json, "config.json");
}

int64_t channels_of(const bivox::Network& network) {
  int64_t channels = 0;
  for (const auto& node : network.nodes()) channels += node.channels;
  return channels;
}

// Rows that a stream of this network has to keep, about.
int64_t reach_of(const bivox::Network& network) {
  int64_t reach = 1;
  for (const auto& node : network.nodes()) {
    const bivox::Conv1dGeometry& g = node.geometry;
    reach += int64_t{g.dilation} * (g.kernel - 1) + g.pad_left + g.pad_right;
    reach *= node.factor;
    if (node.op == bivox::Op::kConvTranspose || node.op == bivox::Op::kConv1d) reach *= g.stride;
    if (reach > 1 << 20) break;
  }
  return reach;
}

void use(const bivox::Network& network) {
  const std::string json = bivox::network_to_json(network);
  require(bivox::network_to_json(bivox::network_from_json(json, "copy", kMaxWeights)) == json);
  bivox::SafetensorsWriter writer;
  bivox::add_weights(network, bivox::Precision::kInt8, writer);
  const std::string bytes = writer.serialize();
  const auto weights = bivox::SafetensorsFile::parse(
      std::as_bytes(std::span<const char>(bytes.data(), bytes.size())), "weights");
  bivox::network_from_json(json, "copy", weights);
  // What is small is run, too; what is large would only take long.
  if (channels_of(network) * reach_of(network) > 1 << 16) return;
  bivox::prune_channels(network, {});
  const auto plan = bivox::Plan::compile(network, {.max_chunk = 3});
  bivox::ComputeContext context;
  bivox::PlanStream stream(plan, context);
  std::vector<std::vector<float>> rows;
  for (int i = 0; i < plan->num_inputs(); ++i) {
    rows.emplace_back(static_cast<size_t>(3 * plan->input_frames(i) * plan->input_channels(i)),
                      0.5F);
  }
  const std::vector<std::span<const float>> inputs(rows.begin(), rows.end());
  for (int i = 0; i < 4; ++i) stream.accept(inputs);
  stream.finish();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data) + 1, size - 1);
  try {
    if (data[0] == 'c') {
      use_config(text);
    } else {
      use(bivox::network_from_json(text, "network.json", kMaxWeights));
    }
  } catch (const bivox::Error&) {
    // The expected end of most inputs.
  }
  return 0;
}
