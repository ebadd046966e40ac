// Network::forward(): interprets the list of operations on a tape.
#include <fmt/format.h>

#include <optional>
#include <utility>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/nn/frame_mask.h"
#include "models/nn/network.h"
#include "models/nn/ops.h"

namespace bivox {
namespace {

// What a node has become in this run.
struct Value {
  Var var;
  std::vector<int> lengths;  // empty: all frames are real
  bool clean = true;         // frames beyond lengths are zero
};

class Run {
 public:
  Run(Network& network, Tape& tape) : network_(network), tape_(tape) {
    values_.resize(network.nodes().size());
    readers_.resize(network.nodes().size(), 0);
    for (const NetworkNode& node : network.nodes()) {
      for (const NodeId x : node.inputs) ++readers_[static_cast<size_t>(x)];
    }
    for (const NodeId x : network.outputs()) ++readers_[static_cast<size_t>(x)];
  }

  void set_inputs(std::span<const Var> inputs, std::span<const int> lengths);
  void run();
  Var result(NodeId id) const { return values_[static_cast<size_t>(id)].var; }

 private:
  const Value& value(NodeId id) const { return values_[static_cast<size_t>(id)]; }
  Var parameter(const NetworkNode& node, size_t i) {
    if (i >= node.parameters.size()) return {};
    return tape_.parameter(network_.parameter(node.parameters[i]));
  }
  Value compute(const NetworkNode& node, bool rectify);
  Var batch_norm_of(const NetworkNode& node, const Value& x, bool rectify);
  // The relu that alone reads batch norm `id`: both are done in one pass.
  bool relu_follows(size_t id) const;

  Network& network_;
  Tape& tape_;
  std::vector<Value> values_;
  std::vector<int> readers_;
};

void Run::set_inputs(std::span<const Var> inputs, std::span<const int> lengths) {
  BIVOX_CHECK(inputs.size() == network_.inputs().size());
  for (size_t i = 0; i < inputs.size(); ++i) {
    const NetworkNode& node = network_.node(network_.inputs()[i]);
    const Shape& shape = inputs[i].shape();
    if (shape.rank() != 3 || shape[2] != node.channels) {
      throw Error(ErrorCode::kModel,
                  fmt::format("network input \"{}\" expects [batch x time x {}], found {}",
                              node.name, node.channels, shape.text()));
    }
    Value& value = values_[static_cast<size_t>(network_.inputs()[i])];
    value.var = inputs[i];
    // An input of another frame rate has the same share of real frames.
    const int64_t first_time = inputs[0].shape()[1];
    if (i == 0) check_lengths(lengths, shape[0], first_time);
    if (covers_all_frames(lengths, first_time)) continue;
    for (const int length : lengths) {
      value.lengths.push_back(static_cast<int>((length * shape[1] + first_time - 1) / first_time));
    }
    value.clean = false;
  }
}

bool Run::relu_follows(size_t id) const {
  const auto& nodes = network_.nodes();
  return nodes[id].op == Op::kBatchNorm && readers_[id] == 1 && id + 1 < nodes.size() &&
         nodes[id + 1].op == Op::kRelu && nodes[id + 1].inputs[0] == static_cast<NodeId>(id);
}

void Run::run() {
  const auto& nodes = network_.nodes();
  for (size_t id = 0; id < nodes.size(); ++id) {
    if (nodes[id].op == Op::kInput) continue;
    const bool rectify = relu_follows(id);
    values_[id] = compute(nodes[id], rectify);
    if (rectify) {
      values_[id + 1] = values_[id];
      ++id;
    }
  }
}

Var Run::batch_norm_of(const NetworkNode& node, const Value& x, bool rectify) {
  const BatchNormStatistics statistics{&network_.parameter(node.parameters[2]).value,
                                       &network_.parameter(node.parameters[3]).value};
  return batch_norm(x.var, parameter(node, 0), parameter(node, 1), statistics, x.lengths, rectify);
}

Value Run::compute(const NetworkNode& node, bool rectify) {
  const Value& x = value(node.inputs[0]);
  Value y{{}, x.lengths, x.clean};
  switch (node.op) {
    case Op::kInput:
      break;
    case Op::kEmbedding:
      y.var = embedding(x.clean ? x.var : mask_frames(x.var, x.lengths), parameter(node, 0));
      y.clean = x.lengths.empty();
      break;
    case Op::kConv1d: {
      for (int& length : y.lengths) length = node.geometry.out_time(length);
      const bool across =
          node.geometry.kernel > 1 || node.geometry.pad_left > 0 || node.geometry.pad_right > 0;
      const Var in = across && !x.clean ? mask_frames(x.var, x.lengths) : x.var;
      y.var = conv1d(in, parameter(node, 0), parameter(node, 1), node.geometry, y.lengths);
      y.clean = true;
      break;
    }
    case Op::kConvTranspose:
      for (int& length : y.lengths) length *= node.geometry.stride;
      y.var = conv_transpose(x.clean ? x.var : mask_frames(x.var, x.lengths), parameter(node, 0),
                             parameter(node, 1), node.geometry.kernel, node.geometry.stride);
      y.clean = y.lengths.empty();
      break;
    case Op::kRepeat:
      for (int& length : y.lengths) length *= node.factor;
      y.var = repeat_frames(x.var, node.factor);
      break;
    case Op::kBatchNorm:
      y.var = batch_norm_of(node, x, rectify);
      y.clean = true;
      break;
    case Op::kLayerNorm:
      y.var = layer_norm(x.var, parameter(node, 0), parameter(node, 1));
      y.clean = y.lengths.empty();
      break;
    case Op::kRelu:
      y.var = relu(x.var);
      break;
    case Op::kTanh:
      y.var = tanh(x.var);
      break;
    case Op::kSigmoid:
      y.var = sigmoid(x.var);
      y.clean = y.lengths.empty();
      break;
    case Op::kGate:
      y.var = gate(x.var);
      break;
    case Op::kGlu:
      y.var = glu(x.var);
      break;
    case Op::kDropout:
      y.var = dropout(x.var, node.rate);
      break;
    case Op::kScale:
      y.var = scale(x.var, node.rate);
      break;
    case Op::kSlice:
      y.var = slice(x.var, node.offset, node.channels);
      break;
    case Op::kAdd:
    case Op::kConcat: {
      std::vector<Var> terms;
      for (const NodeId id : node.inputs) {
        const Value& term = value(id);
        const Shape& shape = term.var.shape();
        if (shape[0] != x.var.shape()[0] || shape[1] != x.var.shape()[1]) {
          throw Error(ErrorCode::kModel,
                      fmt::format("network node \"{}\": \"{}\" is {}, \"{}\" is {}", node.name,
                                  network_.node(node.inputs[0]).name, x.var.shape().text(),
                                  network_.node(id).name, shape.text()));
        }
        terms.push_back(term.var);
        y.clean = y.clean && term.clean;
      }
      y.var = node.op == Op::kAdd ? add(terms) : concat(terms);
      break;
    }
  }
  return y;
}

}  // namespace

std::vector<Var> Network::forward(Tape& tape, std::span<const Var> inputs,
                                  std::span<const int> lengths) {
  Run run(*this, tape);
  run.set_inputs(inputs, lengths);
  run.run();
  std::vector<Var> results;
  results.reserve(outputs_.size());
  for (const NodeId id : outputs_) results.push_back(run.result(id));
  return results;
}

}  // namespace bivox
