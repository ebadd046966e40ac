// A network as data: a list of operations in the order in which they run, and their parameters.
//
// One description serves everything: training interprets it on a tape (forward), inference compiles
// it into a plan (plan.h), channel removal rewrites it (channel_pruning.h), model files hold it as
// JSON beside the weights (network_json.h), and `bivox info` counts its operations. Every operation
// maps [batch x time x channels] to [batch x time' x channels'].
//
// Utterances of a batch have their own lengths. Frames beyond an utterance's length are zeroed
// before every operation that looks across time and left out of batch statistics, so that an
// utterance gives the same result alone and in a batch (tested).
//
// Index types, 0-based and dense: NodeId in order of running; parameters in order of creation.
// Their names are "<node>.<weight|bias|gain|offset|mean|variance>".
// Thread rule: immutable while it runs, but for the parameters' gradients and batch-norm's running
// statistics: one training thread per Network. Errors: Error(kModel) for descriptions that do not
// fit together, naming the node. Test: tests/models/nn/network_test.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "models/nn/kernels/conv1d.h"
#include "models/nn/tape.h"

namespace bivox {

using NodeId = int;

enum class Op {
  kInput,          ///< channels
  kEmbedding,      ///< One input channel holding indices; rows = count of them, channels.
  kConv1d,         ///< geometry, has_bias; a linear layer is kernel 1.
  kConvTranspose,  ///< Upsampling by geometry.stride with kernel geometry.kernel.
  kRepeat,         ///< Every frame `factor` times.
  kBatchNorm,      ///< Over batch and time; running statistics for inference.
  kLayerNorm,      ///< Over channels.
  kRelu,
  kTanh,
  kSigmoid,
  kGate,     ///< tanh(first half of the channels) * sigmoid(second half); halves the channels.
  kGlu,      ///< first half * sigmoid(second half).
  kDropout,  ///< rate; identity outside of training.
  kAdd,      ///< Sum of two or more inputs of one shape (residual and skip sums).
  kScale,    ///< Times the constant `rate`.
  kConcat,   ///< Along channels.
  kSlice,    ///< Channels [offset, offset + channels).
};
std::string_view op_name(Op op);

struct NetworkNode {
  std::string name;
  Op op = Op::kInput;
  std::vector<NodeId> inputs;
  int channels = 0;  ///< Of the output.
  Conv1dGeometry geometry;
  bool has_bias = true;
  float rate = 0.0F;
  int factor = 1;
  int rows = 0;
  int offset = 0;
  std::vector<int> parameters;  ///< Indices into Network::parameters().
};

class Network {
 public:
  Network() = default;
  Network(Network&&) noexcept = default;
  Network& operator=(Network&&) noexcept = default;

  // Building, in the order of running. Each returns the new node. Weights are zero until
  // initialize() or a model file sets them.
  NodeId input(std::string name, int channels);
  NodeId embedding(std::string name, NodeId x, int rows, int channels);
  NodeId conv1d(std::string name, NodeId x, Conv1dGeometry geometry, bool bias = true);
  NodeId linear(std::string name, NodeId x, int outputs, bool bias = true);
  NodeId conv_transpose(std::string name, NodeId x, int outputs, int kernel, int stride);
  NodeId repeat(std::string name, NodeId x, int factor);
  NodeId batch_norm(std::string name, NodeId x);
  NodeId layer_norm(std::string name, NodeId x);
  NodeId relu(std::string name, NodeId x);
  NodeId tanh(std::string name, NodeId x);
  NodeId sigmoid(std::string name, NodeId x);
  NodeId gate(std::string name, NodeId x);
  NodeId glu(std::string name, NodeId x);
  NodeId dropout(std::string name, NodeId x, float rate);
  NodeId add(std::string name, std::vector<NodeId> inputs);
  NodeId scale(std::string name, NodeId x, float factor);
  NodeId concat(std::string name, std::vector<NodeId> inputs);
  NodeId slice(std::string name, NodeId x, int offset, int channels);
  /// Names a node as a result; in the order of the calls.
  void output(NodeId node) { outputs_.push_back(node); }

  const std::vector<NetworkNode>& nodes() const { return nodes_; }
  const NetworkNode& node(NodeId id) const { return nodes_[static_cast<size_t>(id)]; }
  const std::vector<NodeId>& inputs() const { return inputs_; }
  const std::vector<NodeId>& outputs() const { return outputs_; }
  std::span<const std::unique_ptr<Parameter>> parameters() const { return parameters_; }
  Parameter& parameter(int index) { return *parameters_[static_cast<size_t>(index)]; }
  const Parameter& parameter(int index) const { return *parameters_[static_cast<size_t>(index)]; }
  const Parameter* find_parameter(std::string_view name) const;
  int64_t num_weights() const;

  /// Random weights (He et al. 2015 before ReLU, Glorot & Bengio 2010 elsewhere, unit normal in
  /// embeddings), biases 0, norms that change nothing. The same seed gives the same weights
  /// everywhere.
  void initialize(uint64_t seed);
  void zero_gradients();

  /// Frames of `node` when the input that it is made from (by first inputs) has `frames`.
  int out_frames(NodeId node, int frames) const;
  /// Output frames of a stream need this many input frames before and after (receptive field).
  struct Context {
    int left = 0;
    int right = 0;
  };
  Context context(NodeId node) const;
  /// Multiply-adds for one input frame, averaged where frames are skipped or repeated.
  double multiply_adds_per_frame() const;

  /// Runs on a tape. `inputs` in the order of inputs(); `lengths[b]` frames of utterance b are real
  /// in the first one (empty: all), and the same share of the others, which may have other frame
  /// rates. Returns the outputs in the order of outputs(). In training, batch norm uses and updates
  /// statistics.
  std::vector<Var> forward(Tape& tape, std::span<const Var> inputs,
                           std::span<const int> lengths = {});

 private:
  NodeId add_node(NetworkNode node);
  NodeId add_simple(std::string name, Op op, NodeId x, int channels);
  NodeId add_with_weights(NetworkNode node);
  int channels_of(const std::string& name, NodeId x) const;
  int add_parameter(const std::string& node, std::string_view role, const Shape& shape, bool decay);

  std::vector<NetworkNode> nodes_;
  std::vector<NodeId> inputs_;
  std::vector<NodeId> outputs_;
  std::vector<std::unique_ptr<Parameter>> parameters_;
};

}  // namespace bivox
