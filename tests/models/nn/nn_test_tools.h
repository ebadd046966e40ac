// Shared by the tests of the engine: random tensors, finite differences, golden tensors.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "models/nn/ops.h"
#include "models/nn/tape.h"
#include "models/nn/tensor.h"

namespace bivox::nn_test {

inline Tensor random_tensor(const Shape& shape, uint32_t seed, float scale = 1.0F) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> normal(0.0F, scale);
  Tensor tensor = Tensor::uninitialized(shape);
  for (float& x : tensor.values()) x = normal(bits);
  return tensor;
}

using Build = std::function<Var(Tape&, std::span<const Var>)>;

struct GradientCheck {
  float step = 1e-2F;
  float tolerance = 3e-3F;  ///< Relative to the largest slope, and absolute below 1.
  bool training = true;
  int max_elements = 60;  ///< Of each input, spread over it.
  int threads = 1;
};

/// Compares the gradient of sum(y * r), r random, with central differences, for every input.
inline void check_gradients(std::vector<Tensor> values, const Build& build,
                            const GradientCheck& check = {}) {
  ComputeContext context(check.threads);
  Tensor direction;
  const auto evaluate = [&](std::vector<Tensor>* gradients) {
    Tape tape(context, check.training);
    tape.set_random_seed(7);
    std::vector<Var> inputs;
    for (const Tensor& value : values) inputs.push_back(tape.input(value.clone()));
    const Var y = build(tape, inputs);
    if (direction.empty()) direction = random_tensor(y.shape(), 99);
    double total = 0.0;
    for (int64_t i = 0; i < y.value().size(); ++i) {
      total += double{y.value()[i]} * double{direction[i]};
    }
    if (gradients != nullptr) {
      tape.backward(sum(multiply(y, tape.constant(direction.clone()))));
      for (const Var input : inputs) gradients->push_back(tape.gradient(input).clone());
    }
    return total;
  };
  std::vector<Tensor> gradients;
  evaluate(&gradients);
  for (size_t n = 0; n < values.size(); ++n) {
    float largest = 1.0F;
    for (const float g : gradients[n].values()) largest = std::max(largest, std::fabs(g));
    const int64_t stride = std::max<int64_t>(1, values[n].size() / check.max_elements);
    for (int64_t i = 0; i < values[n].size(); i += stride) {
      const float kept = values[n][i];
      values[n][i] = kept + check.step;
      const double above = evaluate(nullptr);
      values[n][i] = kept - check.step;
      const double below = evaluate(nullptr);
      values[n][i] = kept;
      const double slope = (above - below) / (2.0 * double{check.step});
      ASSERT_NEAR(gradients[n][i], slope, check.tolerance * largest)
          << "input " << n << ", element " << i;
    }
  }
}

/// {"shape": [...], "values": [...]} of a golden file.
inline Tensor golden_tensor(const nlohmann::json& json) {
  const auto dims = json.at("shape").get<std::vector<int64_t>>();
  const auto values = json.at("values").get<std::vector<float>>();
  Shape shape;
  if (dims.size() == 1) shape = {dims[0]};
  if (dims.size() == 2) shape = {dims[0], dims[1]};
  if (dims.size() == 3) shape = {dims[0], dims[1], dims[2]};
  return Tensor::from(shape, values);
}

/// tests/data/nn/<name>; see its README for the commands that made it.
inline nlohmann::json golden_file(const std::string& name) {
  std::ifstream in(std::string(BIVOX_TEST_DATA) + "/nn/" + name);
  EXPECT_TRUE(in.good()) << name;
  return nlohmann::json::parse(in);
}

inline void expect_close(const Tensor& found, const Tensor& expected, float tolerance,
                         const std::string& what) {
  ASSERT_EQ(found.size(), expected.size()) << what;
  for (int64_t i = 0; i < found.size(); ++i) {
    ASSERT_NEAR(found[i], expected[i], tolerance * std::max(1.0F, std::fabs(expected[i])))
        << what << ", element " << i;
  }
}

}  // namespace bivox::nn_test
