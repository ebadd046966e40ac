#include "models/nn/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>
#include <utility>

#include "dsp/core/error.h"

namespace bivox {
namespace {

[[noreturn]] void fail(const std::string& node, const std::string& what) {
  throw Error(ErrorCode::kModel, fmt::format("network node \"{}\": {}", node, what));
}

// Input frames from one frame of a node to its next.
std::vector<double> frame_steps(const std::vector<NetworkNode>& nodes) {
  std::vector<double> steps(nodes.size(), 1.0);
  for (size_t i = 0; i < nodes.size(); ++i) {
    const NetworkNode& node = nodes[i];
    if (!node.inputs.empty()) steps[i] = steps[static_cast<size_t>(node.inputs[0])];
    if (node.op == Op::kConv1d) steps[i] *= node.geometry.stride;
    if (node.op == Op::kConvTranspose) steps[i] /= node.geometry.stride;
    if (node.op == Op::kRepeat) steps[i] /= node.factor;
  }
  return steps;
}

// Normal numbers by Box & Muller 1958: the same from every standard library.
class NormalSource {
 public:
  explicit NormalSource(uint64_t seed) : bits_(seed) {}
  double uniform() { return (static_cast<double>(bits_() >> 11) + 0.5) * 0x1p-53; }
  double normal() {
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    return radius * std::cos(2.0 * std::numbers::pi * uniform());
  }

 private:
  std::mt19937_64 bits_;
};

}  // namespace

std::string_view op_name(Op op) {
  switch (op) {
    case Op::kInput:
      return "input";
    case Op::kEmbedding:
      return "embedding";
    case Op::kConv1d:
      return "conv1d";
    case Op::kConvTranspose:
      return "conv_transpose";
    case Op::kRepeat:
      return "repeat";
    case Op::kBatchNorm:
      return "batch_norm";
    case Op::kLayerNorm:
      return "layer_norm";
    case Op::kRelu:
      return "relu";
    case Op::kTanh:
      return "tanh";
    case Op::kSigmoid:
      return "sigmoid";
    case Op::kGate:
      return "gate";
    case Op::kGlu:
      return "glu";
    case Op::kDropout:
      return "dropout";
    case Op::kAdd:
      return "add";
    case Op::kScale:
      return "scale";
    case Op::kConcat:
      return "concat";
    case Op::kSlice:
      return "slice";
  }
  return "";
}

NodeId Network::add_node(NetworkNode node) {
  if (node.name.empty()) fail(node.name, "a node needs a name");
  for (const NetworkNode& other : nodes_) {
    if (other.name == node.name) fail(node.name, "there is a node of this name already");
  }
  for (const NodeId input : node.inputs) {
    if (input < 0 || input >= static_cast<NodeId>(nodes_.size())) {
      fail(node.name, fmt::format("input {} is not a node before it", input));
    }
  }
  if (node.channels < 1) fail(node.name, fmt::format("{} channels", node.channels));
  nodes_.push_back(std::move(node));
  return static_cast<NodeId>(nodes_.size()) - 1;
}

int Network::add_parameter(const std::string& node, std::string_view role, const Shape& shape,
                           bool decay) {
  parameters_.push_back(
      std::make_unique<Parameter>(fmt::format("{}.{}", node, role), Tensor(shape)));
  parameters_.back()->decay = decay;
  return static_cast<int>(parameters_.size()) - 1;
}

int Network::channels_of(const std::string& name, NodeId x) const {
  if (x < 0 || x >= static_cast<NodeId>(nodes_.size())) {
    fail(name, fmt::format("input {} is not a node before it", x));
  }
  return node(x).channels;
}

NodeId Network::input(std::string name, int channels) {
  NetworkNode node;
  node.name = std::move(name);
  node.channels = channels;
  inputs_.push_back(add_node(std::move(node)));
  return inputs_.back();
}

NodeId Network::embedding(std::string name, NodeId x, int rows, int channels) {
  if (channels_of(name, x) != 1) {
    fail(name, fmt::format("expects one channel of indices, found {}", channels_of(name, x)));
  }
  if (rows < 1) fail(name, fmt::format("{} rows", rows));
  NetworkNode node;
  node.name = std::move(name);
  node.op = Op::kEmbedding;
  node.inputs = {x};
  node.channels = channels;
  node.rows = rows;
  const NodeId id = add_node(std::move(node));
  const int weight = add_parameter(nodes_.back().name, "weight", {rows, channels}, true);
  nodes_.back().parameters = {weight};
  return id;
}

NodeId Network::conv1d(std::string name, NodeId x, Conv1dGeometry geometry, bool bias) {
  const int found = channels_of(name, x);
  const Conv1dGeometry& g = geometry;
  if (g.inputs != found) {
    fail(name, fmt::format("expects {} input channels, found {}", g.inputs, found));
  }
  if (g.outputs < 1 || g.kernel < 1 || g.stride < 1 || g.dilation < 1 || g.groups < 1 ||
      g.pad_left < 0 || g.pad_right < 0) {
    fail(name,
         fmt::format("outputs {}, kernel {}, stride {}, dilation {}, groups {}, padding {} "
                     "and {}: sizes are at least 1, padding at least 0",
                     g.outputs, g.kernel, g.stride, g.dilation, g.groups, g.pad_left, g.pad_right));
  }
  if (g.inputs % g.groups != 0 || g.outputs % g.groups != 0) {
    fail(name, fmt::format("{} groups do not divide {} input and {} output channels", g.groups,
                           g.inputs, g.outputs));
  }
  NetworkNode node;
  node.name = std::move(name);
  node.op = Op::kConv1d;
  node.inputs = {x};
  node.channels = g.outputs;
  node.geometry = g;
  node.has_bias = bias;
  return add_with_weights(std::move(node));
}

NodeId Network::linear(std::string name, NodeId x, int outputs, bool bias) {
  Conv1dGeometry geometry;
  geometry.inputs = channels_of(name, x);
  geometry.outputs = outputs;
  return conv1d(std::move(name), x, geometry, bias);
}

NodeId Network::conv_transpose(std::string name, NodeId x, int outputs, int kernel, int stride) {
  const int inputs = channels_of(name, x);
  if (stride < 1 || kernel < stride) {
    fail(name,
         fmt::format("kernel {} of stride {}: expected kernel >= stride >= 1", kernel, stride));
  }
  NetworkNode node;
  node.name = std::move(name);
  node.op = Op::kConvTranspose;
  node.inputs = {x};
  node.channels = outputs;
  node.geometry.inputs = inputs;
  node.geometry.outputs = outputs;
  node.geometry.kernel = kernel;
  node.geometry.stride = stride;
  return add_with_weights(std::move(node));
}

NodeId Network::add_with_weights(NetworkNode node) {
  const Conv1dGeometry g = node.geometry;
  const bool bias = node.has_bias;
  const NodeId id = add_node(std::move(node));
  const std::string name = nodes_.back().name;
  std::vector<int> parameters;
  parameters.push_back(
      add_parameter(name, "weight", {g.kernel, g.inputs / g.groups, g.outputs}, true));
  if (bias) parameters.push_back(add_parameter(name, "bias", {g.outputs}, false));
  nodes_.back().parameters = std::move(parameters);
  return id;
}

NodeId Network::add_simple(std::string name, Op op, NodeId x, int channels) {
  NetworkNode node;
  node.name = std::move(name);
  node.op = op;
  node.inputs = {x};
  node.channels = channels;
  return add_node(std::move(node));
}

NodeId Network::repeat(std::string name, NodeId x, int factor) {
  if (factor < 1) fail(name, fmt::format("factor {}: expected at least 1", factor));
  const int channels = channels_of(name, x);
  const NodeId id = add_simple(std::move(name), Op::kRepeat, x, channels);
  nodes_.back().factor = factor;
  return id;
}

NodeId Network::batch_norm(std::string name, NodeId x) {
  const int channels = channels_of(name, x);
  const NodeId id = add_simple(std::move(name), Op::kBatchNorm, x, channels);
  const std::string node = nodes_.back().name;
  const int gain = add_parameter(node, "gain", {channels}, false);
  const int offset = add_parameter(node, "offset", {channels}, false);
  const int mean = add_parameter(node, "mean", {channels}, false);
  const int variance = add_parameter(node, "variance", {channels}, false);
  parameter(gain).value.fill(1.0F);
  parameter(variance).value.fill(1.0F);
  parameter(mean).trainable = false;
  parameter(variance).trainable = false;
  nodes_.back().parameters = {gain, offset, mean, variance};
  return id;
}

NodeId Network::layer_norm(std::string name, NodeId x) {
  const int channels = channels_of(name, x);
  const NodeId id = add_simple(std::move(name), Op::kLayerNorm, x, channels);
  const std::string node = nodes_.back().name;
  const int gain = add_parameter(node, "gain", {channels}, false);
  const int offset = add_parameter(node, "offset", {channels}, false);
  parameter(gain).value.fill(1.0F);
  nodes_.back().parameters = {gain, offset};
  return id;
}

NodeId Network::relu(std::string name, NodeId x) {
  const int channels = channels_of(name, x);
  return add_simple(std::move(name), Op::kRelu, x, channels);
}

NodeId Network::tanh(std::string name, NodeId x) {
  const int channels = channels_of(name, x);
  return add_simple(std::move(name), Op::kTanh, x, channels);
}

NodeId Network::sigmoid(std::string name, NodeId x) {
  const int channels = channels_of(name, x);
  return add_simple(std::move(name), Op::kSigmoid, x, channels);
}

NodeId Network::gate(std::string name, NodeId x) {
  const int channels = channels_of(name, x);
  if (channels % 2 != 0) fail(name, fmt::format("expects two halves, found {} channels", channels));
  return add_simple(std::move(name), Op::kGate, x, channels / 2);
}

NodeId Network::glu(std::string name, NodeId x) {
  const int channels = channels_of(name, x);
  if (channels % 2 != 0) fail(name, fmt::format("expects two halves, found {} channels", channels));
  return add_simple(std::move(name), Op::kGlu, x, channels / 2);
}

NodeId Network::dropout(std::string name, NodeId x, float rate) {
  if (!(rate >= 0.0F && rate < 1.0F)) fail(name, fmt::format("rate {}: expected [0, 1)", rate));
  const int channels = channels_of(name, x);
  const NodeId id = add_simple(std::move(name), Op::kDropout, x, channels);
  nodes_.back().rate = rate;
  return id;
}

NodeId Network::add(std::string name, std::vector<NodeId> inputs) {
  if (inputs.size() < 2) fail(name, fmt::format("expects two inputs, found {}", inputs.size()));
  const int channels = channels_of(name, inputs[0]);
  for (const NodeId x : inputs) {
    if (channels_of(name, x) != channels) {
      fail(name, fmt::format("expects {} channels from \"{}\", found {}", channels, node(x).name,
                             node(x).channels));
    }
  }
  const NodeId id = add_simple(std::move(name), Op::kAdd, inputs[0], channels);
  nodes_.back().inputs = std::move(inputs);
  return id;
}

NodeId Network::scale(std::string name, NodeId x, float factor) {
  const int channels = channels_of(name, x);
  const NodeId id = add_simple(std::move(name), Op::kScale, x, channels);
  nodes_.back().rate = factor;
  return id;
}

NodeId Network::concat(std::string name, std::vector<NodeId> inputs) {
  if (inputs.empty()) fail(name, "expects an input");
  int channels = 0;
  for (const NodeId x : inputs) channels += channels_of(name, x);
  const NodeId id = add_simple(std::move(name), Op::kConcat, inputs[0], channels);
  nodes_.back().inputs = std::move(inputs);
  return id;
}

NodeId Network::slice(std::string name, NodeId x, int offset, int channels) {
  const int all = channels_of(name, x);
  if (offset < 0 || channels < 1 || offset > all - channels) {
    fail(name, fmt::format("channels [{}, {}) of {}", offset, offset + channels, all));
  }
  const NodeId id = add_simple(std::move(name), Op::kSlice, x, channels);
  nodes_.back().offset = offset;
  return id;
}

const Parameter* Network::find_parameter(std::string_view name) const {
  for (const auto& parameter : parameters_) {
    if (parameter->name == name) return parameter.get();
  }
  return nullptr;
}

int64_t Network::num_weights() const {
  int64_t count = 0;
  for (const auto& parameter : parameters_) {
    if (parameter->trainable) count += parameter->value.size();
  }
  return count;
}

void Network::initialize(uint64_t seed) {
  // A node's weights feed a rectifier when all that reads it, through norms and dropout, is one.
  std::vector<bool> feeds_relu(nodes_.size(), false);
  for (size_t i = nodes_.size(); i-- > 0;) {
    const NetworkNode& node = nodes_[i];
    const bool passes =
        node.op == Op::kBatchNorm || node.op == Op::kLayerNorm || node.op == Op::kDropout;
    if (node.op == Op::kRelu || (passes && feeds_relu[i])) {
      feeds_relu[static_cast<size_t>(node.inputs[0])] = true;
    }
  }
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const NetworkNode& node = nodes_[i];
    if (node.op == Op::kBatchNorm || node.op == Op::kLayerNorm) {
      parameter(node.parameters[0]).value.fill(1.0F);
      parameter(node.parameters[1]).value.fill(0.0F);
      if (node.op == Op::kLayerNorm) continue;
      parameter(node.parameters[2]).value.fill(0.0F);
      parameter(node.parameters[3]).value.fill(1.0F);
      continue;
    }
    if (node.parameters.empty()) continue;
    if (node.parameters.size() > 1) parameter(node.parameters[1]).value.fill(0.0F);
    // Each weight its own stream: adding a layer does not change the others.
    NormalSource source(seed * 0x9E3779B97F4A7C15ULL + static_cast<uint64_t>(node.parameters[0]));
    Tensor& weight = parameter(node.parameters[0]).value;
    if (node.op == Op::kEmbedding) {
      for (float& w : weight.values()) w = static_cast<float>(source.normal());
      continue;
    }
    const Conv1dGeometry& g = node.geometry;
    // A transposed convolution reads kernel / stride frames for each of its own.
    const bool up = node.op == Op::kConvTranspose;
    const double taps = up ? static_cast<double>(g.kernel) / g.stride : g.kernel;
    const double fan_in = taps * g.inputs / g.groups;
    const double fan_out = taps * g.outputs / g.groups;
    if (feeds_relu[i]) {
      const double deviation = std::sqrt(2.0 / fan_in);
      for (float& w : weight.values()) w = static_cast<float>(deviation * source.normal());
    } else {
      const double limit = std::sqrt(6.0 / (fan_in + fan_out));
      for (float& w : weight.values()) {
        w = static_cast<float>(limit * (2.0 * source.uniform() - 1.0));
      }
    }
  }
}

void Network::zero_gradients() {
  for (const auto& parameter : parameters_) parameter->gradient.fill(0.0F);
}

int Network::out_frames(NodeId id, int frames) const {
  const NetworkNode& n = node(id);
  if (n.inputs.empty()) return frames;
  const int before = out_frames(n.inputs[0], frames);
  if (n.op == Op::kConv1d) return n.geometry.out_time(before);
  if (n.op == Op::kConvTranspose) return before * n.geometry.stride;
  if (n.op == Op::kRepeat) return before * n.factor;
  return before;
}

// Left and right reach are summed in input frames, as fractions: a frame that was repeated or
// upsampled lies within its input frame, so that reaches round down, counted from the far side of
// it.
Network::Context Network::context(NodeId id) const {
  const std::vector<double> steps = frame_steps(nodes_);
  std::vector<double> left(nodes_.size(), 0.0);
  std::vector<double> right(nodes_.size(), 0.0);
  for (size_t i = 0; i <= static_cast<size_t>(id); ++i) {
    const NetworkNode& n = nodes_[i];
    double before = 0.0;
    double after = 0.0;
    if (n.op == Op::kConv1d) {
      const Conv1dGeometry& g = n.geometry;
      const double step = steps[i] / g.stride;
      before = g.pad_left * step;
      after = (g.dilation * (g.kernel - 1) - g.pad_left) * step;
    } else if (n.op == Op::kConvTranspose) {
      // y[q s + r] reads x[q + j] with j from -floor((kernel - 1 - pad) / s) to
      // floor((s - 1 + pad) / s).
      const Conv1dGeometry& g = n.geometry;
      const int pad = (g.kernel - g.stride) / 2;
      const double step = steps[i] * g.stride;
      before = (g.kernel - 1 - pad) / g.stride * step + (step - steps[i]);
      after = (g.stride - 1 + pad) / g.stride * step;
    } else if (n.op == Op::kRepeat) {
      before = (n.factor - 1) * steps[i];
    }
    for (const NodeId input : n.inputs) {
      left[i] = std::max(left[i], left[static_cast<size_t>(input)] + before);
      right[i] = std::max(right[i], right[static_cast<size_t>(input)] + after);
    }
  }
  const auto last = static_cast<size_t>(id);
  const double within = std::max(0.0, 1.0 - steps[last]);
  constexpr double kRounding = 1e-6;
  return {static_cast<int>(std::floor(left[last] + kRounding)),
          static_cast<int>(std::max(0.0, std::floor(right[last] + within + kRounding)))};
}

double Network::multiply_adds_per_frame() const {
  const std::vector<double> steps = frame_steps(nodes_);
  double count = 0.0;
  for (size_t i = 0; i < nodes_.size(); ++i) {
    const NetworkNode& node = nodes_[i];
    if (node.op == Op::kConv1d) {
      count += static_cast<double>(node.geometry.multiply_adds()) / steps[i];
    } else if (node.op == Op::kConvTranspose) {
      const double step = steps[i] * node.geometry.stride;
      count += static_cast<double>(node.geometry.num_weights()) / step;
    }
  }
  return count;
}

}  // namespace bivox
