#include "models/nn/plan.h"

#include <fmt/format.h>

#include <cmath>
#include <cstring>
#include <utility>

#include "dsp/core/check.h"
#include "models/nn/kernels/elementwise.h"
#include "models/nn/ops.h"
#include "models/nn/plan_state.h"

namespace bivox {
namespace {

// Rows [first, end) of one step's buffer lie at `data`.
struct Buffer {
  float* data = nullptr;
  int64_t first = 0;
};

}  // namespace

Plan::Plan(std::unique_ptr<const State> state) : state_(std::move(state)) {}
Plan::~Plan() = default;

Precision Plan::precision() const { return state_->options.precision; }
int Plan::max_chunk() const { return state_->options.max_chunk; }
int Plan::num_inputs() const { return static_cast<int>(state_->inputs.size()); }
int Plan::input_channels(int input) const {
  return state_->steps[static_cast<size_t>(state_->inputs[static_cast<size_t>(input)])].channels;
}
int Plan::input_frames(int input) const { return state_->input_frames[static_cast<size_t>(input)]; }
int Plan::num_outputs() const { return static_cast<int>(state_->outputs.size()); }
int Plan::output_channels(int output) const {
  return state_->steps[static_cast<size_t>(state_->outputs[static_cast<size_t>(output)])].channels;
}
double Plan::output_rate(int output) const {
  return state_->output_rates[static_cast<size_t>(output)];
}
Network::Context Plan::context(int output) const {
  return state_->contexts[static_cast<size_t>(output)];
}
double Plan::multiply_adds_per_unit() const { return state_->multiply_adds_per_unit; }

size_t Plan::weight_bytes() const {
  size_t bytes = 0;
  for (const PlanStep& step : state_->steps) {
    bytes += (step.gain.size() + step.offsets.size()) * sizeof(float);
    if (step.conv != nullptr) bytes += step.conv->weight_bytes();
  }
  return bytes;
}

std::string Plan::text() const {
  std::string text;
  for (const PlanStep& step : state_->steps) {
    text += fmt::format("{} {}", step.name, op_name(step.op));
    for (const int input : step.inputs) {
      text += fmt::format(" {}", state_->steps[static_cast<size_t>(input)].name);
    }
    if (step.residual >= 0) {
      text += fmt::format(" + {}", state_->steps[static_cast<size_t>(step.residual)].name);
    }
    text += fmt::format("{} [{} x {}]{}\n", step.relu ? " relu" : "", step.capacity, step.channels,
                        step.transient ? " shared" : "");
  }
  return text;
}

struct PlanStream::Memory {
  Memory(const Plan::State& plan_state, ComputeContext& compute)
      : state(plan_state),
        context(compute),
        floats(Tensor::uninitialized({plan_state.memory_floats})),
        scratch(Tensor::uninitialized({static_cast<int64_t>(
            (plan_state.scratch_bytes + sizeof(float) - 1) / sizeof(float))})),
        buffers(plan_state.steps.size()),
        whole_rows(1) {
    for (size_t i = 0; i < buffers.size(); ++i) {
      const PlanStep& step = state.steps[i];
      buffers[i].data = floats.data() + step.place;
      if (step.op == Op::kLayerNorm) most_rows = std::max(most_rows, step.capacity);
    }
    statistics.resize(static_cast<size_t>(2 * most_rows));
    before.rows.resize(buffers.size());
    before.position.resize(buffers.size());
    after = before;
    reset();
  }

  void reset() noexcept {
    units = 0;
    finished = false;
    std::fill(before.rows.begin(), before.rows.end(), 0);
    std::fill(before.position.begin(), before.position.end(), 0);
    std::fill(after.rows.begin(), after.rows.end(), 0);
    std::fill(after.position.begin(), after.position.end(), 0);
    for (size_t i = 0; i < buffers.size(); ++i) {
      const PlanStep& step = state.steps[i];
      buffers[i].first = step.start;
      std::fill_n(buffers[i].data, -step.start * step.channels, 0.0F);
    }
  }

  float* row(size_t step, int64_t number) noexcept {
    Buffer& buffer = buffers[step];
    return buffer.data + (number - buffer.first) * state.steps[step].channels;
  }
  const float* input_row(const PlanStep& step, size_t slot, int64_t number) noexcept {
    return row(static_cast<size_t>(step.inputs[slot]), number);
  }

  // Moves the clock and makes room for the rows to come.
  void begin(int64_t new_units, bool at_end) noexcept {
    before.rows.swap(after.rows);
    before.position.swap(after.position);
    units = new_units;
    finished = at_end;
    advance_clock(state, units, finished, after);
    for (size_t i = 0; i < buffers.size(); ++i) make_room(i);
  }

  void make_room(size_t i) noexcept {
    const PlanStep& step = state.steps[i];
    Buffer& buffer = buffers[i];
    const int64_t kept = std::max(plan_kept_from(state, i, before), step.start);
    int64_t end = after.rows[i] + (finished ? step.pad_right : 0);
    if (step.op == Op::kConvTranspose) {
      end = std::max(end, after.position[i] * step.geometry.stride - step.up_pad());
    }
    if (end - buffer.first <= step.capacity && !step.transient) return;
    const int64_t rows = before.rows[i] - kept;
    std::memmove(buffer.data, row(i, kept),
                 static_cast<size_t>(rows * step.channels) * sizeof(float));
    buffer.first = kept;
  }

  void run_steps() noexcept {
    for (size_t i = 0; i < buffers.size(); ++i) {
      const PlanStep& step = state.steps[i];
      if (step.op != Op::kInput && after.position[i] > before.position[i]) compute(i, step);
      if (!finished || step.pad_right == 0) continue;
      std::fill_n(row(i, after.rows[i]), step.pad_right * step.channels, 0.0F);
    }
  }

  void compute(size_t i, const PlanStep& step) noexcept;
  void convolve(size_t i, const PlanStep& step) noexcept;
  void copy_channels(const PlanStep& step, size_t slot, int64_t first, int64_t rows, int offset,
                     int channels, float* to) noexcept;

  const Plan::State& state;
  ComputeContext& context;
  ComputeContext serial{1};  // for the light work: waking a thread costs more
  Tensor floats;
  Tensor scratch;
  std::vector<Buffer> buffers;
  std::vector<RowBlock> whole_rows;
  std::vector<float> statistics;
  int64_t most_rows = 0;
  PlanClock before;
  PlanClock after;
  int64_t units = 0;
  bool finished = false;
};

void PlanStream::Memory::convolve(size_t i, const PlanStep& step) noexcept {
  const int64_t position = before.position[i];
  PackedConv1d::Run run;
  run.frames = static_cast<int>(after.position[i] - position);
  run.x = input_row(step, 0, plan_needed_from(step, 0, position));
  int64_t first = position;
  if (step.op == Op::kConvTranspose) first = position * step.geometry.stride - step.up_pad();
  run.y = row(i, first);
  if (step.residual >= 0) run.add = row(static_cast<size_t>(step.residual), position);
  run.scratch = reinterpret_cast<std::byte*>(scratch.data());
  step.conv->run(context, run);
  if (first < 0) std::fill_n(run.y, -first * step.channels, 0.0F);  // before the stream: zeros
}

void PlanStream::Memory::copy_channels(const PlanStep& step, size_t slot, int64_t first,
                                       int64_t rows, int offset, int channels, float* to) noexcept {
  const int width = state.steps[static_cast<size_t>(step.inputs[slot])].channels;
  const float* from = input_row(step, slot, first) + offset;
  for (int64_t r = 0; r < rows; ++r) {
    std::memcpy(to + r * step.channels, from + r * width,
                static_cast<size_t>(channels) * sizeof(float));
  }
}

void PlanStream::Memory::compute(size_t i, const PlanStep& step) noexcept {
  const int64_t first = before.rows[i];
  const int64_t rows = after.rows[i] - first;
  const int64_t count = rows * step.channels;
  float* y = row(i, first);
  const float* x = step.op == Op::kRepeat ? nullptr : input_row(step, 0, first);
  switch (step.op) {
    case Op::kInput:
    case Op::kDropout:
      break;
    case Op::kConv1d:
    case Op::kConvTranspose:
      convolve(i, step);
      break;
    case Op::kEmbedding:
      for (int64_t r = 0; r < rows; ++r) {
        // Below the table, or not a number: row 0. Above it: the last row.
        const float index = x[r] > 0.0F ? std::min(x[r], static_cast<float>(step.rows - 1)) : 0.0F;
        std::memcpy(
            y + r * step.channels,
            step.gain.data() +
                std::min<int64_t>(static_cast<int64_t>(index), step.rows - 1) * step.channels,
            static_cast<size_t>(step.channels) * sizeof(float));
      }
      break;
    case Op::kRepeat:
      for (int64_t r = 0; r < rows; ++r) {
        std::memcpy(y + r * step.channels, input_row(step, 0, (first + r) / step.factor),
                    static_cast<size_t>(step.channels) * sizeof(float));
      }
      break;
    case Op::kBatchNorm:
      whole_rows[0] = {0, rows};
      elementwise::affine(serial, whole_rows, step.channels, x, step.gain.data(),
                          step.offsets.data(), false, y);
      break;
    case Op::kLayerNorm:
      elementwise::layer_norm(serial, rows, step.channels, x, step.gain.data(), step.offsets.data(),
                              kNormEpsilon, y, statistics.data(), statistics.data() + rows);
      break;
    case Op::kRelu:
      elementwise::apply(serial, elementwise::Map::kRelu, count, x, y);
      break;
    case Op::kTanh:
      elementwise::apply(serial, elementwise::Map::kTanh, count, x, y);
      break;
    case Op::kSigmoid:
      elementwise::apply(serial, elementwise::Map::kSigmoid, count, x, y);
      break;
    case Op::kGate:
      elementwise::gate(serial, elementwise::Gate::kTanh, rows, step.channels, x, y);
      break;
    case Op::kGlu:
      elementwise::gate(serial, elementwise::Gate::kLinear, rows, step.channels, x, y);
      break;
    case Op::kAdd:
      elementwise::add(serial, count, x, 1.0F, input_row(step, 1, first), y);
      break;
    case Op::kScale:
      elementwise::scale(serial, count, step.rate, x, y);
      break;
    case Op::kConcat: {
      int offset = 0;
      for (size_t slot = 0; slot < step.inputs.size(); ++slot) {
        const int width = state.steps[static_cast<size_t>(step.inputs[slot])].channels;
        copy_channels(step, slot, first, rows, 0, width, y + offset);
        offset += width;
      }
      break;
    }
    case Op::kSlice:
      copy_channels(step, 0, first, rows, step.offset, step.channels, y);
      break;
  }
}

PlanStream::PlanStream(std::shared_ptr<const Plan> plan, ComputeContext& context)
    : plan_(std::move(plan)), memory_(std::make_unique<Memory>(plan_->state(), context)) {}
PlanStream::~PlanStream() = default;
PlanStream::PlanStream(PlanStream&&) noexcept = default;
PlanStream& PlanStream::operator=(PlanStream&&) noexcept = default;

void PlanStream::accept(std::span<const float> rows) {
  accept(std::span<const std::span<const float>>(&rows, 1));
}

void PlanStream::accept(std::span<const std::span<const float>> inputs) {
  const Plan::State& state = plan_->state();
  BIVOX_CHECK(!memory_->finished && inputs.size() == state.inputs.size());
  int64_t units = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto unit = static_cast<size_t>(state.input_frames[i]) *
                      static_cast<size_t>(plan_->input_channels(static_cast<int>(i)));
    if (i == 0) units = static_cast<int64_t>(inputs[i].size() / unit);
    BIVOX_CHECK(inputs[i].size() == static_cast<size_t>(units) * unit);
  }
  BIVOX_CHECK(units <= state.options.max_chunk);
  memory_->begin(memory_->units + units, false);
  for (size_t i = 0; i < inputs.size(); ++i) {
    const auto step = static_cast<size_t>(state.inputs[i]);
    std::copy(inputs[i].begin(), inputs[i].end(), memory_->row(step, memory_->before.rows[step]));
  }
  memory_->run_steps();
}

void PlanStream::finish() {
  BIVOX_CHECK(!memory_->finished);
  memory_->begin(memory_->units, true);
  memory_->run_steps();
}

void PlanStream::reset() { memory_->reset(); }

PlanRows PlanStream::output(int output) const {
  const auto step = static_cast<size_t>(plan_->state().outputs[static_cast<size_t>(output)]);
  const int64_t first = memory_->before.rows[step];
  return {memory_->row(step, first), static_cast<int>(memory_->after.rows[step] - first),
          plan_->state().steps[step].channels};
}

Tensor run_plan(const std::shared_ptr<const Plan>& plan, ComputeContext& context,
                std::span<const float> rows) {
  PlanStream stream(plan, context);
  std::vector<float> results;
  const auto unit = static_cast<size_t>(plan->input_frames(0) * plan->input_channels(0));
  const size_t chunk = unit * static_cast<size_t>(plan->max_chunk());
  const auto take = [&] {
    const auto values = stream.output().values();
    results.insert(results.end(), values.begin(), values.end());
  };
  for (size_t i = 0; i < rows.size(); i += chunk) {
    stream.accept(rows.subspan(i, std::min(chunk, rows.size() - i)));
    take();
  }
  stream.finish();
  take();
  const int channels = plan->output_channels(0);
  return Tensor::from({static_cast<int64_t>(results.size()) / channels, channels}, results);
}

}  // namespace bivox
