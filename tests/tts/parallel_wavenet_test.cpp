#include "tts/vocoder/parallel_wavenet.h"

#include <gtest/gtest.h>

#include "dsp/core/error.h"
#include "dsp/core/random.h"
#include "models/nn/plan.h"

namespace bivox {
namespace {

ParallelWaveNetOptions small() {
  ParallelWaveNetOptions options;
  options.layers = 6;
  options.cycle = 3;
  options.channels = 16;
  options.condition = 8;
  return options;
}

// Random weights everywhere, so that every path matters.
Network random_network(const ParallelWaveNetOptions& options) {
  Network network = parallel_wavenet_network(options);
  network.initialize(5);
  return network;
}

Tensor random_rows(const ParallelWaveNetOptions& options, int64_t rows) {
  Random random(9);
  Tensor x({1, rows, options.input_columns()});
  for (float& value : x.values()) value = static_cast<float>(0.3 * random.gaussian());
  return x;
}

Tensor run(Network& network, Tensor rows) {
  ComputeContext context;
  Tape tape(context);
  const Var inputs[] = {tape.constant(std::move(rows))};
  return network.forward(tape, inputs)[0].value().clone();
}

TEST(ParallelWaveNet, StartsAsTheSourceFilter) {
  const ParallelWaveNetOptions options = small();
  Network network = parallel_wavenet_network(options);
  initialize_parallel_wavenet(network, 1);
  const Tensor rows = random_rows(options, 50);
  const Tensor y = run(network, rows.clone());
  ASSERT_EQ(y.shape(), Shape({1, 50, options.fold}));
  for (int64_t t = 0; t < 50; ++t) {
    for (int64_t n = 0; n < options.fold; ++n) {
      ASSERT_EQ(y[t * options.fold + n], rows[t * options.input_columns() + n]);
    }
  }
}

// Whatever the features ask for, the network adds nothing to silence.
TEST(ParallelWaveNet, SilenceStaysSilent) {
  const ParallelWaveNetOptions options = small();
  Network network = random_network(options);
  for (const auto& parameter : network.parameters()) {
    for (float& value : parameter->value.values()) value += 0.01F;  // biases too
  }
  Tensor rows = random_rows(options, 50);
  for (int64_t t = 0; t < 50; ++t) {
    for (int n = 0; n < options.fold; ++n) rows[t * options.input_columns() + n] = 0.0F;
  }
  const Tensor y = run(network, std::move(rows));
  for (int64_t i = 0; i < y.size(); ++i) ASSERT_EQ(y[i], 0.0F) << i;
}

// An impulse in the audio of row 60 changes that row and rows after it, as far as the receptive
// field reaches, and no row before.
TEST(ParallelWaveNet, IsCausalAndSeesItsReceptiveField) {
  const ParallelWaveNetOptions options = small();
  Network network = random_network(options);
  const int64_t length = 120;
  const Tensor before = run(network, random_rows(options, length));
  const int64_t reach = options.receptive_field() / options.fold;
  ASSERT_EQ(reach, 2 + 2 * 2 * (1 + 2 + 4));
  for (int part = 0; part < 3; ++part) {
    Tensor rows = random_rows(options, length);
    rows[60 * options.input_columns() + part * options.fold + 3] += 1.0F;
    const Tensor after = run(network, std::move(rows));
    bool first_changed = false;
    bool last_changed = false;
    // The excitation goes to the gates alone, and so not through the filter of the first layer.
    const int64_t far = part == 0 ? reach : reach - 2;
    for (int64_t t = 0; t < length; ++t) {
      for (int64_t n = 0; n < options.fold; ++n) {
        const bool same = before[t * options.fold + n] == after[t * options.fold + n];
        if (t < 60 || t > 60 + far) {
          ASSERT_TRUE(same) << part << ", row " << t;
        }
        first_changed |= t == 60 && !same;
        last_changed |= t == 60 + far && !same;
      }
    }
    EXPECT_TRUE(first_changed);
    EXPECT_TRUE(last_changed);
  }
}

TEST(ParallelWaveNet, FeaturesAreSeenHalfAFrameAhead) {
  const ParallelWaveNetOptions options = small();
  Network network = random_network(options);
  const Tensor before = run(network, random_rows(options, 120));
  Tensor rows = random_rows(options, 120);
  for (int c = 0; c < options.feature_columns; ++c) {
    rows[60 * options.input_columns() + 3 * options.fold + c] += 1.0F;
  }
  const Tensor after = run(network, std::move(rows));
  const int64_t ahead = options.rows_per_frame() / 2;
  bool changed = false;
  for (int64_t t = 0; t <= 60 - ahead; ++t) {
    for (int64_t n = 0; n < options.fold; ++n) {
      const bool same = before[t * options.fold + n] == after[t * options.fold + n];
      if (t < 60 - ahead) {
        ASSERT_TRUE(same) << t;
      }
      changed |= !same;
    }
  }
  EXPECT_TRUE(changed);
}

TEST(ParallelWaveNet, PlansGiveTheSame) {
  const ParallelWaveNetOptions options = small();
  Network network = random_network(options);
  const Tensor rows = random_rows(options, 100);
  const Tensor expected = run(network, rows.clone());
  ComputeContext context;
  const auto plan = Plan::compile(network, {.max_chunk = 20});
  const Tensor found = run_plan(plan, context, rows.values());
  ASSERT_EQ(found.size(), expected.size());
  for (int64_t i = 0; i < expected.size(); ++i) ASSERT_NEAR(found[i], expected[i], 1e-4F);
}

TEST(ParallelWaveNet, OptionsSurviveJsonAndAreChecked) {
  ParallelWaveNetOptions options = small();
  const ParallelWaveNetOptions same =
      parse_parallel_wavenet_options(parallel_wavenet_options_json(options), "here");
  EXPECT_EQ(parallel_wavenet_options_json(same), parallel_wavenet_options_json(options));
  options.fold = 7;
  EXPECT_THROW(parallel_wavenet_network(options), Error);
  options.fold = 8;
  options.layers = 0;
  EXPECT_THROW(parallel_wavenet_network(options), Error);
  EXPECT_THROW(parse_parallel_wavenet_options("{\"fold\": 8}", "here"), Error);
  EXPECT_THROW(parse_parallel_wavenet_options("not json", "here"), Error);
}

}  // namespace
}  // namespace bivox
