#include "models/nn/wavenet_sampler.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <numbers>
#include <random>
#include <vector>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/io/narrow_floats.h"
#include "models/nn/kernels/wavenet_step.h"
#include "models/nn/losses.h"
#include "models/nn/plan.h"

namespace bivox {
namespace {

using kernels::padded;
using kernels::WaveNetKernels;
using kernels::WaveNetMatrix;
using kernels::WaveNetOperand;

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

// Zeros aligned to cache lines.
using AlignedBytes = std::vector<std::byte>;

}  // namespace

struct WaveNetModel::State {
  WaveNetOptions options;
  Precision precision = Precision::kInt8;
  const WaveNetKernels* kernels = nullptr;
  int residual = 0;  // padded
  int skip = 0;
  int outputs = 0;

  std::vector<float> in_weight;      // [residual]
  std::vector<float> in_bias;        // [residual]
  std::vector<WaveNetMatrix> taps;   // [layers x kernel]
  std::vector<WaveNetMatrix> mixes;  // [layers]: to skip sum and residual
  std::vector<std::vector<float>> mix_biases;
  WaveNetMatrix head1;
  WaveNetMatrix head2;
  std::vector<float> head1_bias;
  std::vector<float> head2_bias;
  std::vector<float> base_condition;        // [layers x 2 residual]: without mel
  std::shared_ptr<const Plan> conditioner;  // mel -> [layers x 2 residual]

  Tensor weights;  // the bytes of all matrices in the order of reading
  std::vector<float> scales;
  std::vector<int32_t> offsets;
  size_t used_bytes = 0;
};

namespace {

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
  const Tensor& in = weight("in", 1, 1, o.residual);
  const Tensor& in_bias = bias("in", o.residual);
  state_.in_weight.assign(static_cast<size_t>(state_.residual), 0.0F);
  state_.in_bias.assign(static_cast<size_t>(state_.residual), 0.0F);
  std::copy(in.values().begin(), in.values().end(), state_.in_weight.begin());
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

// --- Sampling
// --------------------------------------------------------------------------------------

struct WaveNetSampler::Memory {
  Memory(const WaveNetModel::State& model_state, uint64_t seed)
      : model(model_state),
        sums(Tensor({model.skip + model.residual})),
        gates(Tensor({2 * model.residual})),
        hidden(Tensor({model.skip})),
        outputs(Tensor({model.outputs})),
        operand(static_cast<size_t>(std::max(model.skip, model.residual)) *
                model.kernels->operand_bytes),
        gated(operand.size()),
        taps(static_cast<size_t>(model.options.kernel)) {
    const WaveNetOptions& o = model.options;
    row_bytes = static_cast<size_t>(model.residual) * model.kernels->operand_bytes;
    size_t rows = 0;
    for (int layer = 0; layer < o.layers; ++layer) {
      rings.push_back({rows, (o.kernel - 1) * o.dilation(layer) + 1, 0});
      rows += static_cast<size_t>(rings.back().length);
    }
    history.resize(rows * row_bytes);
    history_scales.resize(rows);
    if (model.conditioner != nullptr) {
      conditioner = std::make_unique<PlanStream>(model.conditioner, context);
    }
    reset(seed);
  }

  void reset(uint64_t seed) noexcept {
    bits.seed(seed);
    previous = 0.0F;
    spare_normal = 0.0F;
    has_spare = false;
    // Rows of silence, as a row of zeros is converted.
    gates.fill(0.0F);
    const float scale = model.kernels->convert(gates.data(), model.residual, false, gated.data());
    for (size_t row = 0; row < history_scales.size(); ++row) {
      std::memcpy(history.data() + row * row_bytes, gated.data(), row_bytes);
      history_scales[row] = scale;
    }
    for (Ring& ring : rings) ring.head = 0;
    condition = model.base_condition.data();
    if (conditioner != nullptr) conditioner->reset();
  }

  // The network's outputs when the last audio input is `x`.
  const float* step(float x) noexcept;
  float draw(const float* parameters) noexcept;
  float draw_mixture(const float* parameters) noexcept;
  float draw_level(const float* logits) noexcept;

  void generate(std::span<float> audio) noexcept {
    for (float& y : audio) {
      y = draw(step(previous));
      const WaveNetOptions& o = model.options;
      previous = o.output == WaveNetOutput::kMuLaw
                     ? 2.0F * static_cast<float>(level) / static_cast<float>(o.levels - 1) - 1.0F
                     : y;
    }
  }

  // Samples of the frames that the conditioner has got ready.
  int generate_ready(std::span<float> audio) {
    const PlanRows rows = conditioner->output();
    const auto hop = static_cast<size_t>(model.options.hop);
    BIVOX_CHECK(audio.size() >= static_cast<size_t>(rows.frames) * hop);
    for (int frame = 0; frame < rows.frames; ++frame) {
      condition = rows.row(frame).data();
      generate(audio.subspan(static_cast<size_t>(frame) * hop, hop));
    }
    keep_condition(rows);
    return rows.frames * model.options.hop;
  }

  // generate() may go on under the last frame when the plan's rows have gone.
  void keep_condition(const PlanRows& rows) noexcept {
    if (rows.frames == 0) return;
    const auto last = rows.row(rows.frames - 1);
    std::copy(last.begin(), last.end(), last_condition.begin());
    condition = last_condition.data();
  }

  double uniform() noexcept { return (static_cast<double>(bits() >> 11) + 0.5) * 0x1p-53; }
  float normal() noexcept {  // Box & Muller 1958
    if (has_spare) {
      has_spare = false;
      return spare_normal;
    }
    const double radius = std::sqrt(-2.0 * std::log(uniform()));
    const double angle = 2.0 * std::numbers::pi * uniform();
    spare_normal = static_cast<float>(radius * std::sin(angle));
    has_spare = true;
    return static_cast<float>(radius * std::cos(angle));
  }

  struct Ring {
    size_t first;  // row of the history
    int length;
    int head;
  };

  const WaveNetModel::State& model;
  ComputeContext context{1};
  std::unique_ptr<PlanStream> conditioner;
  Tensor sums;  // skip sum, residual
  Tensor gates;
  Tensor hidden;
  Tensor outputs;
  AlignedBytes operand;
  AlignedBytes gated;
  std::vector<WaveNetOperand> taps;
  std::vector<Ring> rings;
  AlignedBytes history;
  std::vector<float> history_scales;
  size_t row_bytes = 0;
  std::vector<float> last_condition = std::vector<float>(model.base_condition.size());
  const float* condition = nullptr;
  std::mt19937_64 bits;
  float previous = 0.0F;
  float temperature = 1.0F;
  float spare_normal = 0.0F;
  bool has_spare = false;
  int level = 0;
};

const float* WaveNetSampler::Memory::step(float x) noexcept {
  const WaveNetOptions& o = model.options;
  const WaveNetKernels& k = *model.kernels;
  float* skip = sums.data();
  float* residual = skip + model.skip;
  std::fill_n(skip, model.skip, 0.0F);
  for (int c = 0; c < model.residual; ++c) {
    const auto i = static_cast<size_t>(c);
    residual[c] = model.in_weight[i] * x + model.in_bias[i];
  }
  kernels::WaveNetLayer call;
  call.inputs = taps.data();
  call.kernel = o.kernel;
  call.state = sums.data();
  call.gates = gates.data();
  call.gated = gated.data();
  for (int layer = 0; layer < o.layers; ++layer) {
    const auto l = static_cast<size_t>(layer);
    Ring& ring = rings[l];
    const auto newest = ring.first + static_cast<size_t>(ring.head);
    history_scales[newest] =
        k.convert(residual, model.residual, false, history.data() + newest * row_bytes);
    for (int tap = 0; tap < o.kernel; ++tap) {
      int at = ring.head - (o.kernel - 1 - tap) * o.dilation(layer);
      if (at < 0) at += ring.length;
      const size_t row = ring.first + static_cast<size_t>(at);
      taps[static_cast<size_t>(tap)] = {history.data() + row * row_bytes, history_scales[row]};
    }
    ring.head = ring.head + 1 == ring.length ? 0 : ring.head + 1;
    call.taps = &model.taps[l * static_cast<size_t>(o.kernel)];
    call.condition = condition + static_cast<int64_t>(layer) * 2 * model.residual;
    call.output = &model.mixes[l];
    call.bias = model.mix_biases[l].data();
    k.layer(call);
  }
  WaveNetOperand row{operand.data(), k.convert(skip, model.skip, true, operand.data())};
  k.dense(model.head1, row, model.head1_bias.data(), hidden.data());
  row.scale = k.convert(hidden.data(), model.skip, true, operand.data());
  k.dense(model.head2, row, model.head2_bias.data(), outputs.data());
  return outputs.data();
}

float WaveNetSampler::Memory::draw(const float* parameters) noexcept {
  switch (model.options.output) {
    case WaveNetOutput::kLogisticMixture:
      return draw_mixture(parameters);
    case WaveNetOutput::kGaussian: {
      const float deviation =
          std::exp(std::max(parameters[1], GaussianLossOptions{}.min_log_deviation));
      return std::clamp(parameters[0] + temperature * deviation * normal(), -1.0F, 1.0F);
    }
    case WaveNetOutput::kMuLaw:
      return draw_level(parameters);
  }
  return 0.0F;
}

float WaveNetSampler::Memory::draw_mixture(const float* parameters) noexcept {
  const int count = model.options.mixtures;
  const float most = *std::max_element(parameters, parameters + count);
  int component = static_cast<int>(std::find(parameters, parameters + count, most) - parameters);
  if (temperature > 0.0F) {
    float total = 0.0F;
    for (int i = 0; i < count; ++i) total += std::exp(parameters[i] - most);
    float left = static_cast<float>(uniform()) * total;
    for (component = 0; component + 1 < count; ++component) {
      left -= std::exp(parameters[component] - most);
      if (left < 0.0F) break;
    }
  }
  const float mean = parameters[count + component];
  const float scale =
      std::exp(std::max(parameters[2 * count + component], LogisticMixtureOptions{}.min_log_scale));
  const double u = uniform();
  const auto logit = static_cast<float>(std::log(u / (1.0 - u)));
  return std::clamp(mean + temperature * scale * logit, -1.0F, 1.0F);
}

float WaveNetSampler::Memory::draw_level(const float* logits) noexcept {
  const int count = model.options.levels;
  const float most = *std::max_element(logits, logits + count);
  level = static_cast<int>(std::find(logits, logits + count, most) - logits);
  if (temperature > 0.0F) {
    float total = 0.0F;
    for (int i = 0; i < count; ++i) total += std::exp((logits[i] - most) / temperature);
    float left = static_cast<float>(uniform()) * total;
    for (level = 0; level + 1 < count; ++level) {
      left -= std::exp((logits[level] - most) / temperature);
      if (left < 0.0F) break;
    }
  }
  return mu_law_sample(level, count);
}

WaveNetSampler::WaveNetSampler(std::shared_ptr<const WaveNetModel> model, uint64_t seed)
    : model_(std::move(model)), memory_(std::make_unique<Memory>(model_->state(), seed)) {}
WaveNetSampler::~WaveNetSampler() = default;
WaveNetSampler::WaveNetSampler(WaveNetSampler&&) noexcept = default;
WaveNetSampler& WaveNetSampler::operator=(WaveNetSampler&&) noexcept = default;

int WaveNetSampler::accept(std::span<const float> mel, std::span<float> audio) {
  BIVOX_CHECK(memory_->conditioner != nullptr);
  memory_->conditioner->accept(mel);
  return memory_->generate_ready(audio);
}

int WaveNetSampler::finish(std::span<float> audio) {
  BIVOX_CHECK(memory_->conditioner != nullptr);
  memory_->conditioner->finish();
  return memory_->generate_ready(audio);
}

void WaveNetSampler::generate(std::span<float> audio) { memory_->generate(audio); }
void WaveNetSampler::reset(uint64_t seed) { memory_->reset(seed); }

void WaveNetSampler::set_temperature(float temperature) {
  BIVOX_CHECK(temperature >= 0.0F);
  memory_->temperature = temperature;
}

int WaveNetSampler::max_lag() const {
  const WaveNetOptions& o = model_->options();
  return o.mel_bins == 0 ? 0 : o.condition_kernel / 2 * o.hop;
}

void WaveNetSampler::score(std::span<const float> mel, std::span<const float> audio,
                           std::span<float> outputs) {
  const WaveNetOptions& o = model_->options();
  const auto channels = static_cast<size_t>(o.output_channels());
  BIVOX_CHECK(outputs.size() == audio.size() * channels);
  const std::vector<float> history = wavenet_history(o, audio);
  memory_->reset(0);
  size_t t = 0;
  const auto run = [&](size_t samples) {
    for (size_t end = std::min(t + samples, audio.size()); t < end; ++t) {
      std::copy_n(memory_->step(history[t]), channels, outputs.data() + t * channels);
    }
  };
  if (memory_->conditioner == nullptr) {
    run(audio.size());
  } else {
    const auto bins = static_cast<size_t>(o.mel_bins);
    const auto hop = static_cast<size_t>(o.hop);
    BIVOX_CHECK(mel.size() % bins == 0 && mel.size() / bins * hop == audio.size());
    const auto take = [&] {
      const PlanRows rows = memory_->conditioner->output();
      for (int frame = 0; frame < rows.frames; ++frame) {
        memory_->condition = rows.row(frame).data();
        run(hop);
      }
    };
    const size_t chunk = bins * kMaxFrames;
    for (size_t i = 0; i < mel.size(); i += chunk) {
      memory_->conditioner->accept(mel.subspan(i, std::min(chunk, mel.size() - i)));
      take();
    }
    memory_->conditioner->finish();
    take();
  }
  memory_->reset(0);
}

}  // namespace bivox
