// Plan::compile(): from a Network to steps, and from steps to places in memory.
#include <fmt/format.h>

#include <cmath>
#include <numeric>
#include <utility>

#include "dsp/core/check.h"
#include "dsp/core/error.h"
#include "models/nn/ops.h"
#include "models/nn/plan_state.h"

namespace bivox {
namespace {

constexpr int64_t kMaxRate = (int64_t{1} << 31) - 1;

[[noreturn]] void fail(const std::string& node, const std::string& what) {
  throw Error(ErrorCode::kModel, fmt::format("network node \"{}\": {}", node, what));
}

// A step being built: weights are still floats, and inputs are other drafts.
struct Draft {
  PlanStep step;
  std::vector<float> weights;
  std::vector<float> bias;
  bool alive = true;
};

class Compiler {
 public:
  Compiler(const Network& network, const PlanOptions& options)
      : network_(network), state_(std::make_unique<Plan::State>()) {
    BIVOX_CHECK(options.max_chunk >= 1);
    state_->options = options;
  }
  std::unique_ptr<Plan::State> compile() {
    draft_nodes();
    fuse();
    schedule();
    set_rates();
    list_steps();
    lay_out_plan(*state_);
    for (Draft& draft : drafts_) pack(draft);
    finish_state();
    return std::move(state_);
  }

 private:
  Draft& draft(int id) { return drafts_[static_cast<size_t>(id)]; }
  std::span<const float> parameter(const NetworkNode& node, size_t i) const {
    return network_.parameter(node.parameters[i]).value.values();
  }
  void draft_nodes();
  void draft_weights(const NetworkNode& node, Draft& draft);
  void split_sum(Draft draft);
  void count_readers();
  int only_reader(int id) const;
  void fuse();
  bool fold_affine(Draft& conv, const Draft& reader);
  bool fuse_residual(int conv, int reader);
  void replace(int old_id, int new_id);
  void schedule();
  void set_rates();
  void list_steps();
  void pack(Draft& draft) const;
  void finish_state();

  const Network& network_;
  std::unique_ptr<Plan::State> state_;
  std::vector<Draft> drafts_;
  std::vector<int> of_node_;               // draft that holds a node's result
  std::vector<std::vector<int>> readers_;  // of drafts, without outputs
  std::vector<int> output_drafts_;
  std::vector<int> input_drafts_;
};

// --- Nodes to drafts -----------------------------------------------------------------------------

void Compiler::draft_nodes() {
  const auto& nodes = network_.nodes();
  std::vector<char> needed(nodes.size(), 0);
  for (const NodeId id : network_.outputs()) needed[static_cast<size_t>(id)] = 1;
  for (size_t i = nodes.size(); i-- > 0;) {
    if (needed[i] == 0) continue;
    for (const NodeId input : nodes[i].inputs) needed[static_cast<size_t>(input)] = 1;
  }
  for (size_t i = 0; i < nodes.size(); ++i) {
    const NetworkNode& node = nodes[i];
    if (node.op == Op::kDropout) {
      of_node_.push_back(of_node_[static_cast<size_t>(node.inputs[0])]);
      continue;
    }
    if (needed[i] == 0 && node.op != Op::kInput) {
      of_node_.push_back(-1);
      continue;
    }
    Draft draft;
    draft.step.op = node.op;
    draft.step.name = node.name;
    draft.step.channels = node.channels;
    draft.step.geometry = node.geometry;
    draft.step.factor = node.factor;
    draft.step.offset = node.offset;
    draft.step.rows = node.rows;
    draft.step.rate = node.rate;
    for (const NodeId input : node.inputs) {
      draft.step.inputs.push_back(of_node_[static_cast<size_t>(input)]);
    }
    draft_weights(node, draft);
    if (node.op == Op::kInput) input_drafts_.push_back(static_cast<int>(drafts_.size()));
    if (node.op == Op::kAdd) {
      split_sum(std::move(draft));
    } else {
      drafts_.push_back(std::move(draft));
    }
    of_node_.push_back(static_cast<int>(drafts_.size()) - 1);
  }
  for (const NodeId id : network_.outputs()) {
    output_drafts_.push_back(of_node_[static_cast<size_t>(id)]);
  }
}

void Compiler::draft_weights(const NetworkNode& node, Draft& draft) {
  const auto copy = [](std::span<const float> values) {
    return std::vector<float>(values.begin(), values.end());
  };
  switch (node.op) {
    case Op::kConv1d:
    case Op::kConvTranspose:
      draft.weights = copy(parameter(node, 0));
      draft.bias = node.has_bias ? copy(parameter(node, 1))
                                 : std::vector<float>(static_cast<size_t>(node.channels), 0.0F);
      break;
    case Op::kBatchNorm: {
      const auto gain = parameter(node, 0);
      const auto offset = parameter(node, 1);
      const auto mean = parameter(node, 2);
      const auto variance = parameter(node, 3);
      for (size_t c = 0; c < gain.size(); ++c) {
        const float scale = gain[c] / std::sqrt(variance[c] + kNormEpsilon);
        draft.step.gain.push_back(scale);
        draft.step.offsets.push_back(offset[c] - mean[c] * scale);
      }
      break;
    }
    case Op::kLayerNorm:
      draft.step.gain = copy(parameter(node, 0));
      draft.step.offsets = copy(parameter(node, 1));
      break;
    case Op::kEmbedding:
      draft.step.gain = copy(parameter(node, 0));
      break;
    default:
      break;
  }
}

// A sum of many becomes a chain of sums of two, so that each term can be done by its convolution.
void Compiler::split_sum(Draft draft) {
  const std::vector<int> terms = draft.step.inputs;
  int sum = terms[0];
  for (size_t i = 1; i < terms.size(); ++i) {
    Draft two;
    two.step = draft.step;
    two.step.inputs = {sum, terms[i]};
    drafts_.push_back(std::move(two));
    sum = static_cast<int>(drafts_.size()) - 1;
  }
}

// --- Fusion --------------------------------------------------------------------------------------

void Compiler::count_readers() {
  readers_.assign(drafts_.size(), {});
  for (size_t i = 0; i < drafts_.size(); ++i) {
    if (!drafts_[i].alive) continue;
    for (const int input : drafts_[i].step.inputs) {
      readers_[static_cast<size_t>(input)].push_back(static_cast<int>(i));
    }
    const int residual = drafts_[i].step.residual;
    if (residual >= 0) readers_[static_cast<size_t>(residual)].push_back(static_cast<int>(i));
  }
}

// The draft that alone reads this one, or -1.
int Compiler::only_reader(int id) const {
  const auto& readers = readers_[static_cast<size_t>(id)];
  if (readers.size() != 1) return -1;
  for (const int output : output_drafts_) {
    if (output == id) return -1;
  }
  return readers[0];
}

// Batch norm and constant factors into the weights. Not behind a ReLU or a sum.
bool Compiler::fold_affine(Draft& conv, const Draft& reader) {
  const bool norm = reader.step.op == Op::kBatchNorm;
  if ((!norm && reader.step.op != Op::kScale) || conv.step.relu || conv.step.residual >= 0) {
    return false;
  }
  const size_t channels = conv.bias.size();
  for (size_t i = 0; i < conv.weights.size(); ++i) {
    conv.weights[i] *= norm ? reader.step.gain[i % channels] : reader.step.rate;
  }
  for (size_t c = 0; c < channels; ++c) {
    conv.bias[c] = norm ? conv.bias[c] * reader.step.gain[c] + reader.step.offsets[c]
                        : conv.bias[c] * reader.step.rate;
  }
  return true;
}

// y = conv(x) + r becomes one step, when r does not come after it in the order of drafts.
bool Compiler::fuse_residual(int conv, int reader) {
  Draft& from = draft(conv);
  if (draft(reader).step.op != Op::kAdd || from.step.op != Op::kConv1d || from.step.relu ||
      from.step.residual >= 0) {
    return false;
  }
  const std::vector<int>& terms = draft(reader).step.inputs;
  const int other = terms[0] == conv ? terms[1] : terms[0];
  if (other == conv) return false;
  from.step.residual = other;
  return true;
}

// The result of `new_id` stands for that of `old_id`.
void Compiler::replace(int old_id, int new_id) {
  for (Draft& other : drafts_) {
    for (int& input : other.step.inputs) {
      if (input == old_id) input = new_id;
    }
    if (other.step.residual == old_id) other.step.residual = new_id;
  }
  for (int& output : output_drafts_) {
    if (output == old_id) output = new_id;
  }
  draft(old_id).alive = false;
  draft(old_id).step.inputs.clear();
}

void Compiler::fuse() {
  count_readers();
  // The last term of a sum first: what comes before it is computed by then.
  for (int id = static_cast<int>(drafts_.size()) - 1; id >= 0; --id) {
    const Op op = draft(id).step.op;
    if (op != Op::kConv1d && op != Op::kConvTranspose) continue;
    while (true) {
      const int reader = only_reader(id);
      if (reader < 0) break;
      if (!fold_affine(draft(id), draft(reader)) && !fuse_residual(id, reader)) {
        if (draft(reader).step.op != Op::kRelu || draft(id).step.relu) break;
        draft(id).step.relu = true;
      }
      replace(reader, id);
      count_readers();
    }
  }
}

// Drafts that are left in the order of the network, but sums as soon as their terms are there: what
// they add need not be kept then.
void Compiler::schedule() {
  std::vector<int> place(drafts_.size(), -1);
  std::vector<Draft> ordered;
  while (true) {
    int next = -1;
    for (size_t i = 0; i < drafts_.size(); ++i) {
      if (!drafts_[i].alive || place[i] >= 0) continue;
      const PlanStep& step = drafts_[i].step;
      bool ready = step.residual < 0 || place[static_cast<size_t>(step.residual)] >= 0;
      for (const int input : step.inputs) {
        ready = ready && place[static_cast<size_t>(input)] >= 0;
      }
      if (ready && (next < 0 || step.op == Op::kAdd)) next = static_cast<int>(i);
      if (ready && step.op == Op::kAdd) break;
    }
    if (next < 0) break;
    place[static_cast<size_t>(next)] = static_cast<int>(ordered.size());
    ordered.push_back(std::move(draft(next)));
  }
  for (Draft& draft : ordered) {
    for (int& input : draft.step.inputs) input = place[static_cast<size_t>(input)];
    int& residual = draft.step.residual;
    if (residual >= 0) residual = place[static_cast<size_t>(residual)];
  }
  for (int& output : output_drafts_) output = place[static_cast<size_t>(output)];
  for (int& input : input_drafts_) input = place[static_cast<size_t>(input)];
  drafts_ = std::move(ordered);
}

// --- Rates ---------------------------------------------------------------------------------------

// Frames of every step for one unit, as fractions. A branch that comes from another input than the
// first gets its input's rate at the place where it joins.
void Compiler::set_rates() {
  using Rate = std::pair<int64_t, int64_t>;
  // Terms stay below 2^31, so products of two fit.
  const auto reduced = [](int64_t a, int64_t b) {
    const int64_t divisor = std::gcd(a, b);
    const Rate rate(a / divisor, b / divisor);
    if (std::max(rate.first, rate.second) > kMaxRate) {
      throw Error(ErrorCode::kModel, "network: its frame rates are too far apart");
    }
    return rate;
  };
  // Rates relative to an input, and groups of inputs whose ratio is known.
  const size_t count = drafts_.size();
  std::vector<Rate> relative(count, {1, 1});
  std::vector<int> origin(count, -1);
  for (const int input : input_drafts_) origin[static_cast<size_t>(input)] = input;
  const auto rescale = [&](int from, int to, Rate factor) {
    for (size_t i = 0; i < count; ++i) {
      if (origin[i] != from) continue;
      origin[i] = to;
      relative[i] = reduced(relative[i].first * factor.first, relative[i].second * factor.second);
    }
  };
  for (size_t i = 0; i < count; ++i) {
    const PlanStep& step = drafts_[i].step;
    if (step.op == Op::kInput) continue;
    std::vector<int> sources = step.inputs;
    const auto first = static_cast<size_t>(sources[0]);
    Rate rate = relative[first];
    if (step.op == Op::kConv1d) rate = reduced(rate.first, rate.second * step.geometry.stride);
    if (step.op == Op::kConvTranspose) {
      rate = reduced(rate.first * step.geometry.stride, rate.second);
    }
    if (step.op == Op::kRepeat) rate = reduced(rate.first * step.factor, rate.second);
    relative[i] = rate;
    origin[i] = origin[first];
    if (step.residual >= 0) sources.push_back(step.residual);
    for (size_t s = 1; s < sources.size(); ++s) {
      const auto other = static_cast<size_t>(sources[s]);
      if (origin[other] != origin[i]) {
        // rate_i r(origin_i) = rate_other r(origin_other)
        rescale(origin[other], origin[i],
                reduced(relative[i].first * relative[other].second,
                        relative[i].second * relative[other].first));
      }
      if (relative[other] != relative[i]) {
        fail(step.name, fmt::format("\"{}\" and \"{}\" run at different frame rates",
                                    drafts_[first].step.name, drafts_[other].step.name));
      }
    }
  }
  // Whole numbers for the inputs, then units until every step has advanced by whole numbers.
  int64_t scale = 1;
  for (const int input : input_drafts_) {
    scale = std::lcm(scale, relative[static_cast<size_t>(input)].second);
    if (scale > Plan::kMaxContextUnits) {
      fail(drafts_[static_cast<size_t>(input)].step.name, "its frame rate does not fit the others");
    }
  }
  int64_t common = 0;
  for (const int input : input_drafts_) {
    const Rate rate = relative[static_cast<size_t>(input)];
    common = std::gcd(common, rate.first * (scale / rate.second));
  }
  if (common > kMaxRate) fail(drafts_[0].step.name, "its frame rate does not fit the others");
  for (const int input : input_drafts_) {
    const Rate rate = relative[static_cast<size_t>(input)];
    const int64_t frames = rate.first * (scale / rate.second) / common;
    if (frames > Plan::kMaxContextUnits) {
      fail(drafts_[static_cast<size_t>(input)].step.name, "its frame rate does not fit the others");
    }
    state_->input_frames.push_back(static_cast<int>(frames));
  }
  for (size_t i = 0; i < count; ++i) {
    state_->rates.push_back(reduced(relative[i].first * scale, relative[i].second * common));
    state_->period = std::lcm(state_->period, state_->rates.back().second);
    if (state_->period > Plan::kMaxContextUnits) {
      fail(drafts_[i].step.name, "frame rates of the network do not fit each other");
    }
  }
}

// Steps with their readers, and what of their buffers does not depend on chunks.
void Compiler::list_steps() {
  auto& steps = state_->steps;
  for (const Draft& draft : drafts_) steps.push_back(draft.step);
  state_->inputs = input_drafts_;
  state_->outputs = output_drafts_;
  for (const int output : output_drafts_) steps[static_cast<size_t>(output)].is_output = true;
  for (size_t i = 0; i < steps.size(); ++i) {
    for (size_t slot = 0; slot < steps[i].inputs.size(); ++slot) {
      steps[static_cast<size_t>(steps[i].inputs[slot])].readers.push_back(
          {static_cast<int>(i), static_cast<int>(slot)});
    }
    if (steps[i].residual >= 0) {
      steps[static_cast<size_t>(steps[i].residual)].readers.push_back({static_cast<int>(i), -1});
    }
  }
  for (PlanStep& step : steps) {
    if (step.op == Op::kConvTranspose) step.start = -step.up_pad();
    for (const PlanStep::Reader& reader : step.readers) {
      const PlanStep& by = steps[static_cast<size_t>(reader.step)];
      step.start = std::min(step.start, plan_needed_from(by, reader.slot, 0));
      if (reader.slot >= 0 && by.op == Op::kConv1d) {
        step.pad_right = std::max<int64_t>(step.pad_right, by.geometry.pad_right);
      } else if (reader.slot >= 0 && by.op == Op::kConvTranspose) {
        const int stride = by.geometry.stride;
        step.pad_right = std::max<int64_t>(step.pad_right, (by.up_pad() + stride - 1) / stride);
      }
    }
  }
}

// --- Weights -------------------------------------------------------------------------------------

// y[q stride + r - pad] = sum_j x[q - j] w[r + j stride]: an ordinary convolution over the last
// `taps` rows whose outputs are `stride` rows one after another.
std::vector<float> upsampling_weights(const PlanStep& step, std::span<const float> w) {
  const Conv1dGeometry& g = step.geometry;
  const auto taps = static_cast<size_t>(step.up_taps());
  const auto inputs = static_cast<size_t>(g.inputs);
  const auto outputs = static_cast<size_t>(g.outputs);
  const auto stride = static_cast<size_t>(g.stride);
  std::vector<float> packed(taps * inputs * stride * outputs, 0.0F);
  for (size_t tap = 0; tap < taps; ++tap) {
    for (size_t r = 0; r < stride; ++r) {
      const size_t k = r + (taps - 1 - tap) * stride;
      if (k >= static_cast<size_t>(g.kernel)) continue;
      for (size_t i = 0; i < inputs; ++i) {
        std::copy_n(w.data() + (k * inputs + i) * outputs, outputs,
                    packed.data() + ((tap * inputs + i) * stride + r) * outputs);
      }
    }
  }
  return packed;
}

void Compiler::pack(Draft& draft) const {
  const auto index = static_cast<size_t>(&draft - drafts_.data());
  PlanStep& step = state_->steps[index];
  if (step.op != Op::kConv1d && step.op != Op::kConvTranspose) return;
  const PlanOptions& options = state_->options;
  const auto& names = options.float32_nodes;
  const bool exact = std::find(names.begin(), names.end(), step.name) != names.end();
  PackedConv1d::Options packing;
  packing.precision = exact ? Precision::kFloat32 : options.precision;
  packing.relu = step.relu;
  packing.isa = options.isa;
  Conv1dGeometry geometry = step.geometry;
  if (step.op == Op::kConvTranspose) {
    draft.weights = upsampling_weights(step, draft.weights);
    std::vector<float> bias;
    for (int r = 0; r < geometry.stride; ++r) {
      bias.insert(bias.end(), draft.bias.begin(), draft.bias.end());
    }
    draft.bias = std::move(bias);
    geometry.outputs *= geometry.stride;
    geometry.kernel = step.up_taps();
    geometry.stride = 1;
  }
  geometry.pad_left = 0;
  geometry.pad_right = 0;
  step.conv = std::make_shared<PackedConv1d>(geometry, draft.weights, draft.bias, packing);
}

void Compiler::finish_state() {
  const auto rate_of = [this](int step) {
    const auto& [frames, units] = state_->rates[static_cast<size_t>(step)];
    return static_cast<double>(frames) / static_cast<double>(units);
  };
  for (size_t i = 0; i < output_drafts_.size(); ++i) {
    state_->output_rates.push_back(rate_of(output_drafts_[i]));
    const Network::Context context = network_.context(network_.outputs()[i]);
    const int frames = state_->input_frames.empty() ? 1 : state_->input_frames[0];
    state_->contexts.push_back(
        {(context.left + frames - 1) / frames, (context.right + frames - 1) / frames});
  }
  for (size_t i = 0; i < state_->steps.size(); ++i) {
    const PlanStep& step = state_->steps[i];
    const double rows = rate_of(static_cast<int>(i));
    if (step.op == Op::kConv1d) {
      state_->multiply_adds_per_unit += rows * static_cast<double>(step.geometry.multiply_adds());
    } else if (step.op == Op::kConvTranspose) {
      state_->multiply_adds_per_unit +=
          rows / step.geometry.stride * static_cast<double>(step.geometry.num_weights());
    }
    if (step.conv == nullptr) continue;
    // Most rows that a call computes: its buffer holds them all.
    const int stride = step.op == Op::kConvTranspose ? step.geometry.stride : 1;
    const auto most = static_cast<int>(step.capacity / stride + 1);
    state_->scratch_bytes = std::max(state_->scratch_bytes, step.conv->scratch_bytes(most));
  }
}

}  // namespace

std::shared_ptr<const Plan> Plan::compile(const Network& network, const PlanOptions& options) {
  BIVOX_CHECK(!network.outputs().empty());
  return std::shared_ptr<const Plan>(new Plan(Compiler(network, options).compile()));
}

}  // namespace bivox
