// Where the rows of a plan lie: how long they are needed, and so how much room each step wants.
//
// How many rows a step has kept after n units is periodic in n once the stream has run for as long
// as it looks back, so running the clock through the beginning and two periods finds the most there
// will ever be.
#include <fmt/format.h>

#include <algorithm>

#include "dsp/core/error.h"
#include "models/nn/plan_state.h"

namespace bivox {
namespace {

constexpr int64_t kMaxMemoryFloats = int64_t{1} << 31;
constexpr int64_t kAlignmentFloats = Tensor::kAlignment / sizeof(float);

[[noreturn]] void fail(const std::string& node, const std::string& what) {
  throw Error(ErrorCode::kModel, fmt::format("network node \"{}\": {}", node, what));
}

class Layout {
 public:
  explicit Layout(Plan::State& state) : state_(state) {}
  void run();

 private:
  int64_t horizon() const;
  void measure(const PlanClock& before, std::vector<int64_t>& most_kept,
               std::vector<int64_t>& most_rows, int64_t units, bool finished);
  void place_buffers();

  Plan::State& state_;
  PlanClock measured_;
};

// Units after which a stream has reached its steady pattern.
int64_t Layout::horizon() const {
  double longest = 0.0;
  std::vector<double> reach(state_.steps.size(), 0.0);
  for (size_t i = 0; i < state_.steps.size(); ++i) {
    const PlanStep& step = state_.steps[i];
    double own = 0.0;
    if (step.op == Op::kConv1d) {
      const Conv1dGeometry& g = step.geometry;
      own = static_cast<double>(g.dilation) * (g.kernel - 1) + g.pad_left + g.pad_right + g.stride;
    } else if (step.op == Op::kConvTranspose) {
      own = step.up_taps() + 2.0;
    }
    std::vector<int> sources = step.inputs;
    if (step.residual >= 0) sources.push_back(step.residual);
    for (const int input : sources) {
      const auto source = static_cast<size_t>(input);
      const double rate = static_cast<double>(state_.rates[source].first) /
                          static_cast<double>(state_.rates[source].second);
      reach[i] = std::max(reach[i], reach[source] + own / rate + 1.0);
    }
    longest = std::max(longest, reach[i]);
  }
  if (longest > static_cast<double>(Plan::kMaxContextUnits)) {
    throw Error(ErrorCode::kModel,
                fmt::format("the network looks {:.0f} frames back and ahead; a plan streams at "
                            "most {}",
                            longest, Plan::kMaxContextUnits));
  }
  return static_cast<int64_t>(longest) + 2 * state_.period + 2;
}

// What a call from `before` to `units` (or the end) takes of each buffer.
void Layout::measure(const PlanClock& before, std::vector<int64_t>& most_kept,
                     std::vector<int64_t>& most_rows, int64_t units, bool finished) {
  PlanClock& after = measured_;
  after = before;
  advance_clock(state_, units, finished, after);
  for (size_t i = 0; i < state_.steps.size(); ++i) {
    const PlanStep& step = state_.steps[i];
    int64_t end = after.rows[i] + (finished ? step.pad_right : 0);
    if (step.op == Op::kConvTranspose) {
      end = std::max(end, after.position[i] * step.geometry.stride - step.up_pad());
    }
    const int64_t kept = std::max(plan_kept_from(state_, i, before), step.start);
    most_kept[i] = std::max(most_kept[i], before.rows[i] - kept);
    most_rows[i] = std::max(most_rows[i], end - kept);
  }
}

void Layout::run() {
  auto& steps = state_.steps;
  PlanClock clock;
  clock.rows.assign(steps.size(), 0);
  clock.position.assign(steps.size(), 0);
  std::vector<int64_t> kept(steps.size(), 0);
  std::vector<int64_t> rows(steps.size(), 0);
  const int64_t last = horizon();
  for (int64_t units = 0; units <= last; ++units) {
    advance_clock(state_, units, false, clock);
    measure(clock, kept, rows, units + state_.options.max_chunk, false);
    measure(clock, kept, rows, units, true);
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    PlanStep& step = steps[i];
    // The first call starts with the zeros before the stream.
    step.transient = kept[i] == 0 && step.start == 0;
    // Rows to keep are moved to the front when the end is reached: with as much room again, every
    // row is moved about once.
    step.capacity = rows[i] + (step.transient ? 0 : kept[i]);
  }
  place_buffers();
}

// Buffers that live on get places of their own; transient ones share, first fit by lifetime.
void Layout::place_buffers() {
  auto& steps = state_.steps;
  struct Block {
    int64_t begin;
    int64_t end;
    size_t last_step;
  };
  std::vector<Block> shared;
  int64_t own_end = 0;
  int64_t shared_end = 0;
  const auto floats = [](const PlanStep& step) {
    // A row more than there are: kernels may read a vector beyond the last element.
    const double size = static_cast<double>(step.capacity + 1) * step.channels;
    if (size > static_cast<double>(kMaxMemoryFloats)) {
      fail(step.name, "takes more memory than a stream may have");
    }
    const int64_t exact = (step.capacity + 1) * step.channels;
    return (exact + kAlignmentFloats - 1) / kAlignmentFloats * kAlignmentFloats;
  };
  for (PlanStep& step : steps) {
    if (step.transient) continue;
    step.place = own_end;
    own_end += floats(step);
  }
  for (size_t i = 0; i < steps.size(); ++i) {
    PlanStep& step = steps[i];
    if (!step.transient) continue;
    size_t last_step = step.is_output ? steps.size() : i;
    for (const PlanStep::Reader& reader : step.readers) {
      last_step = std::max(last_step, static_cast<size_t>(reader.step));
    }
    std::erase_if(shared, [i](const Block& block) { return block.last_step < i; });
    std::sort(shared.begin(), shared.end(),
              [](const Block& a, const Block& b) { return a.begin < b.begin; });
    const int64_t size = floats(step);
    int64_t place = 0;
    for (const Block& block : shared) {
      if (place + size <= block.begin) break;
      place = std::max(place, block.end);
    }
    shared.push_back({place, place + size, last_step});
    step.place = place;
    shared_end = std::max(shared_end, place + size);
  }
  for (PlanStep& step : steps) {
    if (step.transient) step.place += own_end;
  }
  state_.memory_floats = own_end + shared_end;
  if (state_.memory_floats > kMaxMemoryFloats) {
    fail(steps.back().name, "the network takes more memory than a stream may have");
  }
}

}  // namespace

void lay_out_plan(Plan::State& state) { Layout(state).run(); }

}  // namespace bivox
