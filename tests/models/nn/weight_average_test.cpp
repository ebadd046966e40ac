#include "models/nn/weight_average.h"

#include <gtest/gtest.h>

#include "dsp/core/error.h"

namespace bivox {
namespace {

using Parameters = std::vector<std::unique_ptr<Parameter>>;

Parameters one_parameter() {
  Parameters parameters;
  parameters.push_back(std::make_unique<Parameter>("w", Tensor({19})));
  return parameters;
}

TEST(WeightAverage, ExponentialFollowsItsFormula) {
  Parameters parameters = one_parameter();
  ComputeContext context;
  WeightAverage average({AverageKind::kExponential, 0.5, 1}, parameters);
  double expected = 0.0;
  for (int n = 0; n < 30; ++n) {
    const auto w = static_cast<float>(n % 7);
    parameters[0]->value.fill(w);
    average.update(context);
    const double decay = n == 0 ? 0.0 : std::min(0.5, (1.0 + n) / (10.0 + n));
    expected += (1.0 - decay) * (static_cast<double>(w) - expected);
  }
  average.swap();
  EXPECT_NEAR(parameters[0]->value[18], expected, 1e-6);
  average.swap();
  EXPECT_EQ(parameters[0]->value[18], static_cast<float>(29 % 7));
}

TEST(WeightAverage, LastAveragesTheLast) {
  Parameters parameters = one_parameter();
  ComputeContext context;
  WeightAverage average({AverageKind::kLast, 0.0, 3}, parameters);
  average.swap();
  EXPECT_FALSE(average.swapped());  // nothing to exchange yet
  for (const float w : {100.0F, 1.0F, 2.0F, 6.0F}) {
    parameters[0]->value.fill(w);
    average.update(context);
  }
  average.swap();
  EXPECT_FLOAT_EQ(parameters[0]->value[0], 3.0F);
  average.swap();
  EXPECT_FLOAT_EQ(parameters[0]->value[0], 6.0F);
}

TEST(WeightAverage, GoesOnFromASavedState) {
  for (const auto kind : {AverageKind::kNone, AverageKind::kExponential, AverageKind::kLast}) {
    Parameters parameters = one_parameter();
    ComputeContext context;
    const WeightAverageOptions options = {kind, 0.9, 3};
    WeightAverage average(options, parameters);
    for (const float w : {5.0F, 3.0F, 4.0F, 8.0F}) {
      parameters[0]->value.fill(w);
      average.update(context);
    }
    TrainingState state;
    average.save(state);
    Parameters again = one_parameter();
    WeightAverage resumed(options, again);
    resumed.load(state);
    for (Parameters* side : {&parameters, &again}) (*side)[0]->value.fill(2.0F);
    average.update(context);
    resumed.update(context);
    average.swap();
    resumed.swap();
    EXPECT_EQ(parameters[0]->value[7], again[0]->value[7]);
  }
}

TEST(WeightAverage, RefusesOptionsOutOfRange) {
  EXPECT_THROW(WeightAverage({AverageKind::kExponential, 1.0, 1}, {}), Error);
  EXPECT_THROW(WeightAverage({AverageKind::kLast, 0.5, 0}, {}), Error);
}

}  // namespace
}  // namespace bivox
