// Inside of a Plan: its steps, and the arithmetic of which rows exist when. Not for other rooms.
//
// Rows of a buffer are numbered from the beginning of the stream. A step that has seen `n` rows of
// its input has a position p(n): rows computed so far (of an upsampling convolution: groups of
// `stride` rows). Both compile() and the stream use these functions, so the memory laid out is the
// memory used.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "models/nn/kernels/packed_conv1d.h"
#include "models/nn/plan.h"

namespace bivox {

/// One operation and the buffer of rows that it fills; buffers are numbered like their steps.
struct PlanStep {
  Op op = Op::kInput;
  std::string name;
  std::vector<int> inputs;  ///< Steps before this one.
  int residual = -1;        ///< A step whose rows a convolution adds.
  int channels = 0;
  Conv1dGeometry geometry;  ///< kConv1d; of kConvTranspose stride and kernel as in the network.
  int factor = 1;           ///< kRepeat.
  int offset = 0;           ///< kSlice.
  int rows = 0;             ///< kEmbedding.
  float rate = 0.0F;        ///< kScale.
  bool relu = false;
  std::shared_ptr<const PackedConv1d> conv;
  std::vector<float> gain;     ///< kBatchNorm, kLayerNorm; the table of kEmbedding.
  std::vector<float> offsets;  ///< kBatchNorm, kLayerNorm.

  // Memory, in rows but for `place`.
  bool transient = false;  ///< Rows are read in the call that computes them, and not later.
  int64_t start = 0;       ///< Number of the first row of an empty stream: <= 0, zeros before 0.
  int64_t pad_right = 0;   ///< Zeros after the last row.
  int64_t capacity = 0;
  int64_t place = 0;  ///< Floats from the start of the stream's memory.

  struct Reader {
    int step;
    int slot;  ///< Index of its inputs; -1: its residual.
  };
  std::vector<Reader> readers;
  bool is_output = false;

  int up_pad() const { return (geometry.kernel - geometry.stride) / 2; }
  int up_taps() const { return (geometry.kernel + geometry.stride - 1) / geometry.stride; }
};

struct Plan::State {
  PlanOptions options;
  std::vector<PlanStep> steps;
  std::vector<int> inputs;        ///< Steps.
  std::vector<int> input_frames;  ///< Frames a unit.
  std::vector<int> outputs;       ///< Steps.
  std::vector<double> output_rates;
  /// Frames of each step for one unit, as fractions; all repeats after `period` units.
  std::vector<std::pair<int64_t, int64_t>> rates;
  int64_t period = 1;
  std::vector<Network::Context> contexts;
  double multiply_adds_per_unit = 0.0;
  int64_t memory_floats = 0;
  size_t scratch_bytes = 0;
};

/// Gives every step its place in memory: fills transient, capacity, place and memory_floats.
void lay_out_plan(Plan::State& state);

/// Rows that exist of each step, and how far each has come.
struct PlanClock {
  std::vector<int64_t> rows;
  std::vector<int64_t> position;
};

/// Position after as many input rows as `rows` says; `finished`: no more will come.
inline int64_t plan_position(const PlanStep& step, const std::vector<int64_t>& rows,
                             bool finished) {
  const auto count = [&rows](int input) { return rows[static_cast<size_t>(input)]; };
  int64_t n = count(step.inputs[0]);
  switch (step.op) {
    case Op::kConv1d: {
      const Conv1dGeometry& g = step.geometry;
      const int64_t reach = int64_t{g.dilation} * (g.kernel - 1);
      const int64_t padded = n + g.pad_left + (finished ? g.pad_right : 0) - reach;
      n = padded <= 0 ? 0 : (padded - 1) / g.stride + 1;
      break;
    }
    case Op::kConvTranspose:
      if (finished && n > 0) n += (step.up_pad() + step.geometry.stride - 1) / step.geometry.stride;
      break;
    case Op::kRepeat:
      n *= step.factor;
      break;
    default:
      for (const int input : step.inputs) n = std::min(n, count(input));
      break;
  }
  if (step.residual >= 0) n = std::min(n, count(step.residual));
  return n;
}

/// Rows at a position; `input_rows` of its first input matter at the end of an upsampling.
inline int64_t plan_rows(const PlanStep& step, int64_t position, int64_t input_rows) {
  if (step.op != Op::kConvTranspose) return position;
  const int64_t stride = step.geometry.stride;
  return std::clamp<int64_t>(position * stride - step.up_pad(), 0, input_rows * stride);
}

/// The first row of the input in `slot` that a step at `position` still reads.
inline int64_t plan_needed_from(const PlanStep& step, int slot, int64_t position) {
  if (slot < 0) return position;
  if (step.op == Op::kConv1d) {
    return position * step.geometry.stride - step.geometry.pad_left;
  }
  if (step.op == Op::kConvTranspose) return position - (step.up_taps() - 1);
  if (step.op == Op::kRepeat) return position / step.factor;
  return position;
}

/// Moves the clock on to input rows `units` x input_frames (total), or to the end of the stream.
inline void advance_clock(const Plan::State& state, int64_t units, bool finished,
                          PlanClock& clock) {
  for (size_t i = 0; i < state.inputs.size(); ++i) {
    const auto step = static_cast<size_t>(state.inputs[i]);
    clock.rows[step] = clock.position[step] = units * state.input_frames[i];
  }
  for (size_t i = 0; i < state.steps.size(); ++i) {
    const PlanStep& step = state.steps[i];
    if (step.op == Op::kInput) continue;
    clock.position[i] = plan_position(step, clock.rows, finished);
    clock.rows[i] =
        plan_rows(step, clock.position[i], clock.rows[static_cast<size_t>(step.inputs[0])]);
  }
}

/// The first row of a step's buffer that is still read, by steps at these positions. Rows of
/// outputs are the caller's until the next call.
inline int64_t plan_kept_from(const Plan::State& state, size_t index, const PlanClock& clock) {
  const PlanStep& step = state.steps[index];
  int64_t from = clock.rows[index];
  for (const PlanStep::Reader& reader : step.readers) {
    const auto i = static_cast<size_t>(reader.step);
    from = std::min(from, plan_needed_from(state.steps[i], reader.slot, clock.position[i]));
  }
  return from;
}

}  // namespace bivox
