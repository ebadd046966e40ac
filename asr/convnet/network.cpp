#include "asr/convnet/network.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "dsp/core/error.h"

namespace bivox {
namespace {

void require(bool holds, std::string_view option, double value, std::string_view expected) {
  if (holds) return;
  throw Error(ErrorCode::kUsage,
              fmt::format("ConvNet: {} {}, expected {}", option, value, expected));
}

}  // namespace

void ConvNetOptions::validate() const {
  require(num_mel >= 1 && num_mel <= 512, "num_mel", num_mel, "1 to 512");
  require(width >= 8 && width <= 2048, "width", width, "8 to 2048");
  require(blocks >= 1 && blocks <= 64, "blocks", blocks, "1 to 64");
  require(kernel >= 1 && kernel <= 31 && kernel % 2 == 1, "kernel", kernel, "an odd 1 to 31");
  require(stem_kernel >= 1 && stem_kernel <= 31 && stem_kernel % 2 == 1, "stem_kernel", stem_kernel,
          "an odd 1 to 31");
  require(subsampling >= 1 && subsampling <= 8, "subsampling", subsampling, "1 to 8");
  require(dropout >= 0.0F && dropout < 1.0F, "dropout", static_cast<double>(dropout),
          "0 to below 1");
  require(right_frames == -1 || right_frames >= stem_kernel / 2, "right_frames", right_frames,
          "-1, or at least half of stem_kernel");
  require(states >= 1, "states", states, "at least 1");
  require(phones >= 0, "phones", phones, "at least 0");
}

Network make_convnet(const ConvNetOptions& options) {
  options.validate();
  // How many of the convolutions look ahead, and by how much: the budget in steps of output frames.
  const int convolutions = 2 * options.blocks;
  const int symmetric = convolutions * (options.kernel / 2);
  const int budget = options.right_frames < 0
                         ? symmetric
                         : std::min(symmetric, (options.right_frames - options.stem_kernel / 2) /
                                                   options.subsampling);
  int made = 0;
  Network net;
  const auto convolve = [&](const std::string& name, NodeId from) {
    Conv1dGeometry geometry;
    geometry.inputs = options.width;
    geometry.outputs = options.width;
    geometry.kernel = options.kernel;
    geometry.pad_right = (made + 1) * budget / convolutions - made * budget / convolutions;
    geometry.pad_left = options.kernel - 1 - geometry.pad_right;
    ++made;
    return net.batch_norm(name + "_norm", net.conv1d(name, from, geometry, false));
  };

  NodeId x = net.input("log_mel", options.num_mel);
  x = net.batch_norm("input_norm", x);
  Conv1dGeometry stem;
  stem.inputs = options.num_mel;
  stem.outputs = options.width;
  stem.kernel = options.stem_kernel;
  stem.stride = options.subsampling;
  stem.pad_left = stem.pad_right = options.stem_kernel / 2;
  x = net.batch_norm("stem_norm", net.conv1d("stem", x, stem, false));
  x = net.relu("stem_relu", x);
  for (int block = 1; block <= options.blocks; ++block) {
    const std::string name = fmt::format("block{}", block);
    NodeId y = net.relu(name + "_relu1", convolve(name + "_conv1", x));
    y = net.dropout(name + "_dropout", y, options.dropout);
    y = convolve(name + "_conv2", y);
    x = net.relu(name + "_relu2", net.add(name + "_add", {x, y}));
  }
  x = net.dropout("dropout", x, options.dropout);
  net.output(net.linear("states", x, options.states));
  if (options.phones > 0) net.output(net.linear("phones", x, options.phones + 1));
  return net;
}

int copy_parameters(const Network& from, Network& to) {
  int missing = 0;
  for (const auto& parameter : to.parameters()) {
    const Parameter* source = from.find_parameter(parameter->name);
    if (source == nullptr || source->value.shape() != parameter->value.shape()) {
      ++missing;
      continue;
    }
    parameter->value = source->value.clone();
  }
  for (const NetworkNode& node : to.nodes()) {
    if (node.op != Op::kConv1d) continue;
    const auto same = std::ranges::find(from.nodes(), node.name, &NetworkNode::name);
    if (same == from.nodes().end()) continue;
    Tensor& weights = to.parameter(node.parameters.front()).value;
    const Tensor& source = from.parameter(same->parameters.front()).value;
    const int move = node.geometry.pad_left - same->geometry.pad_left;  // taps further on
    if (move == 0 || weights.shape() != source.shape()) continue;
    const int64_t tap = weights.size() / node.geometry.kernel;
    for (int k = 0; k < node.geometry.kernel; ++k) {
      float* values = weights.data() + k * tap;
      const int old = k - move;
      if (old >= 0 && old < node.geometry.kernel) {
        std::copy_n(source.data() + old * tap, tap, values);
      } else {
        std::fill_n(values, tap, 0.0F);
      }
    }
  }
  return missing;
}

}  // namespace bivox
