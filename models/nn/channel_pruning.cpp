#include "models/nn/channel_pruning.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>
#include <utility>

#include "dsp/core/check.h"

namespace bivox {
namespace {

// Channels of nodes joined into units that can only go together (union-find).
class Channels {
 public:
  explicit Channels(const Network& network);

  /// The unit of a node's channel.
  int unit(NodeId node, int channel) { return root(first_[static_cast<size_t>(node)] + channel); }
  bool fixed(int unit) const { return fixed_[static_cast<size_t>(unit)] != 0; }

 private:
  int root(int variable) {
    int& parent = parent_[static_cast<size_t>(variable)];
    if (parent != variable) parent = root(parent);
    return parent;
  }
  void join(int a, int b) {
    a = root(a);
    b = root(b);
    const int low = std::min(a, b);
    fixed_[static_cast<size_t>(low)] =
        static_cast<char>(fixed_[static_cast<size_t>(a)] | fixed_[static_cast<size_t>(b)]);
    parent_[static_cast<size_t>(std::max(a, b))] = low;
  }
  void fix(const Network& network, NodeId node) {
    for (int c = 0; c < network.node(node).channels; ++c) {
      fixed_[static_cast<size_t>(unit(node, c))] = 1;
    }
  }
  void tie(const Network& network, NodeId id);

  std::vector<int> first_;  // variable of a node's channel 0
  std::vector<int> parent_;
  std::vector<char> fixed_;
};

Channels::Channels(const Network& network) {
  int count = 0;
  for (const NetworkNode& node : network.nodes()) {
    first_.push_back(count);
    count += node.channels;
  }
  parent_.resize(static_cast<size_t>(count));
  std::iota(parent_.begin(), parent_.end(), 0);
  fixed_.assign(static_cast<size_t>(count), 0);
  for (NodeId id = 0; id < static_cast<NodeId>(network.nodes().size()); ++id) tie(network, id);
  for (const NodeId id : network.inputs()) fix(network, id);
  for (const NodeId id : network.outputs()) fix(network, id);
}

void Channels::tie(const Network& network, NodeId id) {
  const NetworkNode& node = network.node(id);
  const int here = first_[static_cast<size_t>(id)];
  const auto join_range = [&](NodeId input, int offset, int to) {
    const int there = first_[static_cast<size_t>(input)] + offset;
    const int width = network.node(input).channels;
    for (int c = 0; c < std::min(width, node.channels); ++c) join(here + to + c, there + c);
  };
  switch (node.op) {
    case Op::kInput:
    case Op::kEmbedding:
    case Op::kConvTranspose:
      break;
    case Op::kConv1d:
      if (node.geometry.groups > 1) {
        fix(network, id);
        fix(network, node.inputs[0]);
      }
      break;
    case Op::kGate:
    case Op::kGlu:
      join_range(node.inputs[0], 0, 0);
      join_range(node.inputs[0], node.channels, 0);
      break;
    case Op::kConcat: {
      int to = 0;
      for (const NodeId input : node.inputs) {
        join_range(input, 0, to);
        to += network.node(input).channels;
      }
      break;
    }
    case Op::kSlice:
      fix(network, id);
      fix(network, node.inputs[0]);
      break;
    case Op::kLayerNorm:
      join_range(node.inputs[0], 0, 0);
      fix(network, id);
      break;
    case Op::kAdd:
    case Op::kRepeat:
    case Op::kBatchNorm:
    case Op::kRelu:
    case Op::kTanh:
    case Op::kSigmoid:
    case Op::kDropout:
    case Op::kScale:
      for (const NodeId input : node.inputs) join_range(input, 0, 0);
      break;
  }
}

// What is known of a unit.
struct Unit {
  std::vector<NodeId> writers;
  double written = 0.0;
  double read = 0.0;
  double gain = 0.0;
  bool has_gain = false;
};

bool has_weights(const NetworkNode& node) {
  return node.op == Op::kConv1d || node.op == Op::kConvTranspose || node.op == Op::kEmbedding;
}

class Pruner {
 public:
  explicit Pruner(const Network& network) : network_(network), channels_(network) {
    for (NodeId id = 0; id < static_cast<NodeId>(network.nodes().size()); ++id) measure(id);
  }

  /// Units by the nodes that write them.
  std::map<std::vector<NodeId>, std::vector<int>> groups() const {
    std::map<std::vector<NodeId>, std::vector<int>> groups;
    for (const auto& [unit, facts] : units_) groups[facts.writers].push_back(unit);
    return groups;
  }
  bool fixed(int unit) const { return channels_.fixed(unit); }
  void choose(const ChannelPruningOptions& options);
  Network rebuild();

 private:
  std::span<const float> values(const NetworkNode& node, size_t i) const {
    return network_.parameter(node.parameters[i]).value.values();
  }
  void measure(NodeId id);
  void measure_weights(NodeId id);
  // Channels of a node that are left.
  std::vector<int> kept(NodeId id) {
    std::vector<int> left;
    for (int c = 0; c < network_.node(id).channels; ++c) {
      if (keep_.contains(channels_.unit(id, c))) left.push_back(c);
    }
    return left;
  }
  NodeId rebuild_node(Network& smaller, NodeId id, const std::vector<NodeId>& inputs);
  void copy_parameters(Network& smaller, NodeId id, NodeId new_id);

  const Network& network_;
  Channels channels_;
  std::map<int, Unit> units_;
  std::map<int, bool> keep_;
};

void Pruner::measure_weights(NodeId id) {
  const NetworkNode& node = network_.node(id);
  const auto weight = values(node, 0);
  const auto outputs = static_cast<size_t>(node.channels);
  std::vector<double> by_output(outputs, 0.0);
  const bool reads = node.op != Op::kEmbedding;
  const auto inputs = static_cast<size_t>(reads ? node.geometry.inputs / node.geometry.groups : 1);
  std::vector<double> by_input(inputs, 0.0);
  for (size_t i = 0; i < weight.size(); ++i) {
    by_output[i % outputs] += std::abs(weight[i]);
    by_input[i / outputs % inputs] += std::abs(weight[i]);
  }
  if (node.parameters.size() > 1) {
    const auto bias = values(node, 1);
    for (size_t c = 0; c < outputs; ++c) by_output[c] += std::abs(bias[c]);
  }
  for (size_t c = 0; c < outputs; ++c) {
    units_[channels_.unit(id, static_cast<int>(c))].written += by_output[c];
  }
  if (!reads || node.geometry.groups > 1) return;
  for (size_t c = 0; c < inputs; ++c) {
    units_[channels_.unit(node.inputs[0], static_cast<int>(c))].read += by_input[c];
  }
}

void Pruner::measure(NodeId id) {
  const NetworkNode& node = network_.node(id);
  if (has_weights(node)) measure_weights(id);
  for (int c = 0; c < node.channels; ++c) {
    Unit& unit = units_[channels_.unit(id, c)];
    const bool writes = has_weights(node) || node.op == Op::kInput;
    if (writes && (unit.writers.empty() || unit.writers.back() != id)) unit.writers.push_back(id);
    if (node.op == Op::kBatchNorm) {
      unit.gain += std::abs(values(node, 0)[static_cast<size_t>(c)]);
      unit.has_gain = true;
    }
  }
}

void Pruner::choose(const ChannelPruningOptions& options) {
  BIVOX_CHECK(options.fraction > 0.0 && options.fraction <= 1.0 && options.multiple >= 1);
  for (auto& [writers, members] : groups()) {
    const auto score = [&](int id) {
      const Unit& unit = units_[id];
      const bool by_gain = options.ranking == ChannelRanking::kGain && unit.has_gain;
      return by_gain ? unit.gain : unit.written * unit.read;
    };
    std::vector<int> order = members;
    std::stable_sort(order.begin(), order.end(), [&](int a, int b) {
      if (fixed(a) != fixed(b)) return fixed(a);
      return score(a) > score(b);
    });
    const auto all = static_cast<int64_t>(order.size());
    int64_t count = std::max<int64_t>(1, std::llround(options.fraction * static_cast<double>(all)));
    count = std::min(all, (count + options.multiple - 1) / options.multiple * options.multiple);
    for (int64_t i = 0; i < all; ++i) {
      const int unit = order[static_cast<size_t>(i)];
      if (i < count || fixed(unit)) keep_[unit] = true;
    }
  }
}

NodeId Pruner::rebuild_node(Network& smaller, NodeId id, const std::vector<NodeId>& inputs) {
  const NetworkNode& node = network_.node(id);
  const auto channels = static_cast<int>(kept(id).size());
  Conv1dGeometry geometry = node.geometry;
  switch (node.op) {
    case Op::kInput:
      return smaller.input(node.name, channels);
    case Op::kEmbedding:
      return smaller.embedding(node.name, inputs[0], node.rows, channels);
    case Op::kConv1d:
      geometry.inputs = smaller.node(inputs[0]).channels;
      geometry.outputs = channels;
      return smaller.conv1d(node.name, inputs[0], geometry, node.has_bias);
    case Op::kConvTranspose:
      return smaller.conv_transpose(node.name, inputs[0], channels, geometry.kernel,
                                    geometry.stride);
    case Op::kRepeat:
      return smaller.repeat(node.name, inputs[0], node.factor);
    case Op::kBatchNorm:
      return smaller.batch_norm(node.name, inputs[0]);
    case Op::kLayerNorm:
      return smaller.layer_norm(node.name, inputs[0]);
    case Op::kRelu:
      return smaller.relu(node.name, inputs[0]);
    case Op::kTanh:
      return smaller.tanh(node.name, inputs[0]);
    case Op::kSigmoid:
      return smaller.sigmoid(node.name, inputs[0]);
    case Op::kGate:
      return smaller.gate(node.name, inputs[0]);
    case Op::kGlu:
      return smaller.glu(node.name, inputs[0]);
    case Op::kDropout:
      return smaller.dropout(node.name, inputs[0], node.rate);
    case Op::kAdd:
      return smaller.add(node.name, inputs);
    case Op::kScale:
      return smaller.scale(node.name, inputs[0], node.rate);
    case Op::kConcat:
      return smaller.concat(node.name, inputs);
    case Op::kSlice:
      return smaller.slice(node.name, inputs[0], node.offset, channels);
  }
  return -1;
}

void Pruner::copy_parameters(Network& smaller, NodeId id, NodeId new_id) {
  const NetworkNode& node = network_.node(id);
  const std::vector<int> columns = kept(id);
  for (size_t p = 0; p < node.parameters.size(); ++p) {
    const Tensor& from = network_.parameter(node.parameters[p]).value;
    Tensor& to = smaller.parameter(smaller.node(new_id).parameters[p]).value;
    // [blocks x rows x channels], of which rows of weights are input channels.
    std::vector<int> rows = {0};
    if (from.rank() == 3 && node.geometry.groups == 1) {
      rows = kept(node.inputs[0]);
    } else if (from.rank() > 1) {
      rows.resize(static_cast<size_t>(from.dim(from.rank() - 2)));
      std::iota(rows.begin(), rows.end(), 0);
    }
    const int64_t all_rows = from.rank() > 1 ? from.dim(from.rank() - 2) : 1;
    const int64_t blocks = from.size() / (all_rows * node.channels);
    int64_t at = 0;
    for (int64_t block = 0; block < blocks; ++block) {
      for (const int row : rows) {
        for (const int column : columns) {
          to[at++] = from[(block * all_rows + row) * node.channels + column];
        }
      }
    }
    BIVOX_CHECK(at == to.size());
  }
}

Network Pruner::rebuild() {
  Network smaller;
  for (NodeId id = 0; id < static_cast<NodeId>(network_.nodes().size()); ++id) {
    // Nodes keep their numbers.
    const NodeId new_id = rebuild_node(smaller, id, network_.node(id).inputs);
    BIVOX_CHECK(new_id == id);
    copy_parameters(smaller, id, new_id);
  }
  for (const NodeId output : network_.outputs()) smaller.output(output);
  return smaller;
}

}  // namespace

Network prune_channels(const Network& network, const ChannelPruningOptions& options) {
  Pruner pruner(network);
  pruner.choose(options);
  return pruner.rebuild();
}

std::vector<ChannelGroup> channel_groups(const Network& network) {
  const Pruner pruner(network);
  std::vector<ChannelGroup> groups;
  for (const auto& [writers, units] : pruner.groups()) {
    ChannelGroup group;
    for (const NodeId id : writers) group.nodes.push_back(network.node(id).name);
    group.channels = static_cast<int>(units.size());
    group.removable =
        std::none_of(units.begin(), units.end(), [&](int unit) { return pruner.fixed(unit); });
    groups.push_back(std::move(group));
  }
  return groups;
}

}  // namespace bivox
