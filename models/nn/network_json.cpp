#include "models/nn/network_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/io/json_text.h"

namespace bivox {
namespace {

using Json = nlohmann::ordered_json;

// No sensible network is near these; they keep every product within its type.
constexpr int kMaxSize = 1 << 20;
constexpr int64_t kMaxUpsampledChannels = int64_t{1} << 24;
constexpr std::string_view kScaleSuffix = ".scale";
constexpr Op kOps[] = {
    Op::kInput,     Op::kEmbedding, Op::kConv1d, Op::kConvTranspose, Op::kRepeat, Op::kBatchNorm,
    Op::kLayerNorm, Op::kRelu,      Op::kTanh,   Op::kSigmoid,       Op::kGate,   Op::kGlu,
    Op::kDropout,   Op::kAdd,       Op::kScale,  Op::kConcat,        Op::kSlice};

// Called with the shape of each parameter before it is made.
using ShapeCheck =
    std::function<void(const std::string& node, std::string_view role, const Shape& shape)>;

class Reader {
 public:
  Reader(std::string_view source, ShapeCheck check)
      : source_(source), check_shape_(std::move(check)) {}
  Network read(std::string_view text);

 private:
  [[noreturn]] void fail(const std::string& node, const std::string& problem) const {
    throw Error(ErrorCode::kModel, fmt::format("{}: node \"{}\": {}", source_, node, problem));
  }
  NodeId read_node(const Json& json, const std::string& name, Op op);
  NodeId read_conv(const Json& json, const std::string& name, NodeId x);
  NodeId read_sum(const std::string& name, Op op, const std::vector<NodeId>& inputs);
  std::vector<NodeId> read_inputs(const Json& json, const std::string& name) const;
  int whole(const Json& json, const std::string& name, const char* key, int least, int most) const;
  float number(const Json& json, const std::string& name, const char* key) const;
  const Json& value(const Json& json, const std::string& name, const char* key) const {
    if (!json.contains(key)) fail(name, fmt::format("expected \"{}\"", key));
    return json[key];
  }

  std::string_view source_;
  ShapeCheck check_shape_;
  Network network_;
  std::map<std::string, NodeId> ids_;
};

int Reader::whole(const Json& json, const std::string& name, const char* key, int least,
                  int most) const {
  const Json& found = value(json, name, key);
  if (!found.is_number_integer() || found.get<int64_t>() < least || found.get<int64_t>() > most ||
      (found.is_number_unsigned() && found.get<uint64_t>() > static_cast<uint64_t>(most))) {
    fail(name, fmt::format("\"{}\": expected a whole number from {} to {}", key, least, most));
  }
  return found.get<int>();
}

float Reader::number(const Json& json, const std::string& name, const char* key) const {
  const Json& found = value(json, name, key);
  if (!found.is_number() || !std::isfinite(found.get<float>())) {
    fail(name, fmt::format("\"{}\": expected a number", key));
  }
  return found.get<float>();
}

std::vector<NodeId> Reader::read_inputs(const Json& json, const std::string& name) const {
  const Json& names = value(json, name, "inputs");
  if (!names.is_array() || names.empty()) fail(name, "\"inputs\": expected names of nodes");
  std::vector<NodeId> inputs;
  for (const Json& input : names) {
    const auto found = input.is_string() ? ids_.find(input.get<std::string>()) : ids_.end();
    if (found == ids_.end()) fail(name, "\"inputs\": expected names of nodes before this one");
    inputs.push_back(found->second);
  }
  return inputs;
}

NodeId Reader::read_conv(const Json& json, const std::string& name, NodeId x) {
  Conv1dGeometry g;
  g.inputs = network_.node(x).channels;
  g.outputs = whole(json, name, "outputs", 1, kMaxSize);
  g.kernel = whole(json, name, "kernel", 1, kMaxSize);
  g.stride = whole(json, name, "stride", 1, kMaxSize);
  g.dilation = whole(json, name, "dilation", 1, kMaxSize);
  g.groups = whole(json, name, "groups", 1, kMaxSize);
  const Json& padding = value(json, name, "padding");
  if (!padding.is_array() || padding.size() != 2) fail(name, "\"padding\": expected [left, right]");
  for (const Json& side : padding) {
    if (!side.is_number_unsigned() || side.get<uint64_t>() > kMaxSize) {
      fail(name, fmt::format("\"padding\": expected whole numbers from 0 to {}", kMaxSize));
    }
  }
  g.pad_left = padding[0].get<int>();
  g.pad_right = padding[1].get<int>();
  if (int64_t{g.dilation} * (g.kernel - 1) > kMaxSize) {
    fail(name, fmt::format("kernel {} of dilation {} is longer than {} frames", g.kernel,
                           g.dilation, kMaxSize));
  }
  const Json& bias = value(json, name, "bias");
  if (!bias.is_boolean()) fail(name, "\"bias\": expected true or false");
  check_shape_(name, "weight", {g.kernel, g.inputs / g.groups, g.outputs});
  if (bias.get<bool>()) check_shape_(name, "bias", {g.outputs});
  return network_.conv1d(name, x, g, bias.get<bool>());
}

NodeId Reader::read_sum(const std::string& name, Op op, const std::vector<NodeId>& inputs) {
  if (op == Op::kAdd) return network_.add(name, inputs);
  int64_t channels = 0;
  for (const NodeId input : inputs) channels += network_.node(input).channels;
  if (channels > kMaxSize) fail(name, fmt::format("has more than {} channels", kMaxSize));
  return network_.concat(name, inputs);
}

NodeId Reader::read_node(const Json& json, const std::string& name, Op op) {
  if (op == Op::kInput) return network_.input(name, whole(json, name, "channels", 1, kMaxSize));
  const std::vector<NodeId> inputs = read_inputs(json, name);
  const NodeId x = inputs[0];
  const int channels = network_.node(x).channels;
  if (op == Op::kAdd || op == Op::kConcat) return read_sum(name, op, inputs);
  if (inputs.size() != 1) fail(name, "\"inputs\": expected one");
  switch (op) {
    case Op::kInput:
    case Op::kAdd:
    case Op::kConcat:
      break;
    case Op::kEmbedding: {
      const int rows = whole(json, name, "rows", 1, kMaxSize);
      const int width = whole(json, name, "channels", 1, kMaxSize);
      check_shape_(name, "weight", {rows, width});
      return network_.embedding(name, x, rows, width);
    }
    case Op::kConv1d:
      return read_conv(json, name, x);
    case Op::kConvTranspose: {
      const int outputs = whole(json, name, "outputs", 1, kMaxSize);
      const int kernel = whole(json, name, "kernel", 1, kMaxSize);
      const int stride = whole(json, name, "stride", 1, kMaxSize);
      if (int64_t{outputs} * stride > kMaxUpsampledChannels) {
        fail(name, "upsamples to too many channels");
      }
      check_shape_(name, "weight", {kernel, channels, outputs});
      check_shape_(name, "bias", {outputs});
      return network_.conv_transpose(name, x, outputs, kernel, stride);
    }
    case Op::kRepeat:
      return network_.repeat(name, x, whole(json, name, "factor", 1, kMaxSize));
    case Op::kBatchNorm:
      for (const char* role : {"gain", "offset", "mean", "variance"}) {
        check_shape_(name, role, {channels});
      }
      return network_.batch_norm(name, x);
    case Op::kLayerNorm:
      for (const char* role : {"gain", "offset"}) check_shape_(name, role, {channels});
      return network_.layer_norm(name, x);
    case Op::kRelu:
      return network_.relu(name, x);
    case Op::kTanh:
      return network_.tanh(name, x);
    case Op::kSigmoid:
      return network_.sigmoid(name, x);
    case Op::kGate:
      return network_.gate(name, x);
    case Op::kGlu:
      return network_.glu(name, x);
    case Op::kDropout:
      return network_.dropout(name, x, number(json, name, "rate"));
    case Op::kScale:
      return network_.scale(name, x, number(json, name, "factor"));
    case Op::kSlice: {
      const int offset = whole(json, name, "offset", 0, kMaxSize);
      return network_.slice(name, x, offset, whole(json, name, "channels", 1, kMaxSize));
    }
  }
  fail(name, "cannot be read");
}

Network Reader::read(std::string_view text) {
  const Json json = parse_json(text, source_);
  if (!json.is_object() || !json.contains("nodes") || !json["nodes"].is_array() ||
      !json.contains("outputs") || !json["outputs"].is_array() || json["outputs"].empty()) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: expected the lists \"nodes\" and \"outputs\"", source_));
  }
  for (const Json& node : json["nodes"]) {
    if (!node.is_object() || !node.contains("name") || !node["name"].is_string()) {
      throw Error(ErrorCode::kModel, fmt::format("{}: a node has no name", source_));
    }
    const auto name = node["name"].get<std::string>();
    const Json& op_text = value(node, name, "op");
    const auto op = std::find_if(std::begin(kOps), std::end(kOps), [&](Op candidate) {
      return op_text.is_string() && op_text.get<std::string>() == op_name(candidate);
    });
    if (op == std::end(kOps)) fail(name, "\"op\": not an operation of this program");
    if (ids_.contains(name)) fail(name, "there is a node of this name already");
    ids_[name] = read_node(node, name, *op);
  }
  for (const Json& output : json["outputs"]) {
    const auto found = output.is_string() ? ids_.find(output.get<std::string>()) : ids_.end();
    if (found == ids_.end()) {
      throw Error(ErrorCode::kModel,
                  fmt::format("{}: \"outputs\": expected names of nodes", source_));
    }
    network_.output(found->second);
  }
  return std::move(network_);
}

bool is_quantized(const Parameter& parameter) {
  return parameter.value.rank() == 3 && parameter.name.ends_with(".weight");
}

// The tensor of this parameter, of the right shape and a type it may have.
const StoredTensor& find_tensor(const SafetensorsFile& weights, const std::string& node,
                                std::string_view role, const Shape& shape) {
  const StoredTensor* tensor = weights.find(fmt::format("{}.{}", node, role));
  if (tensor == nullptr || tensor->shape != shape) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: layer {} expects {} {}, found {}", weights.name(), node, role,
                            shape.text(), tensor == nullptr ? "none" : tensor->shape.text()));
  }
  const bool scaled = tensor->type == StoredType::kInt8 && shape.rank() == 3;
  if (!scaled && (tensor->type == StoredType::kInt8 || tensor->type == StoredType::kInt32)) {
    throw Error(ErrorCode::kModel,
                fmt::format("{}: layer {} expects {} as numbers with fractions, found {}",
                            weights.name(), node, role, stored_type_name(tensor->type)));
  }
  return *tensor;
}

Tensor read_parameter(const SafetensorsFile& weights, const Parameter& parameter,
                      std::set<std::string>& used) {
  const size_t dot = parameter.name.rfind('.');
  const std::string node = parameter.name.substr(0, dot);
  const std::string role = parameter.name.substr(dot + 1);
  const StoredTensor& stored = find_tensor(weights, node, role, parameter.value.shape());
  Tensor tensor = stored.to_float();
  used.insert(stored.name);
  if (stored.type == StoredType::kInt8) {
    const int64_t outputs = tensor.shape().last();
    const StoredTensor& scale_tensor =
        find_tensor(weights, node, role + std::string(kScaleSuffix), {outputs});
    used.insert(scale_tensor.name);
    const Tensor scales = scale_tensor.to_float();
    for (int64_t i = 0; i < tensor.size(); ++i) tensor[i] *= scales[i % outputs];
  }
  for (const float value : tensor.values()) {
    if (!std::isfinite(value)) {
      throw Error(ErrorCode::kModel,
                  fmt::format("{}: layer {}: {} holds a value that is not finite", weights.name(),
                              node, role));
    }
    if (role == "variance" && value < 0.0F) {
      throw Error(ErrorCode::kModel, fmt::format("{}: layer {}: {} holds a negative value",
                                                 weights.name(), node, role));
    }
  }
  return tensor;
}

void add_scaled(const Parameter& parameter, SafetensorsWriter& writer) {
  const Tensor& weight = parameter.value;
  const int64_t outputs = weight.shape().last();
  Tensor scales({outputs});
  for (int64_t i = 0; i < weight.size(); ++i) {
    float& largest = scales[i % outputs];
    largest = std::max(largest, std::abs(weight[i]));
  }
  for (float& scale : scales.values()) scale /= 127.0F;
  std::vector<int8_t> values(static_cast<size_t>(weight.size()));
  for (int64_t i = 0; i < weight.size(); ++i) {
    const float scale = scales[i % outputs];
    const float value = scale > 0.0F ? std::round(weight[i] / scale) : 0.0F;
    values[static_cast<size_t>(i)] = static_cast<int8_t>(std::clamp(value, -127.0F, 127.0F));
  }
  writer.add_int8(parameter.name, weight.shape(), values);
  writer.add(parameter.name + std::string(kScaleSuffix), scales);
}

Json node_json(const Network& network, const NetworkNode& node) {
  Json json;
  json["name"] = node.name;
  json["op"] = op_name(node.op);
  if (!node.inputs.empty()) {
    Json& inputs = json["inputs"] = Json::array();
    for (const NodeId input : node.inputs) inputs.push_back(network.node(input).name);
  }
  const Conv1dGeometry& g = node.geometry;
  switch (node.op) {
    case Op::kInput:
      json["channels"] = node.channels;
      break;
    case Op::kEmbedding:
      json["rows"] = node.rows;
      json["channels"] = node.channels;
      break;
    case Op::kConv1d:
      json["outputs"] = g.outputs;
      json["kernel"] = g.kernel;
      json["stride"] = g.stride;
      json["dilation"] = g.dilation;
      json["padding"] = {g.pad_left, g.pad_right};
      json["groups"] = g.groups;
      json["bias"] = node.has_bias;
      break;
    case Op::kConvTranspose:
      json["outputs"] = g.outputs;
      json["kernel"] = g.kernel;
      json["stride"] = g.stride;
      break;
    case Op::kRepeat:
      json["factor"] = node.factor;
      break;
    case Op::kDropout:
      json["rate"] = node.rate;
      break;
    case Op::kScale:
      json["factor"] = node.rate;
      break;
    case Op::kSlice:
      json["offset"] = node.offset;
      json["channels"] = node.channels;
      break;
    default:
      break;
  }
  return json;
}

}  // namespace

std::string network_to_json(const Network& network) {
  // A node a line: readable, and a change is a line's change.
  std::string text = "{\n  \"nodes\": [\n";
  for (const NetworkNode& node : network.nodes()) {
    text += fmt::format("    {}{}\n", node_json(network, node).dump(),
                        &node == &network.nodes().back() ? "" : ",");
  }
  Json outputs = Json::array();
  for (const NodeId output : network.outputs()) outputs.push_back(network.node(output).name);
  return text + fmt::format("  ],\n  \"outputs\": {}\n}}\n", outputs.dump());
}

Network network_from_json(std::string_view json, std::string_view source, int64_t max_weights) {
  int64_t left = max_weights;
  return Reader(source,
                [&](const std::string& node, std::string_view role, const Shape& shape) {
                  if (shape.size() > left) {
                    throw Error(
                        ErrorCode::kModel,
                        fmt::format("{}: layer {}: with {} {} the network has more than {} weights",
                                    source, node, role, shape.text(), max_weights));
                  }
                  left -= shape.size();
                })
      .read(json);
}

Network network_from_json(std::string_view json, std::string_view source,
                          const SafetensorsFile& weights) {
  Network network =
      Reader(source, [&](const std::string& node, std::string_view role, const Shape& shape) {
        find_tensor(weights, node, role, shape);
      }).read(json);
  std::set<std::string> used;
  for (const auto& parameter : network.parameters()) {
    parameter->value = read_parameter(weights, *parameter, used);
  }
  for (const StoredTensor& tensor : weights.tensors()) {
    if (!used.contains(tensor.name)) {
      throw Error(ErrorCode::kModel, fmt::format("{}: tensor {} belongs to no layer of {}",
                                                 weights.name(), tensor.name, source));
    }
  }
  return network;
}

void add_weights(const Network& network, Precision stored, SafetensorsWriter& writer) {
  for (const auto& parameter : network.parameters()) {
    if (stored == Precision::kInt8 && is_quantized(*parameter)) {
      add_scaled(*parameter, writer);
      continue;
    }
    const bool narrow = stored != Precision::kFloat32 && parameter->value.rank() > 1;
    writer.add(parameter->name, parameter->value,
               narrow ? StoredType::kBfloat16 : StoredType::kFloat32);
  }
}

void save_network(const Network& network, ModelFolderWriter& writer, Precision stored,
                  const NetworkFiles& files) {
  writer.add_file(files.description, network_to_json(network));
  SafetensorsWriter weights;
  weights.set_metadata("format", "bivox-network");
  add_weights(network, stored, weights);
  weights.write(writer.new_file(files.weights));
}

Network load_network(const ModelFolder& folder, const NetworkFiles& files) {
  const std::filesystem::path description = folder.file(files.description);
  return network_from_json(read_file(description, ErrorCode::kModel), description.string(),
                           SafetensorsFile::open(folder.file(files.weights)));
}

Network load_network_like(const Network& expected, const ModelFolder& folder,
                          const NetworkFiles& files) {
  Network found = load_network(folder, files);
  if (network_to_json(found) != network_to_json(expected)) {
    throw Error(ErrorCode::kModel, fmt::format("{}: the network is not that of the options",
                                               folder.file(files.description).string()));
  }
  return found;
}

Precision stored_precision(const SafetensorsFile& weights) {
  std::map<StoredType, size_t> elements;
  for (const StoredTensor& tensor : weights.tensors()) {
    elements[tensor.type] += tensor.bytes.size() / stored_type_size(tensor.type);
  }
  const auto most = std::max_element(elements.begin(), elements.end(),
                                     [](auto& a, auto& b) { return a.second < b.second; });
  if (most == elements.end()) return Precision::kFloat32;
  if (most->first == StoredType::kInt8) return Precision::kInt8;
  return most->first == StoredType::kFloat32 ? Precision::kFloat32 : Precision::kBfloat16;
}

}  // namespace bivox
