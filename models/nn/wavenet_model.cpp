// WaveNetModel: a trained network's weights in the order in which a sample reads them.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/io/narrow_floats.h"
#include "models/nn/wavenet_state.h"

namespace bivox {
namespace {

using kernels::padded;
using kernels::WaveNetKernels;
using kernels::WaveNetMatrix;

// Weights of a matrix with rows and columns of padding, [inputs x outputs].
struct PaddedWeights {
  PaddedWeights(int input_count, int output_count)
      : inputs(padded(input_count)),
        outputs(output_count),
        values(static_cast<size_t>(inputs) * static_cast<size_t>(outputs), 0.0F) {}
  float& at(int i, int o) {
    return values[static_cast<size_t>(i) * static_cast<size_t>(outputs) + static_cast<size_t>(o)];
  }
  float at(int i, int o) const {
    return values[static_cast<size_t>(i) * static_cast<size_t>(outputs) + static_cast<size_t>(o)];
  }

  int inputs;
  int outputs;  // padded by the caller, which may put padding between
  std::vector<float> values;
};

class Packer {
 public:
  Packer(const Network& network, WaveNetModel::State& state) : network_(network), state_(state) {}
  void pack();

 private:
  const Tensor& parameter(const std::string& name, const Shape& shape) const;
  const Tensor& weight(const std::string& layer, int kernel, int inputs, int outputs) const {
    return parameter(layer + ".weight", {kernel, inputs, outputs});
  }
  const Tensor& bias(const std::string& layer, int outputs) const {
    return parameter(layer + ".bias", {outputs});
  }
  void reserve();
  WaveNetMatrix pack(const PaddedWeights& weights);
  void pack_layer(int layer);
  void pack_head();
  void make_conditioner();
  // Column of gate channel `c` in [0, 2R): the halves are padded each.
  int gate_column(int c) const {
    const int half = state_.options.residual;
    return c < half ? c : state_.residual + c - half;
  }

  const Network& network_;
  WaveNetModel::State& state_;
};

const Tensor& Packer::parameter(const std::string& name, const Shape& shape) const {
  const Parameter* found = network_.find_parameter(name);
  if (found == nullptr || found->value.shape() != shape) {
    throw Error(ErrorCode::kModel,
                fmt::format("WaveNet: expected {} {}, found {}", name, shape.text(),
                            found == nullptr ? "none" : found->value.shape().text()),
                "the network and the options do not belong together");
  }
  return found->value;
}

// Room for everything, so that matrices keep their places.
void Packer::reserve() {
  const WaveNetOptions& o = state_.options;
  const auto r = static_cast<size_t>(state_.residual);
  const auto s = static_cast<size_t>(state_.skip);
  const auto layers = static_cast<size_t>(o.layers);
  const auto taps = static_cast<size_t>(o.kernel);
  const size_t outputs = layers * (taps * 2 * r + s + r) + s + static_cast<size_t>(state_.outputs);
  const size_t weights =
      layers * (taps * r * 2 * r + r * (s + r)) + s * s + s * static_cast<size_t>(state_.outputs);
  const size_t matrices = layers * (taps + 1) + 2;
  const size_t bytes = weights * state_.kernels->weight_bytes + matrices * Tensor::kAlignment;
  state_.weights = Tensor({static_cast<int64_t>(bytes / sizeof(float) + 1)});
  state_.scales.reserve(outputs);
  state_.offsets.reserve(outputs);
}

WaveNetMatrix Packer::pack(const PaddedWeights& w) {
  const WaveNetKernels& k = *state_.kernels;
  WaveNetMatrix matrix;
  matrix.inputs = w.inputs;
  matrix.outputs = w.outputs;
  auto* bytes = reinterpret_cast<std::byte*>(state_.weights.data()) + state_.used_bytes;
  const size_t size = w.values.size() * k.weight_bytes;
  state_.used_bytes += (size + Tensor::kAlignment - 1) / Tensor::kAlignment * Tensor::kAlignment;
  BIVOX_CHECK(state_.used_bytes <= static_cast<size_t>(state_.weights.size()) * sizeof(float));
  matrix.weights = bytes;
  matrix.scales = state_.scales.data() + state_.scales.size();
  matrix.offsets = state_.offsets.data() + state_.offsets.size();

  std::vector<float> inverse(static_cast<size_t>(w.outputs), 1.0F);
  if (state_.precision == Precision::kInt8) {
    for (int o = 0; o < w.outputs; ++o) {
      float largest = 0.0F;
      for (int i = 0; i < w.inputs; ++i) largest = std::max(largest, std::abs(w.at(i, o)));
      inverse[static_cast<size_t>(o)] = largest > 0.0F ? 127.0F / largest : 0.0F;
      state_.scales.push_back(largest / 127.0F);
      state_.offsets.push_back(0);
    }
  }
  int32_t* offsets = nullptr;  // of this matrix, when it has any
  if (!state_.offsets.empty()) offsets = &state_.offsets[state_.offsets.size() - inverse.size()];
  const int panel = WaveNetMatrix::kPanelVectors * k.lanes;
  for (int first = 0; first < w.outputs; first += panel) {
    const int columns = std::min(panel, w.outputs - first);
    for (int group = 0; group < w.inputs; group += k.unit) {
      for (int column = 0; column < columns; ++column) {
        const int o = first + column;
        for (int u = 0; u < k.unit; ++u) {
          const float value = w.at(group + u, o);
          if (state_.precision == Precision::kFloat32) {
            std::memcpy(bytes, &value, sizeof(value));
          } else if (state_.precision == Precision::kBfloat16) {
            const uint16_t bits = bfloat16_from_float(value);
            std::memcpy(bytes, &bits, sizeof(bits));
          } else {
            const float q = std::nearbyint(value * inverse[static_cast<size_t>(o)]);
            *bytes = static_cast<std::byte>(static_cast<int8_t>(q));
            offsets[o] -= k.operand_offset * static_cast<int32_t>(q);
          }
          bytes += k.weight_bytes;
        }
      }
    }
  }
  return matrix;
}

void Packer::pack_layer(int layer) {
  const WaveNetOptions& o = state_.options;
  const int r = o.residual;
  const std::string number = std::to_string(layer);
  const Tensor& filter = weight("filter" + number, o.kernel, r, 2 * r);
  for (int k = 0; k < o.kernel; ++k) {
    PaddedWeights tap(r, 2 * state_.residual);
    for (int i = 0; i < r; ++i) {
      for (int c = 0; c < 2 * r; ++c) {
        tap.at(i, gate_column(c)) = filter[(int64_t{k} * r + i) * 2 * r + c];
      }
    }
    state_.taps.push_back(pack(tap));
  }
  const bool last = layer + 1 == o.layers;
  PaddedWeights mix(r, state_.skip + (last ? 0 : state_.residual));
  std::vector<float> biases(static_cast<size_t>(mix.outputs), 0.0F);
  const auto add = [&](const std::string& name, int outputs, int first) {
    const Tensor& w = weight(name, 1, r, outputs);
    const Tensor& b = bias(name, outputs);
    for (int c = 0; c < outputs; ++c) {
      for (int i = 0; i < r; ++i) mix.at(i, first + c) = w[int64_t{i} * outputs + c];
      biases[static_cast<size_t>(first + c)] = b[c];
    }
  };
  add("skip" + number, o.skip, 0);
  if (!last) add("residual" + number, r, state_.skip);
  state_.mixes.push_back(pack(mix));
  state_.mix_biases.push_back(std::move(biases));
}

void Packer::pack_head() {
  const auto dense = [&](const std::string& name, int outputs, std::vector<float>& biases) {
    const int inputs = state_.options.skip;
    const Tensor& w = weight(name, 1, inputs, outputs);
    const Tensor& b = bias(name, outputs);
    PaddedWeights wide(inputs, padded(outputs));
    biases.assign(static_cast<size_t>(wide.outputs), 0.0F);
    for (int c = 0; c < outputs; ++c) {
      for (int i = 0; i < inputs; ++i) wide.at(i, c) = w[int64_t{i} * outputs + c];
      biases[static_cast<size_t>(c)] = b[c];
    }
    return pack(wide);
  };
  state_.head1 = dense("head1", state_.options.skip, state_.head1_bias);
  state_.head2 = dense("head2", state_.options.output_channels(), state_.head2_bias);
}

// What all layers make of mel frames, in one network at the frame rate; filter biases included.
void Packer::make_conditioner() {
  const WaveNetOptions& o = state_.options;
  const int r = o.residual;
  const int width = 2 * state_.residual;
  Tensor all_bias({int64_t{o.layers} * width});
  for (int layer = 0; layer < o.layers; ++layer) {
    const Tensor& b = bias("filter" + std::to_string(layer), 2 * r);
    for (int c = 0; c < 2 * r; ++c) all_bias[int64_t{layer} * width + gate_column(c)] = b[c];
  }
  state_.base_condition.assign(all_bias.values().begin(), all_bias.values().end());
  if (o.mel_bins == 0) return;

  Network net;
  Conv1dGeometry around;
  around.inputs = around.outputs = o.mel_bins;
  around.kernel = o.condition_kernel;
  around.pad_left = around.pad_right = o.condition_kernel / 2;
  const NodeId conv = net.conv1d("condition", net.input("mel", o.mel_bins), around);
  net.output(net.linear("all", net.relu("relu", conv), o.layers * width));
  net.parameter(0).value = weight("condition", o.condition_kernel, o.mel_bins, o.mel_bins).clone();
  net.parameter(1).value = bias("condition", o.mel_bins).clone();
  Tensor& all = net.parameter(2).value;
  for (int layer = 0; layer < o.layers; ++layer) {
    const Tensor& w = weight("condition" + std::to_string(layer), 1, o.mel_bins, 2 * r);
    for (int i = 0; i < o.mel_bins; ++i) {
      for (int c = 0; c < 2 * r; ++c) {
        all[(int64_t{i} * o.layers + layer) * width + gate_column(c)] = w[int64_t{i} * 2 * r + c];
      }
    }
  }
  net.parameter(3).value = std::move(all_bias);
  PlanOptions options;
  options.max_chunk = WaveNetSampler::kMaxFrames;
  state_.conditioner = Plan::compile(net, options);
}

void Packer::pack() {
  const WaveNetOptions& o = state_.options;
  state_.residual = padded(o.residual);
  state_.skip = padded(o.skip);
  state_.outputs = padded(o.output_channels());
  reserve();
  const Tensor& in = weight("in", 1, 1 + o.guides, o.residual);
  const Tensor& in_bias = bias("in", o.residual);
  const auto width = static_cast<size_t>(state_.residual);
  state_.in_weight.assign(static_cast<size_t>(1 + o.guides) * width, 0.0F);
  state_.in_bias.assign(width, 0.0F);
  for (int input = 0; input <= o.guides; ++input) {
    std::copy_n(in.data() + int64_t{input} * o.residual, o.residual,
                state_.in_weight.begin() + static_cast<ptrdiff_t>(input * state_.residual));
  }
  std::copy(in_bias.values().begin(), in_bias.values().end(), state_.in_bias.begin());
  for (int layer = 0; layer < o.layers; ++layer) pack_layer(layer);
  pack_head();
  make_conditioner();
}

}  // namespace

WaveNetModel::WaveNetModel(std::unique_ptr<const State> state) : state_(std::move(state)) {}
WaveNetModel::~WaveNetModel() = default;
const WaveNetOptions& WaveNetModel::options() const { return state_->options; }
Precision WaveNetModel::precision() const { return state_->precision; }
size_t WaveNetModel::weight_bytes() const { return state_->used_bytes; }

std::shared_ptr<const WaveNetModel> WaveNetModel::compile(const Network& network,
                                                          const WaveNetOptions& options,
                                                          Precision precision, Isa isa) {
  check_wavenet_options(options);
  auto state = std::make_unique<State>();
  state->options = options;
  state->precision = precision;
  state->kernels = &kernels::wavenet_kernels(isa, precision);
  Packer(network, *state).pack();
  return std::shared_ptr<const WaveNetModel>(new WaveNetModel(std::move(state)));
}

}  // namespace bivox
