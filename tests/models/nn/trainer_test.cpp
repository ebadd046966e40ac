#include "models/nn/trainer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "models/nn/ops.h"
#include "tests/models/nn/synthetic_task.h"

namespace bivox {
namespace {

TrainerOptions quick_options(int64_t steps) {
  TrainerOptions options;
  options.schedule.kind = ScheduleKind::kOneCycle;
  options.schedule.peak = 0.01;
  options.schedule.warmup_steps = steps / 5;
  options.schedule.total_steps = steps;
  options.average = {AverageKind::kExponential, 0.98, 1};
  return options;
}

DataLoaderOptions batches_of(int examples) {
  DataLoaderOptions options;
  options.max_examples = examples;
  return options;
}

TEST(Trainer, LearnsASyntheticTask) {
  constexpr int kSteps = 150;
  Network net = synthetic::network(3);
  ComputeContext context(2);
  const double before = synthetic::accuracy(net, context, 1000, 60);
  Trainer trainer(context, net.parameters(), quick_options(kSteps));
  DataLoader loader(batches_of(16), synthetic::lengths(300), synthetic::example);
  double first = 0.0;
  StepReport report;
  for (int step = 0; step < kSteps; ++step) {
    TrainingBatch batch = loader.next();
    report = trainer.step([&](Tape& tape) { return synthetic::loss(net, tape, batch); });
    ASSERT_FALSE(report.skipped);
    if (step == 0) first = report.loss;
  }
  EXPECT_EQ(report.step, kSteps);
  EXPECT_NEAR(first, std::log(3.0), 0.7);  // it knows nothing at first
  EXPECT_LT(report.loss, 0.5 * first);
  trainer.average().swap();
  const double after = synthetic::accuracy(net, context, 1000, 60);
  EXPECT_LT(before, 0.6);
  EXPECT_GT(after, 0.85);
}

TEST(Trainer, ThreadsChangeNothing) {
  std::vector<double> losses[2];
  for (const int threads : {1, 3}) {
    Network net = synthetic::network(3);
    ComputeContext context(threads);
    Trainer trainer(context, net.parameters(), quick_options(10));
    DataLoader loader(batches_of(8), synthetic::lengths(60), synthetic::example);
    for (int step = 0; step < 10; ++step) {
      TrainingBatch batch = loader.next();
      losses[threads == 1 ? 0 : 1].push_back(
          trainer.step([&](Tape& tape) { return synthetic::loss(net, tape, batch); }).loss);
    }
  }
  EXPECT_EQ(losses[0], losses[1]);
}

TEST(Trainer, SkipsAGradientThatIsNotFinite) {
  Network net = synthetic::network(3);
  ComputeContext context;
  Trainer trainer(context, net.parameters(), quick_options(10));
  std::vector<Tensor> before;
  for (const auto& parameter : net.parameters()) before.push_back(parameter->value.clone());
  TrainingExample example = synthetic::example(0, 1);
  example.streams[0][5] = std::numeric_limits<float>::quiet_NaN();
  std::vector<TrainingExample> examples;
  examples.push_back(std::move(example));
  TrainingBatch batch = pad_examples(std::move(examples));
  const StepReport report =
      trainer.step([&](Tape& tape) { return synthetic::loss(net, tape, batch); });
  EXPECT_TRUE(report.skipped);
  EXPECT_EQ(report.step, 1);
  // Running statistics too, which the forward pass had moved.
  for (size_t p = 0; p < before.size(); ++p) {
    const Parameter& after = net.parameter(static_cast<int>(p));
    for (int64_t i = 0; i < before[p].size(); ++i) {
      ASSERT_EQ(after.value[i], before[p][i]) << after.name;
    }
  }
}

TEST(Trainer, ClipsTheMeanGradient) {
  // One weight w, loss sum = 30 w over 3: the mean's gradient is 10, clipped to 2.
  std::vector<std::unique_ptr<Parameter>> parameters;
  parameters.push_back(std::make_unique<Parameter>("w", Tensor::filled({1, 1, 1}, 1.0F)));
  TrainerOptions options;
  options.optimizer.kind = OptimizerKind::kSgd;
  options.optimizer.momentum = 0.0F;
  options.optimizer.weight_decay = 0.0F;
  options.schedule.kind = ScheduleKind::kConstant;
  options.schedule.peak = 0.1;
  options.max_gradient_norm = 2.0;
  ComputeContext context;
  Trainer trainer(context, parameters, options);
  const StepReport report = trainer.step([&](Tape& tape) {
    return SummedLoss{sum(scale(tape.parameter(*parameters[0]), 30.0F)), 3.0};
  });
  EXPECT_NEAR(report.loss, 10.0, 1e-6);
  EXPECT_NEAR(report.gradient_norm, 10.0, 1e-6);
  EXPECT_NEAR(parameters[0]->value[0], 1.0 - 0.1 * 2.0, 1e-6);
}

}  // namespace
}  // namespace bivox
