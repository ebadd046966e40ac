#include "models/nn/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "dsp/core/error.h"
#include "models/nn/plan_state.h"
#include "tests/models/nn/allocation_counter.h"

namespace bivox {
namespace {

using ::testing::HasSubstr;

Conv1dGeometry geometry(int inputs, int outputs, int kernel, int left, int right, int stride = 1,
                        int dilation = 1, int groups = 1) {
  return {inputs, outputs, kernel, stride, dilation, left, right, groups};
}

std::vector<float> noise(size_t count, uint32_t seed) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> normal;
  std::vector<float> values(count);
  for (float& value : values) value = normal(bits);
  return values;
}

// Weights, and running statistics that are not those of a new network.
void set_weights(Network& network) {
  network.initialize(11);
  uint32_t seed = 1;
  for (const auto& parameter : network.parameters()) {
    const std::string role = parameter->name.substr(parameter->name.rfind('.') + 1);
    if (role == "weight") continue;
    const auto values = noise(static_cast<size_t>(parameter->value.size()), ++seed);
    for (int64_t i = 0; i < parameter->value.size(); ++i) {
      const float value = 0.3F * values[static_cast<size_t>(i)];
      parameter->value[i] = role == "variance" || role == "gain" ? 1.0F + std::abs(value) : value;
    }
  }
}

struct Case {
  std::string name;
  std::function<void(Network&)> build;
  int frames = 61;
  std::vector<int> units = {1};  ///< Input frames a unit.
};

std::ostream& operator<<(std::ostream& out, const Case& c) { return out << c.name; }

std::vector<Case> cases() {
  return {
      {"centred",
       [](Network& n) {
         const NodeId x = n.input("x", 5);
         const NodeId c = n.conv1d("c", x, geometry(5, 8, 5, 2, 2));
         n.output(n.conv1d("d", n.relu("r", n.batch_norm("bn", c)), geometry(8, 3, 3, 1, 1)));
       }},
      {"causal_dilated_gated_residual_and_skip",
       [](Network& n) {
         NodeId x = n.linear("in", n.input("x", 2), 6);
         std::vector<NodeId> skips;
         for (int layer = 0; layer < 4; ++layer) {
           const std::string name = std::to_string(layer);
           const int d = 1 << layer;
           const NodeId a = n.conv1d("a" + name, x, geometry(6, 12, 2, d, 0, 1, d));
           const NodeId g = n.gate("g" + name, a);
           skips.push_back(n.linear("s" + name, g, 7));
           x = n.add("x" + name, {x, n.linear("r" + name, g, 6)});
         }
         n.output(n.linear("out", n.relu("relu", n.add("sum", skips)), 4));
         n.output(x);
       }},
      {"residual_ahead_of_its_branch",
       [](Network& n) {
         const NodeId x = n.input("x", 4);
         const NodeId c = n.conv1d("c", x, geometry(4, 4, 7, 3, 3));
         const NodeId d = n.conv1d("d", n.relu("r", c), geometry(4, 4, 5, 4, 4, 1, 2));
         n.output(n.relu("r2", n.add("sum", {n.scale("half", d, 0.5F), x})));
       }},
      {"strides_and_repeats",
       [](Network& n) {
         const NodeId x = n.input("x", 3);
         const NodeId c = n.conv1d("c", x, geometry(3, 6, 3, 1, 1, 2));
         const NodeId d = n.conv1d("d", n.glu("g", c), geometry(3, 4, 4, 1, 2, 3));
         n.output(n.conv1d("e", n.repeat("rep", d, 4), geometry(4, 2, 3, 1, 1)));
         n.output(d);
       }},
      {"upsampling",
       [](Network& n) {
         const NodeId x = n.input("x", 3);
         const NodeId u = n.conv_transpose("u", n.tanh("t", x), 4, 8, 4);
         const NodeId v = n.conv_transpose("v", n.relu("r", u), 2, 5, 2);
         n.output(n.conv1d("c", v, geometry(2, 2, 3, 1, 1)));
         n.output(u);
       },
       19},
      {"upsampling_odd_kernel_then_stride",
       [](Network& n) {
         const NodeId x = n.input("x", 2);
         const NodeId u = n.conv_transpose("u", x, 3, 9, 3);
         n.output(n.conv1d("c", u, geometry(3, 2, 5, 2, 2, 3)));
       },
       20},
      {"norms_slices_concats",
       [](Network& n) {
         const NodeId x = n.input("x", 6);
         const NodeId l = n.layer_norm("ln", x);
         const NodeId b = n.batch_norm("bn", n.relu("r", l));
         const NodeId a = n.slice("front", b, 0, 2);
         const NodeId s = n.sigmoid("s", n.slice("back", l, 3, 3));
         const NodeId c = n.conv1d("c", n.concat("cat", {a, s, x}), geometry(11, 3, 3, 0, 2));
         n.output(n.dropout("drop", c, 0.5F));
         n.output(x);
         n.output(n.add("twice", {c, c}));
       }},
      {"groups",
       [](Network& n) {
         const NodeId x = n.input("x", 8);
         const NodeId c = n.conv1d("c", x, geometry(8, 12, 3, 1, 1, 1, 1, 4), false);
         n.output(n.linear("l", n.relu("r", c), 5));
       }},
      {"embedding",
       [](Network& n) {
         const NodeId x = n.input("x", 1);
         const NodeId e = n.embedding("e", n.relu("r", x), 9, 4);
         n.output(n.conv1d("c", e, geometry(4, 3, 3, 1, 1)));
       }},
      {"two_rates",
       [](Network& n) {
         const NodeId audio = n.input("audio", 1);
         const NodeId mel = n.input("mel", 4);
         const NodeId up = n.repeat("up", n.conv1d("m", mel, geometry(4, 6, 3, 1, 1)), 5);
         const NodeId a = n.conv1d("a", audio, geometry(1, 6, 3, 2, 0));
         n.output(n.linear("out", n.gate("g", n.add("sum", {a, up})), 2));
       },
       20,
       {5, 1}},
  };
}

using Rows = std::vector<std::vector<float>>;  // of every output

class PlanCase : public ::testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    GetParam().build(network_);
    set_weights(network_);
    for (size_t i = 0; i < network_.inputs().size(); ++i) {
      const auto channels = static_cast<size_t>(network_.node(network_.inputs()[i]).channels);
      const auto frames = static_cast<size_t>(GetParam().frames * GetParam().units[i]);
      inputs_.push_back(noise(frames * channels, static_cast<uint32_t>(i) + 5));
    }
  }

  Rows forward(int units) {
    Tape tape(context_);
    std::vector<Var> inputs;
    for (size_t i = 0; i < inputs_.size(); ++i) {
      const int channels = network_.node(network_.inputs()[i]).channels;
      const int frames = units * GetParam().units[i];
      inputs.push_back(tape.constant(
          Tensor::from({1, frames, channels},
                       std::span(inputs_[i]).first(static_cast<size_t>(frames * channels)))));
    }
    Rows rows;
    for (const Var& output : network_.forward(tape, inputs)) {
      const auto values = output.value().values();
      rows.emplace_back(values.begin(), values.end());
    }
    return rows;
  }

  // Units of each chunk by `next_chunk`.
  template <class Next>
  Rows stream(PlanStream& stream, int units, Next next_chunk) {
    Rows rows(network_.outputs().size());
    const auto take = [&] {
      for (size_t i = 0; i < rows.size(); ++i) {
        const auto values = stream.output(static_cast<int>(i)).values();
        rows[i].insert(rows[i].end(), values.begin(), values.end());
      }
    };
    for (int done = 0; done < units;) {
      const int chunk = std::min(next_chunk(), units - done);
      std::vector<std::span<const float>> parts;
      for (size_t i = 0; i < inputs_.size(); ++i) {
        const size_t unit = inputs_[i].size() / static_cast<size_t>(GetParam().frames);
        parts.push_back(
            std::span(inputs_[i])
                .subspan(static_cast<size_t>(done) * unit, static_cast<size_t>(chunk) * unit));
      }
      stream.accept(parts);
      take();
      done += chunk;
    }
    stream.finish();
    take();
    return rows;
  }

  Network network_;
  ComputeContext context_;
  Rows inputs_;
};

INSTANTIATE_TEST_SUITE_P(Networks, PlanCase, ::testing::ValuesIn(cases()),
                         [](const auto& param) { return param.param.name; });

TEST_P(PlanCase, GivesWhatForwardGives) {
  const auto plan = Plan::compile(network_, {.max_chunk = GetParam().frames});
  for (size_t i = 0; i < network_.inputs().size(); ++i) {
    EXPECT_EQ(plan->input_frames(static_cast<int>(i)), GetParam().units[i]);
  }
  PlanStream plan_stream(plan, context_);
  // Short utterances too: those that end before the first result.
  for (const int units : {GetParam().frames, 1, 2, 3, 5, 8}) {
    const Rows expected = forward(units);
    plan_stream.reset();
    const Rows found = stream(plan_stream, units, [&] { return units; });
    for (size_t output = 0; output < expected.size(); ++output) {
      ASSERT_EQ(found[output].size(), expected[output].size()) << "units " << units;
      for (size_t i = 0; i < expected[output].size(); ++i) {
        ASSERT_NEAR(found[output][i], expected[output][i],
                    2e-5F * (1.0F + std::abs(expected[output][i])))
            << "units " << units << " output " << output << " element " << i;
      }
    }
  }
}

TEST_P(PlanCase, GivesTheSameBitsInAnyChunking) {
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16, Precision::kInt8}) {
    const int frames = GetParam().frames;
    PlanStream whole(Plan::compile(network_, {.precision = precision, .max_chunk = frames}),
                     context_);
    const Rows expected = stream(whole, frames, [&] { return frames; });
    std::mt19937 bits(3);
    for (const int most : {1, 2, 3, 7, 16}) {
      PlanStream parts(Plan::compile(network_, {.precision = precision, .max_chunk = most}),
                       context_);
      EXPECT_EQ(stream(parts, frames, [&] { return most; }), expected) << most;
      parts.reset();
      const auto any = [&] { return static_cast<int>(bits() % (static_cast<uint32_t>(most) + 1)); };
      EXPECT_EQ(stream(parts, frames, any), expected) << most;
    }
    whole.reset();
    EXPECT_EQ(stream(whole, frames, [&] { return frames; }), expected);
  }
}

TEST_P(PlanCase, LagsByTheRightContext) {
  const auto plan = Plan::compile(network_, {.max_chunk = 1});
  const int frames = GetParam().frames;
  const Rows expected = forward(frames);
  PlanStream plan_stream(plan, context_);
  // Before finish(), everything is there but what needs the right context.
  std::vector<size_t> counts(expected.size(), 0);
  for (int unit = 0; unit < frames; ++unit) {
    std::vector<std::span<const float>> parts;
    for (const auto& input : inputs_) {
      const size_t size = input.size() / static_cast<size_t>(frames);
      parts.push_back(std::span(input).subspan(static_cast<size_t>(unit) * size, size));
    }
    plan_stream.accept(parts);
    for (size_t i = 0; i < counts.size(); ++i) {
      counts[i] += plan_stream.output(static_cast<int>(i)).values().size();
    }
  }
  for (size_t i = 0; i < counts.size(); ++i) {
    const int output = static_cast<int>(i);
    const double channels = plan->output_channels(output);
    const double missing = static_cast<double>(expected[i].size() - counts[i]) / channels;
    EXPECT_LE(missing, (plan->context(output).right + 1) * plan->output_rate(output) + 1.0);
  }
}

TEST_P(PlanCase, RunsWithoutAllocating) {
  if (!allocations_are_counted()) GTEST_SKIP() << "a sanitizer has its own allocator";
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16, Precision::kInt8}) {
    PlanStream plan_stream(Plan::compile(network_, {.precision = precision, .max_chunk = 4}),
                           context_);
    std::vector<std::vector<std::span<const float>>> chunks;
    for (int unit = 0; unit + 4 <= GetParam().frames; unit += 4) {
      std::vector<std::span<const float>> parts;
      for (const auto& input : inputs_) {
        const size_t size = input.size() / static_cast<size_t>(GetParam().frames);
        parts.push_back(std::span(input).subspan(static_cast<size_t>(unit) * size, 4 * size));
      }
      chunks.push_back(parts);
    }
    const int64_t before = allocations_so_far();
    for (int round = 0; round < 2; ++round) {
      for (const auto& chunk : chunks) plan_stream.accept(chunk);
      plan_stream.finish();
      plan_stream.reset();
    }
    EXPECT_EQ(allocations_so_far(), before);
  }
}

TEST(Plan, FoldsAndFuses) {
  Network network;
  const NodeId x = network.input("x", 4);
  const NodeId c = network.batch_norm("bn", network.conv1d("c", x, geometry(4, 4, 3, 2, 0)));
  const NodeId y = network.relu("r", network.add("sum", {x, network.dropout("d", c, 0.1F)}));
  network.output(network.scale("s", network.linear("l", y, 2), 3.0F));
  set_weights(network);
  const auto plan = Plan::compile(network, {.max_chunk = 1});
  EXPECT_EQ(plan->text(),
            "x input [5 x 4]\n"
            "c conv1d x + x relu [1 x 4] shared\n"
            "l conv1d c [1 x 2] shared\n");
  EXPECT_EQ(plan->multiply_adds_per_unit(), 4 * 4 * 3 + 4 * 2);
  EXPECT_EQ(plan->context().left, 2);
  EXPECT_EQ(plan->context().right, 0);
}

TEST(Plan, KeepsShortBuffersForDeepNetworks) {
  Network network;
  NodeId x = network.input("x", 8);
  for (int layer = 0; layer < 12; ++layer) {
    const std::string name = std::to_string(layer);
    x = network.relu("r" + name, network.linear("l" + name, x, 8));
  }
  network.output(x);
  network.initialize(1);
  // Two buffers are enough for a chain: what is read and what is written.
  const auto plan = Plan::compile(network, {.max_chunk = 16});
  EXPECT_LE(plan->state().memory_floats, 3 * (16 + 1) * 8 + 16);
}

TEST(Plan, NarrowPrecisionsStayNearFloat) {
  Network network;
  NodeId x = network.input("x", 20);
  for (int layer = 0; layer < 4; ++layer) {
    const std::string name = std::to_string(layer);
    const int inputs = network.node(x).channels;
    x = network.relu("r" + name, network.conv1d("c" + name, x, geometry(inputs, 32, 5, 2, 2)));
  }
  network.output(network.linear("out", x, 16));
  network.initialize(3);
  ComputeContext context;
  const auto rows = noise(size_t{20} * 100, 9);
  const auto run = [&](const PlanOptions& options) {
    return run_plan(Plan::compile(network, options), context, rows);
  };
  const Tensor exact = run({});
  const auto error = [&](const Tensor& found) {
    double squares = 0.0;
    double energy = 0.0;
    for (int64_t i = 0; i < exact.size(); ++i) {
      squares += std::pow(found[i] - exact[i], 2);
      energy += std::pow(exact[i], 2);
    }
    return std::sqrt(squares / energy);
  };
  const double bfloat16 = error(run({.precision = Precision::kBfloat16}));
  const double int8 = error(run({.precision = Precision::kInt8}));
  EXPECT_GT(bfloat16, 0.0);
  EXPECT_LT(bfloat16, 0.01);
  EXPECT_GT(int8, 0.0);
  EXPECT_LT(int8, 0.03);
  EXPECT_EQ(
      error(run({.precision = Precision::kInt8, .float32_nodes = {"c0", "c1", "c2", "c3", "out"}})),
      0.0);
}

// Large enough that threads share its layers.
std::shared_ptr<const Plan> wide_plan(Precision precision) {
  Network network;
  NodeId x = network.input("x", 64);
  for (int layer = 0; layer < 3; ++layer) {
    const std::string name = std::to_string(layer);
    const int inputs = network.node(x).channels;
    x = network.relu("r" + name, network.conv1d("c" + name, x, geometry(inputs, 96, 7, 3, 3)));
  }
  network.output(x);
  network.initialize(3);
  return Plan::compile(network, {.precision = precision, .max_chunk = 100});
}

TEST(Plan, GivesTheSameBitsOnAnyNumberOfThreads) {
  const auto rows = noise(size_t{64} * 230, 4);
  for (const Precision precision : {Precision::kFloat32, Precision::kBfloat16, Precision::kInt8}) {
    const auto plan = wide_plan(precision);
    ComputeContext one(1);
    ComputeContext three(3);
    const Tensor expected = run_plan(plan, one, rows);
    const Tensor found = run_plan(plan, three, rows);
    EXPECT_TRUE(std::ranges::equal(found.values(), expected.values()));
  }
}

TEST(Plan, IsSharedByStreamsOfManyThreads) {
  const auto plan = wide_plan(Precision::kFloat32);
  std::vector<Tensor> results(4);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < results.size(); ++i) {
    threads.emplace_back([&, i] {
      ComputeContext context;
      results[i] = run_plan(plan, context, noise(size_t{64} * 150, static_cast<uint32_t>(i % 2)));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(std::ranges::equal(results[0].values(), results[2].values()));
  EXPECT_TRUE(std::ranges::equal(results[1].values(), results[3].values()));
  EXPECT_FALSE(std::ranges::equal(results[0].values(), results[1].values()));
}

TEST(Plan, RefusesBranchesOfDifferentRates) {
  Network network;
  const NodeId x = network.input("x", 2);
  const NodeId c = network.conv1d("c", x, geometry(2, 2, 3, 1, 1, 2));
  network.output(network.add("sum", {x, c}));
  try {
    Plan::compile(network);
    FAIL() << "accepted";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kModel);
    EXPECT_THAT(error.message(), HasSubstr("different frame rates"));
  }
}

TEST(Plan, ChecksChunks) {
  Network network;
  network.output(network.linear("l", network.input("x", 2), 2));
  ComputeContext context;
  PlanStream stream(Plan::compile(network, {.max_chunk = 2}), context);
  const std::vector<float> rows(6, 0.0F);
  EXPECT_THROW(stream.accept(rows), std::logic_error);
  EXPECT_THROW(stream.accept(std::span(rows).first(3)), std::logic_error);
  stream.accept(std::span(rows).first(4));
  EXPECT_EQ(stream.output().frames, 2);
  stream.finish();
  EXPECT_EQ(stream.output().frames, 0);
  EXPECT_THROW(stream.accept(std::span(rows).first(2)), std::logic_error);
}

}  // namespace
}  // namespace bivox
