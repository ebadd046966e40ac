// A trained network made ready to run: compiled once, then streamed by many without allocating.
//
// compile() takes a Network apart and puts it together for speed: batch norms and constant factors
// are folded into the convolutions before them, w' = w g / sqrt(v + e), b' = (b - m) g / sqrt(v +
// e)
// + o; dropout disappears; ReLU and sums (residual, skip) are done by the convolution that comes
// last; upsampling convolutions become ordinary ones with `stride` times the channels; weights are
// packed in the chosen precision (packed_conv1d.h); the place of every row in memory is laid out
// for the largest chunk, and what lives only within a chunk shares memory.
//
// A PlanStream turns rows into rows. Each operation computes what its inputs allow, so results lag
// by exactly the right context, and finish() flushes them as if zeros followed at every layer, as
// Network::forward does. Any chunking gives the same bits as one call (tested), and the result of
// forward() up to the rounding of the folded weights.
//
//   auto plan = Plan::compile(network, {.precision = Precision::kBfloat16});
//   PlanStream stream(plan, context);
//   stream.accept(rows);   use(stream.output());   ...   stream.finish();   use(stream.output());
//
// Rates: a network may have inputs of different frame rates (audio samples and mel frames). They
// advance together in units: one unit is input_frames(i) frames of input i, the smallest whole
// numbers that fit; of a network with one input a unit is a frame.
//
// Shapes: rows are [frames x channels]. Thread rule: a Plan is immutable, share it; a PlanStream
// belongs to one thread at a time, as does its context. accept(), finish() and reset() do not
// allocate. Errors: Error(kModel) from compile() for networks whose branches do not run at one rate
// or whose context is beyond kMaxContextUnits; BIVOX_CHECK for chunks of a wrong size.
// Test: tests/models/nn/plan_test.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "models/nn/kernels/compute.h"
#include "models/nn/network.h"

namespace bivox {

struct PlanOptions {
  Precision precision = Precision::kFloat32;
  int max_chunk = 64;  ///< Most units of one accept(): memory grows with it, results do not change.
  Isa isa = best_isa();
  /// Names of convolutions to be kept in float32 whatever the precision.
  std::vector<std::string> float32_nodes = {};
};

/// Rows of one output; valid until the stream's next call.
struct PlanRows {
  const float* data = nullptr;
  int frames = 0;
  int channels = 0;

  std::span<const float> values() const {
    return {data, static_cast<size_t>(frames) * static_cast<size_t>(channels)};
  }
  std::span<const float> row(int frame) const {
    return values().subspan(static_cast<size_t>(frame) * static_cast<size_t>(channels),
                            static_cast<size_t>(channels));
  }
};

class Plan {
 public:
  static constexpr int64_t kMaxContextUnits = int64_t{1} << 18;

  static std::shared_ptr<const Plan> compile(const Network& network,
                                             const PlanOptions& options = {});
  ~Plan();
  Plan(const Plan&) = delete;
  Plan& operator=(const Plan&) = delete;

  Precision precision() const;
  int max_chunk() const;
  int num_inputs() const;
  int input_channels(int input = 0) const;
  /// Frames of this input in one unit.
  int input_frames(int input = 0) const;
  int num_outputs() const;
  int output_channels(int output = 0) const;
  /// Frames of this output for one unit, on average.
  double output_rate(int output = 0) const;
  /// What an output frame depends on, in units before and after its own.
  Network::Context context(int output = 0) const;

  /// Multiply-adds for one unit: the same for every input, known ahead.
  double multiply_adds_per_unit() const;
  /// Operations in the order of running, one a line, for people.
  std::string text() const;
  size_t weight_bytes() const;

  struct State;
  const State& state() const { return *state_; }

 private:
  explicit Plan(std::unique_ptr<const State> state);
  std::unique_ptr<const State> state_;
};

class PlanStream {
 public:
  PlanStream(std::shared_ptr<const Plan> plan, ComputeContext& context);
  ~PlanStream();
  PlanStream(PlanStream&&) noexcept;
  PlanStream& operator=(PlanStream&&) noexcept;

  /// [frames x channels] of the only input; at most max_chunk() units, and whole ones.
  void accept(std::span<const float> rows);
  /// The same number of units of every input.
  void accept(std::span<const std::span<const float>> inputs);
  /// The end of the input: computes what is left. Then only reset() may follow.
  void finish();
  /// Back to the beginning.
  void reset();

  /// What the last call of accept() or finish() computed.
  PlanRows output(int output = 0) const;
  const Plan& plan() const { return *plan_; }

 private:
  struct Memory;

  std::shared_ptr<const Plan> plan_;
  std::unique_ptr<Memory> memory_;
};

/// All of an utterance at once, in chunks: [frames x channels] in, the first output out.
Tensor run_plan(const std::shared_ptr<const Plan>& plan, ComputeContext& context,
                std::span<const float> rows);

}  // namespace bivox
