#include "models/nn/optimizer.h"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>

#include "dsp/core/error.h"

namespace bivox {
namespace {

nlohmann::json golden() {
  std::ifstream file(std::string(BIVOX_TEST_DATA) + "/nn/optimizer_golden.json");
  return nlohmann::json::parse(file);
}

using Parameters = std::vector<std::unique_ptr<Parameter>>;

Tensor vector_of(const nlohmann::json& values) {
  const auto numbers = values.get<std::vector<float>>();
  return Tensor::from({static_cast<int64_t>(numbers.size())}, numbers);
}

// The gradient of sum (w scale - target)^2, which the golden run descends along, times `factor`.
void set_gradient(Parameter& w, const Tensor& scale, const Tensor& target, float factor) {
  for (int64_t i = 0; i < w.value.size(); ++i) {
    w.gradient[i] = factor * 2.0F * scale[i] * (w.value[i] * scale[i] - target[i]);
  }
}

void expect_golden(const std::string& name, const OptimizerOptions& options, double rate,
                   double clip = 0.0) {
  SCOPED_TRACE(name);
  const nlohmann::json run = golden()[name];
  Parameters parameters;
  parameters.push_back(std::make_unique<Parameter>("w", vector_of(run["start"])));
  Parameter& w = *parameters.front();
  const Tensor scale = vector_of(run["scale"]);
  const Tensor target = vector_of(run["target"]);
  ComputeContext context;
  Optimizer optimizer(options, parameters);
  size_t kept = 0;
  for (int step = 1; step <= 20; ++step) {
    set_gradient(w, scale, target, 4.0F);  // the scale of a quarter brings it back
    const double norm = gradient_norm(context, parameters) * 0.25;
    if (clip > 0.0) {
      EXPECT_NEAR(norm, run["norms"][static_cast<size_t>(step - 1)].get<double>(), 1e-5 * norm);
    }
    optimizer.step(context, rate, 0.25 * clip_factor(norm, clip));
    if (step != run["steps"][kept].get<int>()) continue;
    const Tensor expected = vector_of(run["weights"][kept++]);
    for (int64_t i = 0; i < expected.size(); ++i) {
      ASSERT_NEAR(w.value[i], expected[i], 2e-6) << "step " << step << ", weight " << i;
    }
  }
  EXPECT_EQ(kept, run["steps"].size());
}

OptimizerOptions sgd(float momentum, float decay, bool nesterov) {
  OptimizerOptions options;
  options.kind = OptimizerKind::kSgd;
  options.momentum = momentum;
  options.weight_decay = decay;
  options.nesterov = nesterov;
  return options;
}

TEST(Optimizer, StepsAsPyTorchDoes) {
  expect_golden("sgd", sgd(0.0F, 0.0F, false), 0.05);
  expect_golden("momentum", sgd(0.9F, 0.01F, false), 0.02);
  expect_golden("nesterov", sgd(0.9F, 0.0F, true), 0.02);
  expect_golden("clipped", sgd(0.0F, 0.0F, false), 0.05, 2.0);
  OptimizerOptions adam;
  adam.beta2 = 0.98F;
  adam.weight_decay = 0.1F;
  expect_golden("adamw", adam, 0.05);
}

Parameters some_parameters() {
  Parameters parameters;
  for (const int64_t size : {1, 70001, 33}) {
    auto parameter = std::make_unique<Parameter>("p" + std::to_string(size), Tensor({size}));
    for (int64_t i = 0; i < size; ++i) {
      parameter->value[i] = std::sin(static_cast<float>(i));
      parameter->gradient[i] = std::cos(static_cast<float>(3 * i));
    }
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

void expect_same(const Parameters& a, const Parameters& b) {
  for (size_t p = 0; p < a.size(); ++p) {
    for (int64_t i = 0; i < a[p]->value.size(); ++i) {
      ASSERT_EQ(a[p]->value[i], b[p]->value[i]) << a[p]->name << " " << i;
    }
  }
}

TEST(Optimizer, ThreadsChangeNothing) {
  Parameters one = some_parameters();
  Parameters three = some_parameters();
  ComputeContext context1(1);
  ComputeContext context3(3);
  Optimizer optimizer1({}, one);
  Optimizer optimizer3({}, three);
  for (int step = 0; step < 3; ++step) {
    optimizer1.step(context1, 0.01);
    optimizer3.step(context3, 0.01);
  }
  expect_same(one, three);
  EXPECT_EQ(gradient_norm(context1, one), gradient_norm(context3, three));
}

TEST(Optimizer, DecaysWhatDecaysAndLeavesTheRest) {
  for (const OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kAdamW}) {
    Parameters parameters;
    for (const char* name : {"decays", "does not", "frozen"}) {
      parameters.push_back(std::make_unique<Parameter>(name, Tensor::filled({5}, 2.0F)));
    }
    parameters[1]->decay = false;
    parameters[2]->trainable = false;
    parameters[2]->gradient.fill(1.0F);
    OptimizerOptions options;
    options.kind = kind;
    options.momentum = 0.0F;
    options.weight_decay = 0.5F;
    ComputeContext context;
    Optimizer optimizer(options, parameters);
    optimizer.step(context, 0.1);  // gradients are zero
    EXPECT_FLOAT_EQ(parameters[0]->value[4], 2.0F * (1.0F - 0.1F * 0.5F));
    EXPECT_EQ(parameters[1]->value[4], 2.0F);
    EXPECT_EQ(parameters[2]->value[4], 2.0F);
    EXPECT_EQ(gradient_norm(context, parameters), 0.0);  // the frozen one does not count
  }
}

TEST(Optimizer, GoesOnFromASavedState) {
  for (const OptimizerKind kind : {OptimizerKind::kSgd, OptimizerKind::kAdamW}) {
    OptimizerOptions options;
    options.kind = kind;
    ComputeContext context;
    Parameters straight = some_parameters();
    Optimizer optimizer(options, straight);
    optimizer.step(context, 0.01);
    optimizer.step(context, 0.01);
    TrainingState state;
    optimizer.save(state);
    Parameters resumed = some_parameters();
    for (size_t p = 0; p < resumed.size(); ++p) resumed[p]->value = straight[p]->value.clone();
    Optimizer other(options, resumed);
    other.load(state);
    EXPECT_EQ(other.steps(), 2);
    optimizer.step(context, 0.01);
    other.step(context, 0.01);
    expect_same(straight, resumed);
    state.tensors.erase("optimizer/first/p33");
    EXPECT_THROW(other.load(state), Error);
  }
}

TEST(Optimizer, RefusesOptionsOutOfRange) {
  OptimizerOptions options;
  options.beta2 = 1.0F;
  EXPECT_THROW(Optimizer(options, {}), Error);
  options = {};
  options.weight_decay = -0.1F;
  EXPECT_THROW(Optimizer(options, {}), Error);
  options = {};
  options.epsilon = std::nanf("");
  EXPECT_THROW(Optimizer(options, {}), Error);
}

}  // namespace
}  // namespace bivox
